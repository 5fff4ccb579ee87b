import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { Parser } from '../../engines/parser/parser.ts'
import type { Reader } from '../../engines/reader/reader.ts'
import type { Rerank } from '../../engines/rerank/rerank.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Call, Client, Handlers } from '../../kernel/contract.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Events } from '../../platform/events/events.ts'
import type { SafeFetch } from '../../platform/fetch/fetch.ts'
import type { Files } from '../../platform/files/files.ts'
import { checkTold, told } from '../../platform/http/check.errors.ts'
import type { Check, Service } from '../../platform/http/service.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { LlmAccess } from '../llm-proxy/llm-proxy.contract.ts'
import { type Communities, createAccess } from './access.ts'
import { answer, passagesFor } from './answer.ts'
import { createCollectionStore } from './collections.store.ts'
import { createCollections } from './collections.ts'
import { consumeErasures, consumeResidents } from './erase.ts'
import { createGathering } from './gathering.ts'
import { consumeDocuments } from './ingest.ts'
import { knowledgeContract } from './knowledge.contract.ts'
import { knowledgeError } from './knowledge.errors.ts'
import { createKnowledgeStore, type Held } from './knowledge.store.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { createMeaning } from './meaning.ts'
import { createQueue } from './queue.ts'
import { createReadDocument } from './read-document.ts'
import { knowledgeRoutes } from './routes.ts'
import { isEmpty, type Scope } from './scope.ts'
import { nearest } from './search.ts'
import { shown } from './shown.ts'
import { createSources } from './sources.ts'
import { createVectors } from './vectors.ts'

export interface KnowledgeNeeds {
  readonly db: Database
  readonly events: Events
  readonly files: Files
  readonly parser: Parser
  /** In the order they are tried; none is allowed, then scanned pages are counted as not read. */
  readonly ocr: readonly Ocr[]
  /** The model to embed with from now on; asked again and again, so that one that appears is taken up. */
  readonly embeddings: () => Promise<Embeddings>
  /** Models that embedded documents before and can still embed a question. */
  readonly olderEmbeddings?: readonly Embeddings[]
  /** In order of preference; none is allowed. */
  readonly rerank?: readonly Rerank[]
  /** Pages of the internet, in order of preference; none is allowed. */
  readonly reader?: readonly Reader[]
  /** Opens public addresses alone. */
  readonly openLink: SafeFetch
  /** Of this service alone: what is brought into collections. */
  readonly own: Files
  readonly city: Client<typeof cityContract>
  /** What the asker is in communities. Absent where communities have no service of their own: then nobody belongs to any, and the city’s operators alone keep what is of one. */
  readonly communities?: Communities
  /** Absent where no language model is reached: then answers are quotes. */
  readonly llm?: LlmAccess | undefined
  readonly limits?: { readonly maxUploadBytes: number; readonly quotaBytes: number }
  readonly clock: Clock
  readonly ids: Ids
}

/** Documents posted in rooms, page by page, and where in them an answer stands. What a person may not read is to them as if it were not there. */
export function createKnowledge(needs: KnowledgeNeeds): Service<typeof knowledgeContract> {
  const { events, files, parser, ocr, embeddings, city, clock, ids } = needs
  const db = needs.db.kysely.withTables<KnowledgeTables>()
  const limits = needs.limits ?? LIMITS
  const own = needs.own
  const store = createKnowledgeStore(db, clock, ids)
  const collections = createCollectionStore(db, { clock, events, ids, limits })
  const access = createAccess(db, city, needs.communities)
  const vectors = createVectors(db, needs.db.driver)
  const meaning = createMeaning({ db, events, vectors, embeddings, older: needs.olderEmbeddings ?? [] })
  consumeErasures(db, events)
  consumeResidents(db, events, async (blobs) => {
    for (const sha256 of new Set(blobs)) if (!(await collections.isHeld(db, sha256))) await own.delete(sha256)
  })
  const readDocument = createReadDocument({
    db,
    events,
    parser,
    ocr,
    meaning,
    store,
    collections,
    vectors,
    clock,
  })
  consumeDocuments({ db, events, files, own, store, readDocument })
  const looking = { db, vectors, rerank: needs.rerank ?? [] }

  const open = async (id: string, call: Call): Promise<Held> => {
    const held = await store.find(id)
    if (!held || !(await access.reads(held, call))) throw knowledgeError('knowledge.document_not_found')
    return held
  }
  const look = async (query: string, scope: Scope, limit: number, call: Call) => {
    await meaning.catchUp()
    const { signal } = call
    return await nearest(looking, query, scope, await meaning.models(), {
      limit,
      signal,
      onFailure: meaning.failed,
    })
  }

  const handlers: Handlers<typeof knowledgeContract> = {
    ...createCollections({ db, access, collections, store, own, open }),
    ...createQueue(db, collections),
    ...createGathering({ db, access, city, clock, ids }),
    ...createSources({
      db,
      events,
      access,
      collections,
      own,
      reader: needs.reader ?? [],
      openLink: needs.openLink,
      clock,
      ids,
    }),

    async documents({ room: asked, limit, after }, call) {
      const { principal, requestId, signal } = call
      const room = await city.room({ room: asked }, { principal, requestId, signal })
      const held = await store.list({ room: room.id, older: true }, limit + 1, after)
      const items = held.slice(0, limit)
      const last = held.length > limit ? items.at(-1) : undefined
      return { items: items.map(shown), ...(last && { next: last.id }) }
    },

    async document({ document: id }, call) {
      const held = await open(id, call)
      const known = new Map((await store.ledger(id)).map((page) => [page.number, page]))
      const numbers = Array.from({ length: held.total ?? 0 }, (_, i) => i + 1)
      const ledger = numbers.map((number) => {
        const page = known.get(number)
        return {
          number,
          state: page?.state ?? ('waiting' as const),
          place: page?.place ?? null,
          ...(page?.error && { error: page.error }),
        }
      })
      return { ...shown(held), ledger }
    },

    async page({ document: id, page: number }, call) {
      const held = await open(id, call)
      const total = held.total ?? 0
      if (number > total) throw knowledgeError('knowledge.page_not_found', { page: number })
      const page = await store.page(id, number)
      const about = { document: id, title: held.title, total, number }
      if (!page) return { ...about, state: 'waiting', text: '', place: null }
      const { error, markdown, place, state, text } = page
      return { ...about, state, text, place, ...(markdown && { markdown }), ...(error && { error }) }
    },

    async passages({ query, rooms, limit }, { signal }) {
      const scope = { collections: await collections.ofRooms(rooms) }
      const { items } = await nearest(looking, query, scope, await meaning.models(), {
        limit,
        signal,
        onFailure: meaning.failed,
      })
      return { items }
    },

    async search({ query, rooms, collections: named, documents, filter, limit }, call) {
      const scope = {
        ...filter,
        ...(documents && { documents }),
        collections: await access.readable({ collections: named, rooms }, call),
      }
      if (isEmpty(scope)) return { items: [], engine: 'words', unread: [] }
      const found = await look(query, scope, limit, call)
      const unread = await store.unread(scope, MAX_UNREAD_DOCUMENTS)
      return { items: found.items, engine: found.ranked.join(' + '), unread }
    },

    async answer({ query, rooms, collections: named, filter }, call) {
      const scope = { ...filter, collections: await access.readable({ collections: named, rooms }, call) }
      const { items } = await look(query, scope, passagesFor(query), call)
      const unread = await store.unread(scope, MAX_UNREAD_DOCUMENTS)
      return await answer({ db, llm: needs.llm }, query, scope, items, unread, call)
    },
  }

  return {
    contract: knowledgeContract,
    handlers,
    routes(app, authenticate) {
      const { maxUploadBytes } = limits
      knowledgeRoutes(app, authenticate, { db, access, collections, store, files, own, maxUploadBytes, open })
    },
    start: () => meaning.catchUp(),
    async checks() {
      return [await meaning.check(), await ocrCheck(ocr)]
    },
  }
}

const MAX_UNREAD_DOCUMENTS = 50

const LIMITS = { maxUploadBytes: 25_000_000, quotaBytes: 5_000_000_000 }

async function ocrCheck(ocr: readonly Ocr[]): Promise<Check> {
  const name = 'ocr of scanned pages'
  const reasons = await Promise.all(ocr.map((engine) => engine.missing()))
  if (reasons.some((reason) => reason === null)) return { name, state: 'ok' }
  const why = reasons.find((reason) => reason !== null) ?? checkTold('check.no_engine')
  return {
    name,
    state: 'degraded',
    ...told(why),
    detail: `Scanned pages are counted as not read. ${why.message}`,
  }
}
