import { sql } from 'kysely'
import type { z } from 'zod'
import type { Embeddings } from '../../../engines/embeddings/embeddings.ts'
import { blend, type Ranking } from '../../../engines/words/blend.ts'
import { placedStems, stems } from '../../../engines/words/stems.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { Call, Client, Handlers } from '../../../kernel/contract.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Events } from '../../../platform/events/events.ts'
import { may } from '../../auth/auth.rights.ts'
import type { knowledgeContract } from '../../knowledge/knowledge.contract.ts'
import { asResource, bannedIn, type CityDb, iso, type RoomRow } from '../city.store.ts'
import type { SearchHit, searchOperations } from '../search.contract.ts'
import { type Entry, entriesOf, keyOf } from './entries.ts'
import { readTyped } from './filters.ts'
import {
  byFilters,
  byMeaning,
  byWords,
  type Found,
  type FoundByMeaning,
  type FoundByWords,
  holdersOf,
  readable,
  type Scope,
} from './find.ts'
import { createIndexer } from './indexer.ts'
import { createMeaning } from './meaning.ts'
import { barsOf, floorOf } from './nearness.ts'
import { snippetOf } from './snippet.ts'

export interface SearchNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  /** Absent where nothing here embeds: then words are alone. */
  readonly embeddings?: () => Promise<Embeddings>
  /** All that can embed a question. */
  readonly allEmbeddings?: readonly Embeddings[]
  /** Absent where no documents are read. */
  readonly knowledge?: () => Pick<Client<typeof knowledgeContract>, 'passages'> | undefined
  readonly failed: (failure: unknown) => void
}

export interface Search {
  readonly handlers: Pick<Handlers<typeof searchOperations>, 'search'>
  /** Follows the rooms until it is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when all that was said is known by its words. */
  settled(): Promise<void>
}

type Input = z.output<(typeof searchOperations)['search']['input']>
type Output = z.input<(typeof searchOperations)['search']['output']>

/** Letters that look alike count less than meaning. */
const WEIGHT = { words: 1, model: 1, letters: 0.4, documents: 0.9 }
const EMBED_MS = 4_000
const DOCUMENTS_MS = 5_000
const MAX_ROOMS = 100
const DOCUMENT_HITS = 20
const READ_AT_ONCE = 40

/** Finds what was said, heard, read and filed, by words and by meaning, in what the asker may read at this moment. */
export function createSearch(needs: SearchNeeds): Search {
  const { db, events, clock, embeddings, failed } = needs
  const indexer = createIndexer({ db, events, clock, failed })
  const meaning = embeddings && createMeaning({ db, events, embeddings, all: needs.allEmbeddings ?? [] })

  /** A search that cannot ask the model is a search by words. */
  const near = async (words: string, scope: Scope, signal: AbortSignal) => {
    try {
      await meaning?.catchUp()
      const model = (await meaning?.live()) ?? null
      if (!model) return null
      const limit = AbortSignal.any([signal, deadline(EMBED_MS)])
      const [vector] = await model.embed([words], { kind: 'query', signal: limit })
      if (!vector) return null
      const hits = await byMeaning(db, vector, model.model, scope)
      return { model, hits: hits.filter((hit) => hit.near >= floorOf(model, hits[0]?.near ?? 0)) }
    } catch (cause) {
      signal.throwIfAborted()
      failed(cause)
      return null
    }
  }

  const documents = async (words: string, scope: Scope, call: Call): Promise<Map<string, Document>> => {
    const knowledge = needs.knowledge?.()
    const { filters, asker } = scope
    if (!knowledge || filters.has.some((has) => has !== 'file')) return new Map()
    try {
      const { rows } = await sql<{ id: string }>`
        select c.id from city.room c where ${readable(sql`c.id`, scope)}
          and exists (select 1 from city.part p where p.room = c.id and p.type = 'file')
        order by c.seq desc limit ${MAX_ROOMS}`.execute(db)
      if (rows.length === 0) return new Map()
      const { items } = await knowledge.passages(
        { query: words, rooms: rows.map(({ id }) => id), limit: DOCUMENT_HITS },
        { principal: asker, requestId: call.requestId, signal: call.signal, timeoutMs: DOCUMENTS_MS },
      )
      const holders = await holdersOf(db, [...new Set(items.map(({ document }) => document))], scope)
      return new Map(
        items.flatMap((item) => {
          const held = holders.get(item.document)
          return held ? [[`${item.document}#${item.page}`, { ...item, ...held }]] : []
        }),
      )
    } catch (cause) {
      call.signal.throwIfAborted()
      failed(cause)
      return new Map()
    }
  }

  const search = async (input: Input, call: Call): Promise<Output> => {
    if (!call.principal) throw kernelError('auth.required')
    const { words, scope } = asked(input, call)
    const none: Output = { items: [], meant: [], meaning: 'none' }
    if (input.q.includes('\0') || [scope.filters.in, scope.filters.from].some((text) => text?.includes('\0')))
      return none
    if (words === '') {
      if (!narrows(scope)) return none
      const found: Findings = { ...NOTHING, listed: await byFilters(db, scope) }
      return { ...none, ...(await page(db, found, scope, input)) }
    }
    const byWord = input.mode !== 'meaning'
    const [spoken, close, filed] = await Promise.all([
      byWord ? byWords(db, stems(words), scope) : NO_WORDS,
      input.mode !== 'words' ? near(words, scope, call.signal) : null,
      documents(words, scope, call),
    ])
    const found: Findings = {
      listed: [],
      spoken,
      close: new Map((close?.hits ?? []).toReversed().map((hit) => [keyOf(hit), hit])),
      nearest: close?.hits ?? [],
      model: close?.model ?? null,
      filed,
    }
    const shown = await page(db, found, scope, input)
    return {
      ...shown,
      meant: meantBy(words, spoken.meant, shown.items),
      meaning: close ? (close.model.semantic ? 'model' : 'letters') : 'none',
    }
  }

  return {
    handlers: { search },
    run: async (signal) => {
      await meaning?.catchUp().catch(failed)
      await indexer.run(signal)
    },
    settled: () => indexer.settled(),
  }
}

interface Document extends Found {
  readonly document: string
  readonly title: string
  readonly page: number
  readonly text: string
}

interface Findings {
  readonly listed: readonly Found[]
  readonly spoken: FoundByWords
  readonly close: ReadonlyMap<string, FoundByMeaning>
  readonly nearest: readonly FoundByMeaning[]
  readonly model: Embeddings | null
  readonly filed: ReadonlyMap<string, Document>
}

const NO_WORDS: FoundByWords = { hits: [], stems: new Set(), meant: new Map() }
const NOTHING = { spoken: NO_WORDS, close: new Map(), nearest: [], model: null, filed: new Map() }

/** What was asked, in the query's own words or beside them; beside them wins. */
function asked(input: Input, call: Call): { words: string; scope: Scope } {
  if (!call.principal) throw kernelError('auth.required')
  const { words, filters } = readTyped(input.q)
  const time = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  return {
    words,
    scope: {
      asker: call.principal,
      filters: {
        from: input.from ?? filters.from,
        in: input.in ?? filters.in,
        has: [...new Set([...filters.has, ...input.has])],
        before: time(input.before) ?? filters.before,
        after: time(input.after) ?? filters.after,
      },
    },
  }
}

const narrows = ({ filters: { from, in: room, has, before, after } }: Scope): boolean =>
  [from, room, before, after].some((one) => one !== undefined) || has.length > 0

/** Misspelt words as they were typed, and the right ones as they stand in what was found. */
function meantBy(typed: string, meant: FoundByWords['meant'], hits: readonly SearchHit[]): Output['meant'] {
  const held = new Set(hits.flatMap(({ why }) => why.words))
  return placedStems(typed).flatMap(({ stem, start, end }) => {
    const like = meant.get(stem)
    const as = like && [...held].filter((word) => stems(word).some((one) => like.includes(one))).slice(0, 3)
    return as && as.length > 0 ? [{ word: typed.slice(start, end), as }] : []
  })
}

/** All ways of ranking as one, and of that the page that was asked for. */
async function page(
  db: CityDb,
  found: Findings,
  scope: Scope,
  { limit, cursor }: Input,
): Promise<{ items: SearchHit[]; next?: string }> {
  const rankings: Ranking[] = [
    { ids: found.listed.map(keyOf), weight: 1 },
    { ids: found.spoken.hits.map(keyOf), weight: WEIGHT.words },
    {
      ids: [...new Set(found.nearest.map(keyOf))],
      weight: found.model?.semantic ? WEIGHT.model : WEIGHT.letters,
    },
    { ids: [...found.filed.keys()], weight: WEIGHT.documents },
  ]
  const ranked = [...blend(rankings)].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1))
  const items: SearchHit[] = []
  let at = /^\d{1,4}$/.test(cursor ?? '') ? Number(cursor) : 0
  while (items.length < limit && at < ranked.length) {
    const some = ranked.slice(at, at + READ_AT_ONCE)
    const hits = await readHits(db, some, found, scope)
    for (const [key] of some) {
      if (items.length === limit) break
      at += 1
      const hit = hits.get(key)
      if (hit) items.push(hit)
    }
  }
  return { items, ...(at < ranked.length && { next: String(at) }) }
}

/** The texts as they stand now, in rooms that are open to the asker now; what no longer holds what it was found for is left out. */
async function readHits(
  db: CityDb,
  ranked: readonly (readonly [string, number])[],
  found: Findings,
  scope: Scope,
): Promise<Map<string, SearchHit>> {
  const messageOf = (key: string) => found.filed.get(key)?.message ?? key.slice(0, key.lastIndexOf(':'))
  const ids = [...new Set(ranked.map(([key]) => messageOf(key)))]
  const entries = new Map((await entriesOf(db, ids)).map((entry) => [keyOf(entry), entry]))
  const places = await placesOf(db, ids, scope)
  const hits = new Map<string, SearchHit>()
  for (const [key, score] of ranked) {
    const place = places.get(messageOf(key))
    const filed = found.filed.get(key)
    const entry = entries.get(key)
    const hit =
      place &&
      (filed ? fromDocument(filed, place, found, score) : entry && fromEntry(entry, place, found, score))
    if (hit) hits.set(key, hit)
  }
  return hits
}

type PlaceRow = Pick<RoomRow, 'visibility' | 'membership' | 'banned'> & {
  message: string
  room: string
  slug: string
  room_name: string
  seq: number | string | bigint
  author: string
  author_kind: 'person' | 'agent' | 'service'
  author_name: string
  created_at: Date | string
}

async function placesOf(
  db: CityDb,
  messages: readonly string[],
  { asker }: Scope,
): Promise<Map<string, PlaceRow>> {
  if (messages.length === 0) return new Map()
  const rows = await db
    .selectFrom('city.message as m')
    .innerJoin('city.room as r', 'r.id', 'm.room')
    .leftJoin('city.member as own', (join) =>
      join.onRef('own.room', '=', 'r.id').on('own.principal', '=', asker.id),
    )
    .select([
      'm.id as message',
      'm.room',
      'm.seq',
      'm.author',
      'm.author_kind',
      'm.author_name',
      'm.created_at',
    ])
    .select([
      'r.slug',
      'r.name as room_name',
      'r.visibility',
      'own.membership',
      bannedIn(sql.ref('r.id'), asker.id),
    ])
    .where('m.id', 'in', messages)
    .where('m.deleted_at', 'is', null)
    .execute()
  const open = rows.filter((row) => may(asker, 'room.read', asResource(row)).permit)
  return new Map(open.map((row) => [row.message, row]))
}

const shown = (place: PlaceRow, score: number) => ({
  room: place.room,
  slug: place.slug,
  roomName: place.room_name,
  message: place.message,
  seq: Number(place.seq),
  author: { id: place.author, kind: place.author_kind, name: place.author_name },
  at: iso(place.created_at),
  score,
})

function fromEntry(entry: Entry, place: PlaceRow, found: Findings, score: number): SearchHit | undefined {
  const close = found.close.get(keyOf(entry))
  const snippet = snippetOf(entry.text, found.spoken.stems, close ?? null)
  const listed = found.listed.length > 0
  // An edit took away what it was found for, and the index has not heard of it yet.
  if (!listed && !close && snippet.words.length === 0) return undefined
  const second = secondOf(entry, snippet.at ?? close?.start ?? null)
  return {
    ...shown(place, score),
    kind: entry.kind,
    id: entry.message,
    ...(entry.kind === 'file' && { title: entry.text }),
    ...(second !== undefined && { second }),
    snippet: { text: snippet.text, marks: snippet.marks },
    why: {
      words: snippet.words,
      near: close && found.model ? barsOf(found.model, close.near) : 0,
      letters: close !== undefined && found.model?.semantic === false,
    },
    link: `/rooms/${encodeURIComponent(place.slug)}?message=${encodeURIComponent(entry.message)}`,
  }
}

function fromDocument(filed: Document, place: PlaceRow, found: Findings, score: number): SearchHit {
  const snippet = snippetOf(filed.text, found.spoken.stems, { start: 0, end: filed.text.length })
  const quote = filed.text.slice(0, 300)
  return {
    ...shown(place, score),
    kind: 'document',
    id: filed.document,
    title: filed.title,
    page: filed.page,
    snippet: { text: snippet.text, marks: snippet.marks },
    why: { words: snippet.words, near: snippet.words.length > 0 ? 0 : 3, letters: false },
    link: `/documents/${encodeURIComponent(filed.document)}?page=${filed.page}&quote=${encodeURIComponent(quote)}`,
  }
}

/** When in the recording the words are said: the segment that holds this place of the text, as far as the segments add up to it. */
function secondOf({ transcript, text }: Entry, at: number | null): number | undefined {
  if (!transcript || at === null) return undefined
  let from = 0
  for (const segment of transcript.segments) {
    const start = text.indexOf(segment.text.trim(), from)
    if (start < 0) continue
    from = start + segment.text.trim().length
    if (at < from) return segment.start
  }
  return undefined
}
