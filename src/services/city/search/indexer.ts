import { sql } from 'kysely'
import { stems } from '../../../engines/words/stems.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { Events } from '../../../platform/events/events.ts'
import { type CityDb, iso } from '../city.store.ts'
import { roomEvent } from '../live/channels.ts'
import { forgetLinks } from '../previews/previews.ts'
import { digestOf, type Entry, entriesOf, keyOf } from './entries.ts'
import { embedAsked } from './search.events.ts'
import { spellingKeys } from './spelling.ts'

export interface IndexerNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly failed: (failure: unknown) => void
}

/** Keeps what can be found by words up with the log of every room. */
export interface Indexer {
  /** Follows the rooms until it is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when every room is known to its end. */
  settled(): Promise<void>
}

/** Gathers what comes at the same moment. */
const GATHER_MS = 40
/** A process that died, or a broadcast that was lost, costs no more. */
const SWEEP_MS = 3_000
const EVENTS_A_TURN = 100
const ROOMS_A_SWEEP = 200

/** Reads each room's log from where it was left and takes in every message that an event names, as the message stands: edits, outcomes and deletions are the same work as something new. Place and words are stored together, so nothing is lost or kept too long whatever is killed; several processes take different rooms. */
export function createIndexer({ db, events, clock, failed }: IndexerNeeds): Indexer {
  const grown = new Set<string>()
  let wake: () => void = () => undefined
  events.listen(roomEvent, ({ room }) => {
    grown.add(room)
    wake()
  })

  /** Answers whether there is more. */
  const turn = async (room: string): Promise<boolean> =>
    await db.transaction().execute(async (tx) => {
      await tx
        .insertInto('city.search_mark')
        .values({ room, seq: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      const mark = await tx
        .selectFrom('city.search_mark')
        .select('seq')
        .where('room', '=', room)
        .forUpdate()
        .skipLocked()
        .executeTakeFirst()
      // Another process is at it.
      if (!mark) return false
      const log = await tx
        .selectFrom('city.event')
        .select(['seq', 'message'])
        .where('room', '=', room)
        .where('seq', '>', Number(mark.seq))
        .orderBy('seq')
        .limit(EVENTS_A_TURN)
        .execute()
      const last = log.at(-1)
      if (!last) return false
      await takeIn(tx, events, [...new Set(log.map(({ message }) => message))])
      await tx
        .updateTable('city.search_mark')
        .set({ seq: Number(last.seq) })
        .where('room', '=', room)
        .execute()
      return log.length === EVENTS_A_TURN
    })

  const behind = async (): Promise<string[]> => {
    const { rows } = await sql<{ id: string }>`
      select r.id from city.room r left join city.search_mark s on s.room = r.id
      where r.seq > coalesce(s.seq, 0) order by r.id limit ${ROOMS_A_SWEEP}`.execute(db)
    return rows.map(({ id }) => id)
  }

  const work = async (): Promise<void> => {
    for (const room of grown) {
      grown.delete(room)
      try {
        if (await turn(room)) grown.add(room)
      } catch (failure) {
        // The sweep comes back to it.
        failed(failure)
      }
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        const late = clock.sleep(SWEEP_MS, signal).then(() => true)
        late.catch(() => undefined)
        const woken = new Promise<boolean>((resolve) => {
          wake = () => resolve(false)
        })
        if (grown.size === 0 && (await Promise.race([late, woken])))
          for (const room of await behind()) grown.add(room)
        else await clock.sleep(GATHER_MS, signal)
        await work()
      }
    },
    async settled() {
      for (const room of await behind()) grown.add(room)
      await work()
    },
  }
}

/** Makes what is known of these messages what they say now. */
async function takeIn(tx: CityDb, events: Events, messages: readonly string[]): Promise<void> {
  const entries = await entriesOf(tx, messages)
  const before = await tx
    .selectFrom('city.search_entry')
    .select(['message', 'part', 'digest'])
    .select(sql<string[]>`tsvector_to_array(words)`.as('stems'))
    .where('message', 'in', messages)
    .execute()
  const known = new Map(before.map((row) => [keyOf(row), row]))
  const now = new Set(entries.map(keyOf))
  const changed = entries.filter((entry) => known.get(keyOf(entry))?.digest !== digestOf(entry.text))
  await forgetLinks(tx, await deletedOf(tx, messages))
  const gone = before.filter((row) => !now.has(keyOf(row)))
  for (const { message, part } of gone)
    await tx.deleteFrom('city.search_entry').where('message', '=', message).where('part', '=', part).execute()
  if (changed.length > 0) await write(tx, changed)
  const replaced = changed.flatMap((entry) => known.get(keyOf(entry))?.stems ?? [])
  await forget(tx, [...new Set([...replaced, ...gone.flatMap((row) => row.stems)])])
  const worth = [...new Set(changed.filter(({ kind }) => kind !== 'file').map(({ message }) => message))]
  if (worth.length === 0) return
  const models = await tx.selectFrom('city.search_model').select('model').execute()
  for (const { model } of models)
    await events.append(tx, { type: embedAsked, principal: null, data: { model, messages: worth } })
}

async function deletedOf(tx: CityDb, messages: readonly string[]): Promise<string[]> {
  const rows = await tx
    .selectFrom('city.message')
    .select('id')
    .where('id', 'in', messages)
    .where('deleted_at', 'is not', null)
    .execute()
  return rows.map(({ id }) => id)
}

async function write(tx: CityDb, entries: readonly Entry[]): Promise<void> {
  const words = new Set<string>()
  const rows = entries.map(({ message, part, room, kind, at, text }) => {
    const own = [...new Set(stems(text))]
    for (const stem of own) words.add(stem)
    return sql`(${message}::text, ${part}::int, ${room}::text, ${kind}::text, ${iso(at)}::timestamptz, array_to_tsvector(${own}::text[]), ${digestOf(text)}::text)`
  })
  await sql`
    insert into city.search_entry (message, part, room, kind, at, words, digest) values ${sql.join(rows)}
    on conflict (message, part) do update set kind = excluded.kind, words = excluded.words, digest = excluded.digest`.execute(
    tx,
  )
  // In one order, so that two processes never wait for each other.
  const spelt = [...words].sort().flatMap((stem) => {
    const keys = spellingKeys(stem)
    return keys.length > 0 ? [sql`(${stem}::text, ${keys}::text[])`] : []
  })
  for (let from = 0; from < spelt.length; from += 500)
    await sql`insert into city.search_word (stem, keys) values ${sql.join(spelt.slice(from, from + 500))} on conflict do nothing`.execute(
      tx,
    )
}

/** Words that no text holds any more are not kept either: what was erased leaves none behind. */
async function forget(tx: CityDb, words: readonly string[]): Promise<void> {
  if (words.length === 0) return
  await sql`
    delete from city.search_word w where w.stem = any(${words}::text[])
      and not exists (select 1 from city.search_entry e where e.words @@ quote_literal(w.stem)::tsquery)`.execute(
    tx,
  )
}
