import { sql } from 'kysely'
import { stems } from '../../../engines/words/stems.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { Events } from '../../../platform/events/events.ts'
import { type CityDb, iso, json } from '../city.store.ts'
import { createLogFollower, type LogFollower } from '../live/log-follower.ts'
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

/** Keeps what can be found by words up with the log of every room: takes in every message that an event names, as the message stands, so that edits, outcomes and deletions are the same work as something new. */
export function createIndexer({ events, ...needs }: IndexerNeeds): LogFollower {
  return createLogFollower({
    ...needs,
    events,
    mark: 'city.search_mark',
    async take(tx, _room, log) {
      const deleted = log.filter(({ type }) => type === 'deleted').map(({ message }) => message)
      await forgetLinks(tx, deleted)
      await takeIn(tx, events, [...new Set(log.map(({ message }) => message))])
      return undefined
    },
  })
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

/** How long stems are made of texts before others get a turn. */
const SLICE_MS = 8

async function write(tx: CityDb, entries: readonly Entry[]): Promise<void> {
  const words = new Set<string>()
  const rows: object[] = []
  let since = performance.now()
  for (const { message, part, room, kind, at, text } of entries) {
    const own = [...new Set(stems(text))]
    for (const stem of own) words.add(stem)
    rows.push({ message, part, room, kind, at: iso(at), words: own, digest: digestOf(text) })
    if (performance.now() - since < SLICE_MS) continue
    await new Promise((resolve) => setImmediate(resolve))
    since = performance.now()
  }
  await sql`
    insert into city.search_entry (message, part, room, kind, at, words, digest)
    select message, part, room, kind, at, array_to_tsvector(words), digest
    from jsonb_to_recordset(${json(rows)}::jsonb) as e(message text, part integer, room text, kind text,
      at timestamptz, words text[], digest text)
    on conflict (message, part) do update set kind = excluded.kind, words = excluded.words, digest = excluded.digest`.execute(
    tx,
  )
  // In one order, so that two processes never wait for each other.
  const spelt = [...words].sort().flatMap((stem) => {
    const keys = spellingKeys(stem)
    return keys.length > 0 ? [{ stem, keys }] : []
  })
  if (spelt.length === 0) return
  await sql`
    insert into city.search_word (stem, keys)
    select stem, keys from jsonb_to_recordset(${json(spelt)}::jsonb) as w(stem text, keys text[])
    on conflict do nothing`.execute(tx)
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
