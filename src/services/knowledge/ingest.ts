import type { Kysely } from 'kysely'
import { isFinal } from '../../engines/engine.errors.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { EventOf } from '../../kernel/event.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Events, Job } from '../../platform/events/events.ts'
import { filesError } from '../../platform/files/files.errors.ts'
import type { Files } from '../../platform/files/files.ts'
import { partAdded } from '../city/city.events.ts'
import type { PartOutcome } from '../city/messages.contract.ts'
import { gathersOf, isGathered } from './gathering.ts'
import { documentAdded, documentProcessed, documentProgress } from './knowledge.events.ts'
import type { Held, KnowledgeStore } from './knowledge.store.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { ATTEMPTS, type ReadDocument, TIMEOUT_MS } from './read-document.ts'
import { createTurns, type Turns } from './turns.ts'

export interface IngestNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly events: Events
  /** Of the city: what was posted. */
  readonly files: Files
  /** Of this service: what was brought into collections. */
  readonly own: Files
  readonly store: KnowledgeStore
  readonly readDocument: ReadDocument
}

type Added = EventOf<typeof partAdded>
type IngestJob = Job<KnowledgeTables>

/** Takes in every document that is posted or brought. The same document is read once, however often it comes. */
export function consumeDocuments(needs: IngestNeeds): void {
  const turns = createTurns()
  consumePosted(needs, turns)
  consumeBrought(needs, turns)
}

/** What is posted in rooms: one outcome for each posting. */
function consumePosted({ db, events, files, own, store, readDocument }: IngestNeeds, turns: Turns): void {
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
      // The file stays in its room; its words are nobody’s to find.
      if (!isGathered(await gathersOf(db, room), file))
        return await job.commit((tx) => events.append(tx, processed(added, {})))
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
    const { room, message, index, file } = added.data
    const again = added.data.attempt > 1 && document.pages.failed > 0
    if (document.state === 'done' && !again) {
      const outcome = { document: { id: document.id, pages: document.pages } }
      return await job.commit((tx) => events.append(tx, processed(added, outcome)))
    }
    if (document.state !== 'pending') await store.reopen(document.id)
    try {
      const original = { path: await pathOf(document, files, own), mime: file.mime, name: file.name }
      const finish = await readDocument(document, original, job, (done, total) =>
        events.broadcast(documentProgress, { room, message, index, done, total }),
      )
      await job.commit(async (tx) => {
        const pages = await finish(tx)
        await events.append(tx, processed(added, { document: { id: document.id, pages } }))
      })
    } catch (cause) {
      job.signal.throwIfAborted()
      const failure = AppError.from(cause)
      if (!isFinal(failure)) throw cause
      const { error } = failure.toJSON()
      await job.commit(async (tx) => {
        await store.failById(tx, document.id, error)
        await events.append(tx, processed(added, { error }))
      })
    }
  }
}

/** What is brought into collections: its own state says how it went. */
function consumeBrought({ db, events, files, own, store, readDocument }: IngestNeeds, turns: Turns): void {
  events.consume({
    name: 'knowledge.read',
    db,
    types: [documentAdded],
    concurrency: 2,
    attempts: ATTEMPTS,
    timeoutMs: TIMEOUT_MS,
    async handle({ data }, job) {
      await turns.run(data.document, job.signal, async () => {
        const document = await store.find(data.document)
        // It was removed, or read meanwhile.
        if (document?.state !== 'pending') return
        try {
          const { mime, name, title } = document
          const original = { path: await pathOf(document, files, own), mime, name: name || title }
          const finish = await readDocument(document, original, job, () => undefined)
          await job.commit(async (tx) => void (await finish(tx)))
        } catch (cause) {
          job.signal.throwIfAborted()
          // Removed while it was read.
          if (!(await store.find(document.id))) return
          const failure = AppError.from(cause)
          if (!isFinal(failure)) throw cause
          await job.commit((tx) => store.failById(tx, document.id, failure.toJSON().error))
        }
      })
    },
    failed: ({ data }, failure, tx) => store.failById(tx, data.document, failure.toJSON().error),
  })
}

/** Where the bytes of a document lie. */
async function pathOf({ sha256 }: Held, files: Files, own: Files): Promise<string> {
  for (const place of [own, files]) if (await place.has(sha256)) return place.path(sha256)
  throw filesError('file.missing')
}

const processed = ({ principal, room, requestId, data }: Added, outcome: PartOutcome) => ({
  type: documentProcessed,
  principal,
  ...(room !== undefined && { room }),
  ...(requestId !== undefined && { requestId }),
  data: { room: data.room, message: data.message, index: data.index, attempt: data.attempt, outcome },
})
