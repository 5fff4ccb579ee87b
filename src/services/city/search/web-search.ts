import { engineError } from '../../../engines/engine.errors.ts'
import { createCooldown, firstAble } from '../../../engines/fallback.ts'
import type { WebLanguage, WebResults, WebSearch } from '../../../engines/web-search/web-search.ts'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { type AppError, fill } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import { storable } from '../../../platform/database/storable.ts'
import type { Events } from '../../../platform/events/events.ts'
import { type CityDb, findRoom, numberEvents } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { Say } from '../messages/messages.ts'
import type { searchOperations } from '../search.contract.ts'
import { webAsked } from './search.events.ts'

export interface WebSearchNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  /** In the order they are tried; none is allowed, and then `/search` is ordinary words. */
  readonly webSearch?: readonly WebSearch[]
  readonly changed: (room: string, seq: number) => void
}

export interface RoomWebSearch {
  readonly handlers: Pick<Handlers<typeof searchOperations>, 'searchWeb'>
  /** The same way of saying things, but that `/search …` is answered with what the internet has. */
  listening(say: Say): Say
}

const ASKED = /^\/(?:search|пошук)\s+(\S[\s\S]*)$/i
const MAX_QUERY = 300
const HITS = 5
const AT_ONCE = 4
const BUSY_MS = 5_000

/** What the internet has on a question: for one who asks, or into the room where it was asked, once, as a message of the city's own search with links to its sources. */
export function createWebSearch(needs: WebSearchNeeds): RoomWebSearch {
  const { db, events, clock, changed, webSearch: engines = [] } = needs
  const cooldown = createCooldown(clock)
  let underWay = 0

  const look = async (query: string, signal: AbortSignal): Promise<WebResults> => {
    if (underWay >= AT_ONCE)
      throw engineError('engine.busy', { seconds: BUSY_MS / 1000 }, { retryAfterMs: BUSY_MS })
    underWay += 1
    try {
      const languages = languagesOf(query)
      return await firstAble(engines, (engine) => engine.search(query, { languages, limit: HITS, signal }), {
        cooldown,
      })
    } finally {
      underWay -= 1
    }
  }

  events.consume<CityTables, typeof webAsked>({
    name: 'city.web_search',
    db,
    types: [webAsked],
    concurrency: 2,
    attempts: 4,
    async handle({ data }, job) {
      if (await answered(db, data.room, data.message)) return
      const found = await look(data.query, job.signal)
      let seq = 0
      await job.commit(async (tx) => {
        seq = await answer(tx, needs, data, resultsText(data.query, found), found.engine)
      })
      if (seq > 0) changed(data.room, seq)
    },
    async failed({ data }, failure, tx) {
      await answer(tx, needs, data, failureText(data.query, failure), null)
    },
  })

  return {
    handlers: {
      async searchWeb({ q }, { signal }) {
        const { engine, hits } = await look(q, signal)
        return { engine, items: [...hits] }
      },
    },

    listening:
      (say) =>
      async (principal, room, body, ...rest) => {
        const said = await say(principal, room, body, ...rest)
        const query =
          engines.length > 0 ? ASKED.exec(body.text.trim())?.[1]?.slice(0, MAX_QUERY).trim() : undefined
        // Asked again where the same message is sent again: whatever was lost in between, it is answered, and once.
        if (query) {
          const { id: message, room: place } = said.message
          const data = { room: place, message, query: storable(query) }
          await db
            .transaction()
            .execute((tx) =>
              events.append(tx, { type: webAsked, principal: principal.id, room: place, data }),
            )
        }
        return said
      },
  }
}

/** Ukrainian first for whoever asks in Cyrillic letters. */
const languagesOf = (query: string): readonly WebLanguage[] =>
  /\p{Script=Cyrillic}/u.test(query) ? ['uk', 'en'] : ['en', 'uk']

const WORDS = {
  uk: {
    author: 'Пошук в інтернеті',
    found: '{engine}, запит «{query}»:',
    none: '{engine}: на запит «{query}» нічого немає.',
    failed: 'Пошук за запитом «{query}» не вдався. {why}',
  },
  en: {
    author: 'Internet search',
    found: '{engine} on “{query}”:',
    none: '{engine} has nothing on “{query}”.',
    failed: 'The search for “{query}” did not succeed. {why}',
  },
} as const
const wordsFor = (query: string) => WORDS[languagesOf(query)[0] ?? 'en']

function resultsText(query: string, { engine, hits }: WebResults): string {
  const words = wordsFor(query)
  const about = { engine: plain(engine), query: plain(query) }
  if (hits.length === 0) return fill(words.none, about)
  const lines = hits.map(({ title, url, text }, i) => {
    const link = `${i + 1}. [${plain(title)}](${address(url)})`
    return text === '' ? link : `${link} — ${plain(text)}`
  })
  return [fill(words.found, about), '', ...lines].join('\n')
}

function failureText(query: string, failure: AppError): string {
  const language = languagesOf(query)[0] ?? 'en'
  const entry = Object.entries(engineError.entries).find(([code]) => code === failure.code)?.[1]
  const why = entry ? fill(entry[language], failure.params) : ''
  return fill(WORDS[language].failed, { query: plain(query), why: plain(why) }).trim()
}

/** Words from outside as words, whatever signs of markdown they hold. */
const plain = (text: string): string =>
  storable(text)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>()#+!|~@&-]/g, '\\$&')

/** An address that ends where it ends. */
const address = (url: string): string =>
  new URL(url).href.replace(/[()<>\\]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

const AUTHOR = 'svc_web_search'

const answered = async (db: CityDb, room: string, message: string): Promise<boolean> =>
  (await db
    .selectFrom('city.message')
    .select('id')
    .where('author', '=', AUTHOR)
    .where('client_id', '=', message)
    .where('room', '=', room)
    .executeTakeFirst()) !== undefined

/** Posts what was found beside the question, once; nothing where the question was deleted meanwhile. Answers with the room's last number, or 0. */
async function answer(
  tx: CityDb,
  { clock, ids }: WebSearchNeeds,
  asked: { room: string; message: string; query: string },
  text: string,
  engine: string | null,
): Promise<number> {
  const room = await findRoom(tx, asked.room, null, true)
  const question = await tx
    .selectFrom('city.message')
    .select(['id', 'thread'])
    .where('id', '=', asked.message)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (!room || !question) return 0
  const id = ids.make('msg')
  const made = await tx
    .insertInto('city.message')
    .values({
      id,
      room: room.id,
      seq: Number(room.seq) + 1,
      author: AUTHOR,
      author_kind: 'service',
      author_name: wordsFor(asked.query).author,
      client_id: asked.message,
      body_hash: asked.message,
      text,
      reply_to: question.id,
      run: null,
      citations: null,
      engine,
      created_at: isoTime(clock.now()),
      thread: question.thread,
    })
    .onConflict((conflict) => conflict.columns(['author', 'room', 'client_id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!made) return 0
  return await numberEvents(tx, room.id, clock.now(), [
    { type: 'message', message: id },
    ...(question.thread === null ? [] : [{ type: 'thread' as const, message: question.thread }]),
  ])
}
