import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { Parser } from '../../engines/parser/parser.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Call, Client, Handlers } from '../../kernel/contract.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Files } from '../../platform/files/files.ts'
import { checkTold, told } from '../../platform/http/check.errors.ts'
import type { Check, Service } from '../../platform/http/service.ts'
import type { cityContract } from '../city/city.contract.ts'
import { consumeErasures } from './erase.ts'
import { consumeDocuments } from './ingest.ts'
import { knowledgeContract } from './knowledge.contract.ts'
import { knowledgeError } from './knowledge.errors.ts'
import { createKnowledgeStore, type Held } from './knowledge.store.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { createMeaning } from './meaning.ts'
import { nearest } from './search.ts'
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
  readonly city: Client<typeof cityContract>
  readonly clock: Clock
  readonly ids: Ids
}

/** Documents posted in rooms, page by page, and where in them an answer stands. What a person may not read is to them as if it were not there. */
export function createKnowledge(needs: KnowledgeNeeds): Service<typeof knowledgeContract> {
  const { events, files, parser, ocr, embeddings, city, clock, ids } = needs
  const db = needs.db.kysely.withTables<KnowledgeTables>()
  const store = createKnowledgeStore(db, clock, ids)
  const vectors = createVectors(db)
  const meaning = createMeaning({ db, events, vectors, embeddings, older: needs.olderEmbeddings ?? [] })
  consumeErasures(db, events)
  consumeDocuments({ db, events, files, parser, ocr, meaning, store, vectors, clock })

  const readable = async (rooms: readonly string[], call: Call): Promise<string[]> => {
    const { principal, requestId, signal } = call
    const allowed = await city.readable({ rooms: [...new Set(rooms)] }, { principal, requestId, signal })
    return allowed.rooms
  }
  const open = async (id: string, call: Call): Promise<Held> => {
    const held = await store.find(id)
    const [room] = held ? await readable([held.room], call) : []
    if (!held || room !== held.room) throw knowledgeError('knowledge.document_not_found')
    return held
  }

  const handlers: Handlers<typeof knowledgeContract> = {
    async documents({ room: asked, limit, after }, call) {
      const { principal, requestId, signal } = call
      const room = await city.room({ room: asked }, { principal, requestId, signal })
      const held = await store.list(room.id, limit + 1, after)
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
      if (!page) return { ...about, state: 'waiting', text: '' }
      return { ...about, state: page.state, text: page.text, ...(page.error && { error: page.error }) }
    },

    async passages({ query, rooms, limit }, { signal }) {
      const { items } = await nearest(db, query, { rooms }, await meaning.models(), {
        limit,
        signal,
        onFailure: meaning.failed,
      })
      return { items }
    },

    async search({ query, rooms: asked, documents, limit }, call) {
      const rooms = await readable(asked, call)
      if (rooms.length === 0) return { items: [], engine: 'words', unread: [] }
      await meaning.catchUp()
      const found = await nearest(db, query, { rooms, documents }, await meaning.models(), {
        limit,
        signal: call.signal,
        onFailure: meaning.failed,
      })
      const unread = await store.unread(rooms, documents, MAX_UNREAD_DOCUMENTS)
      return { items: found.items, engine: found.ranked.join(' + '), unread }
    },
  }

  return {
    contract: knowledgeContract,
    handlers,
    start: () => meaning.catchUp(),
    async checks() {
      return [await meaning.check(), await ocrCheck(ocr)]
    },
  }
}

const MAX_UNREAD_DOCUMENTS = 50

const shown = ({ id, room, title, mime, sizeBytes, state, createdAt, pages, file }: Held) => ({
  id,
  room,
  title,
  mime,
  sizeBytes,
  state,
  createdAt,
  pages,
  file,
})

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
