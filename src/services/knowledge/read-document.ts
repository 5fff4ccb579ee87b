import type { Kysely } from 'kysely'
import { isFinal } from '../../engines/engine.errors.ts'
import { type Cooldown, createCooldown, firstAble } from '../../engines/fallback.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { ParsedPage, Parser } from '../../engines/parser/parser.ts'
import { failedPage, recognisePage } from '../../engines/recognise-page.ts'
import { stems } from '../../engines/words/stems.ts'
import type { Clock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError } from '../../kernel/errors.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Events, Job } from '../../platform/events/events.ts'
import type { PageCounts } from '../city/messages.contract.ts'
import type { CollectionStore } from './collections.store.ts'
import { reindexAsked } from './knowledge.events.ts'
import type { Held, KnowledgeStore, NewPage, Tx } from './knowledge.store.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import type { Meaning } from './meaning.ts'
import { pageChunks } from './page-chunks.ts'
import { createSketch, SKETCH_CHARS } from './sketch.ts'
import type { Vectors } from './vectors.ts'

/** Tries before a document is said to have failed. */
export const ATTEMPTS = 4
/** Five hundred scanned pages take long; each page has a deadline of its own. */
export const TIMEOUT_MS = 3 * 60 * 60_000
const PAGE_MS = 2 * 60_000

export interface ReadingNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly events: Events
  readonly parser: Parser
  readonly ocr: readonly Ocr[]
  readonly meaning: Meaning
  readonly store: KnowledgeStore
  readonly collections: CollectionStore
  readonly vectors: Vectors
  readonly clock: Clock
}

/** The bytes of a document. */
export interface Original {
  readonly path: string
  readonly name: string
  readonly mime: string
}

export type ReadingJob = Pick<Job<KnowledgeTables>, 'attempt' | 'signal'>
export type ReadDocument = ReturnType<typeof createReadDocument>

/** Reads a document into pages, passages and vectors. Pages are stored one by one, so that a crash costs the page under work and no more; none of them is found before the document is finished. Answers how to finish it, in the caller's transaction. */
export function createReadDocument(needs: ReadingNeeds) {
  const { collections, events, meaning, parser, ocr, store, vectors } = needs
  const cooldown = createCooldown(needs.clock)

  /** Every page that is not in the ledger yet; in the end all of them are. */
  const readPages = async (
    document: Held,
    { path, name, mime }: Original,
    job: ReadingJob,
    report: (done: number, total: number) => void,
  ) => {
    const known = await store.knownPages(document.id)
    let total = document.total
    const tell = () => {
      if (total !== null) report(known.size, total)
    }
    const count = async (pages: number) => {
      if (total !== pages) await store.setTotal(document.id, pages)
      total = pages
    }
    const keep = async (page: NewPage, tables: ParsedPage['tables'] = []) => {
      const passages = pageChunks(page.text, tables)
      await store.addPage(
        document,
        page,
        passages.map((chunk) => ({ ...chunk, stems: stems(chunk.text) })),
      )
      known.add(page.number)
      tell()
    }
    tell()
    const parsed = await parser.parse(
      { path, key: document.sha256, mime, name },
      {
        signal: job.signal,
        skip: new Set(known),
        async onPage(page, pages) {
          await count(pages)
          if (!known.has(page.number)) await keep(await settle(ocr, cooldown, page, job), page.tables)
        },
      },
    )
    await count(parsed.total)
    for (let number = 1; number <= parsed.total; number++)
      if (!known.has(number))
        await keep({ ...failedPage(number, undefined), ...NOTHING, error: 'page.failed' })
    return { title: titleOf(parsed.title, name), total: parsed.total }
  }

  const sketchOf = async ({ id }: Held, total: number): Promise<number[] | null> => {
    const sketch = createSketch()
    let chars = 0
    for (let number = 1; number <= total && chars < SKETCH_CHARS; number++) {
      const { text = '' } = (await store.page(id, number)) ?? {}
      sketch.add(text.slice(0, SKETCH_CHARS - chars))
      chars += text.length
    }
    return sketch.done()
  }

  return async (
    document: Held,
    original: Original,
    job: ReadingJob,
    report: (done: number, total: number) => void,
  ): Promise<(tx: Tx) => Promise<PageCounts>> => {
    const about = await readPages(document, original, job, report)
    const sketch = await sketchOf(document, about.total)
    const model = await meaning.learn(document.id, job.signal)
    return async (tx) => {
      const pages = await store.finish(tx, document.id, about)
      await collections.compare(tx, document.id, document.collection, sketch)
      await collections.settleVersions(tx, document.id)
      if (model.name !== null && model.known) await vectors.complete(tx, document.id, model.name)
      else if (model.name !== null) {
        await vectors.queue(tx, document.id, model.name)
        const data = { document: document.id, model: model.name }
        await events.append(tx, { type: reindexAsked, principal: null, data })
      }
      return pages
    }
  }
}

const NOTHING = { place: null, markdown: null }

/** A page as the ledger keeps it. A failure that may pass is thrown while tries are left; after that the page has failed, and the others stand. */
async function settle(
  ocr: readonly Ocr[],
  cooldown: Cooldown,
  page: ParsedPage,
  job: ReadingJob,
): Promise<NewPage> {
  const signal = AbortSignal.any([job.signal, deadline(PAGE_MS)])
  const read = (image: { bytes: Uint8Array; mime: string }) =>
    firstAble(ocr, (engine) => engine.read(image, { signal }), { cooldown })
  const place = page.place ? { ...page.place, label: storable(page.place.label) } : null
  try {
    const { number, state, text, error } = await recognisePage(page, read)
    // Where letters were recognised, the file's own structure is not theirs.
    const markdown = state === 'read' && page.markdown ? storable(page.markdown) : null
    return { number, state, text: storable(text), error: error ?? null, place, markdown }
  } catch (cause) {
    job.signal.throwIfAborted()
    const failure = AppError.from(cause)
    if (!isFinal(failure) && job.attempt < ATTEMPTS) throw cause
    const { number, state, text, error } = failedPage(page.number, failure.code)
    return { number, state, text, error: error ?? null, place, markdown: null }
  }
}

/** What a document calls itself, unless a program called it that. */
function titleOf(own: string, fileName: string): string {
  const title = storable(own).replace(/\s+/g, ' ').trim().slice(0, 200)
  return title === '' || JUNK.test(title) ? storable(fileName) : title
}
const JUNK =
  /^(?:microsoft |untitled|about:|https?:|file:|без назви|document ?\d*$|slide \d)|\.(?:docx?|pdf|tex|dvi|indd|odt|rtf|txt|md)$/i
