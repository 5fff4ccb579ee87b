import type { Kysely } from 'kysely'
import { isFinal } from '../../engines/engine.errors.ts'
import { type Cooldown, createCooldown, firstAble } from '../../engines/fallback.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { ParsedPage, Parser } from '../../engines/parser/parser.ts'
import { failedPage, recognisePage, type SettledPage } from '../../engines/recognise-page.ts'
import { chunks } from '../../engines/words/chunks.ts'
import { stems } from '../../engines/words/stems.ts'
import type { Clock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { EventOf } from '../../kernel/event.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Events, Job } from '../../platform/events/events.ts'
import { filesError } from '../../platform/files/files.errors.ts'
import type { Files } from '../../platform/files/files.ts'
import { partAdded } from '../city/city.events.ts'
import type { PartOutcome } from '../city/messages.contract.ts'
import { documentProcessed, documentProgress, reindexAsked } from './knowledge.events.ts'
import type { Held, KnowledgeStore } from './knowledge.store.ts'
import type { KnowledgeTables, PageRow } from './knowledge.tables.ts'
import type { Meaning } from './meaning.ts'
import { createTurns } from './turns.ts'
import type { Vectors } from './vectors.ts'

/** Tries before a document is said to have failed. */
const ATTEMPTS = 4
/** Five hundred scanned pages take long; each page has a deadline of its own. */
const TIMEOUT_MS = 3 * 60 * 60_000
const PAGE_MS = 2 * 60_000

interface IngestNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly events: Events
  readonly files: Files
  readonly parser: Parser
  readonly ocr: readonly Ocr[]
  readonly meaning: Meaning
  readonly store: KnowledgeStore
  readonly vectors: Vectors
  readonly clock: Clock
}

type Added = EventOf<typeof partAdded>
type IngestJob = Job<KnowledgeTables>

/** Takes in every document that is posted: pages stored one by one, so that a crash costs the page under work and no more; then one outcome for each posting. */
export function consumeDocuments(needs: IngestNeeds): void {
  const { db, events, files, parser, ocr, store, vectors, meaning, clock } = needs
  const turns = createTurns()
  const cooldown = createCooldown(clock)

  events.consume({
    name: 'knowledge.ingest',
    db,
    types: [partAdded],
    concurrency: 2,
    attempts: ATTEMPTS,
    timeoutMs: TIMEOUT_MS,
    async handle(added, job) {
      const { type, room, file } = added.data
      if (type !== 'file') return
      const about = {
        sha256: file.sha256,
        title: storable(file.name),
        mime: file.mime,
        sizeBytes: file.sizeBytes,
        file: file.id,
      }
      const id = await store.take({ room, message: added.data.message, at: added.at }, about)
      if (id === undefined) return
      // The same document posted twice at once is taken in once.
      await turns.run(id, job.signal, async () => ingest(added, job, await store.find(id)))
    },
    async failed(added, failure, tx) {
      if (added.data.type !== 'file') return
      const { error } = failure.toJSON()
      await store.fail(tx, added.data.room, added.data.file.sha256, error)
      await events.append(tx, processed(added, { error }))
    },
  })

  const ingest = async (added: Added, job: IngestJob, document: Held | undefined): Promise<void> => {
    if (!document) throw kernelError('internal')
    const again = added.data.attempt > 1 && document.pages.failed > 0
    if (document.state === 'done' && !again) {
      const outcome = { document: { id: document.id, pages: document.pages } }
      return await job.commit((tx) => events.append(tx, processed(added, outcome)))
    }
    if (document.state !== 'pending') await store.reopen(document.id)
    try {
      const about = await readPages(added, job, document)
      const model = await meaning.learn(document.id, job.signal)
      await job.commit(async (tx) => {
        const pages = await store.finish(tx, document.id, about)
        if (model.name !== null && model.known) await vectors.complete(tx, document.id, model.name)
        else if (model.name !== null) {
          await vectors.queue(tx, document.id, model.name)
          const data = { document: document.id, model: model.name }
          await events.append(tx, { type: reindexAsked, principal: null, data })
        }
        await events.append(tx, processed(added, { document: { id: document.id, pages } }))
      })
    } catch (cause) {
      job.signal.throwIfAborted()
      const failure = AppError.from(cause)
      if (!isFinal(failure)) throw cause
      const { error } = failure.toJSON()
      await job.commit(async (tx) => {
        await store.fail(tx, document.room, document.sha256, error)
        await events.append(tx, processed(added, { error }))
      })
    }
  }

  /** Every page that is not in the ledger yet; in the end all of them are. */
  const readPages = async (added: Added, job: IngestJob, document: Held) => {
    const { room, message, index, file } = added.data
    const known = await store.knownPages(document.id)
    let total = document.total
    const report = () => {
      if (total !== null)
        events.broadcast(documentProgress, { room, message, index, done: known.size, total })
    }
    const count = async (pages: number) => {
      if (total !== pages) await store.setTotal(document.id, pages)
      total = pages
    }
    const keep = async (page: Omit<PageRow, 'document'>) => {
      const passages = chunks(page.text).map((chunk) => ({ ...chunk, stems: stems(chunk.text) }))
      await store.addPage(document, page, passages)
      known.add(page.number)
      report()
    }
    report()
    if (!(await files.has(document.sha256))) throw filesError('file.missing')
    const parsed = await parser.parse(
      { path: files.path(document.sha256), key: document.sha256, mime: file.mime, name: file.name },
      {
        signal: job.signal,
        skip: new Set(known),
        async onPage(page, pages) {
          await count(pages)
          if (!known.has(page.number)) await keep(await settle(ocr, cooldown, page, job))
        },
      },
    )
    await count(parsed.total)
    for (let number = 1; number <= parsed.total; number++)
      if (!known.has(number)) await keep(kept(failedPage(number, undefined)))
    return { title: titleOf(parsed.title, file.name), total: parsed.total }
  }
}

const processed = ({ principal, room, requestId, data }: Added, outcome: PartOutcome) => ({
  type: documentProcessed,
  principal,
  ...(room !== undefined && { room }),
  ...(requestId !== undefined && { requestId }),
  data: { room: data.room, message: data.message, index: data.index, attempt: data.attempt, outcome },
})

/** A page as the ledger keeps it. A failure that may pass is thrown while tries are left; after that the page has failed, and the others stand. */
async function settle(
  ocr: readonly Ocr[],
  cooldown: Cooldown,
  page: ParsedPage,
  job: IngestJob,
): Promise<Omit<PageRow, 'document'>> {
  const signal = AbortSignal.any([job.signal, deadline(PAGE_MS)])
  const read = (image: { bytes: Uint8Array; mime: string }) =>
    firstAble(ocr, (engine) => engine.read(image, { signal }), { cooldown })
  try {
    return kept(await recognisePage(page, read))
  } catch (cause) {
    job.signal.throwIfAborted()
    const failure = AppError.from(cause)
    if (!isFinal(failure) && job.attempt < ATTEMPTS) throw cause
    return kept(failedPage(page.number, failure.code))
  }
}

const kept = ({ number, state, text, error }: SettledPage) => ({
  number,
  state,
  text: storable(text),
  error: error ?? null,
})

/** What a document calls itself, unless a program called it that. */
function titleOf(own: string, fileName: string): string {
  const title = storable(own).replace(/\s+/g, ' ').trim().slice(0, 200)
  return title === '' || JUNK.test(title) ? storable(fileName) : title
}
const JUNK =
  /^(?:microsoft |untitled|about:|https?:|file:|без назви|document ?\d*$|slide \d)|\.(?:docx?|pdf|tex|dvi|indd|odt|rtf|txt|md)$/i
