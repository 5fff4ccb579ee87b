import { sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { Envelope, EventType } from '../../kernel/event.ts'
import type { Ids } from '../../kernel/ids.ts'
import { storableJson } from '../database/storable.ts'
import type { AnyTransaction, NewEvent } from './events.ts'

const BATCH = 200

/** An event that leaves the outbox. */
export interface Outgoing {
  readonly envelope: Envelope
  /** When it may be handled first; by default when it happened. */
  readonly availableAt: Date
}

/** Which consumer wants which version of which event. */
export interface Route {
  readonly consumer: string
  readonly name: string
  readonly version: number
}

/** Writes events in the caller's transaction. Data that does not fit its type rejects, and nothing is written. */
export async function write(
  tx: AnyTransaction,
  events: readonly NewEvent<EventType>[],
  clock: Clock,
  ids: Ids,
): Promise<void> {
  if (events.length === 0) return
  const rows = events.map((event) => ({
    id: ids.make('evt'),
    name: event.type.name,
    version: event.type.version,
    at: isoTime(clock.now()),
    principal: event.principal,
    room: event.room,
    seq: event.seq,
    request_id: event.requestId,
    data: event.type.data.parse(event.data),
    available_at: event.availableAt === undefined ? null : isoTime(event.availableAt),
  }))
  await sql`
    insert into events.outbox (id, name, version, at, principal, room, seq, request_id, data, available_at)
    select id, name, version, at, principal, room, seq, request_id, data, available_at
    from jsonb_to_recordset(${storableJson(rows)}::jsonb) as e(
      id text, name text, version integer, at timestamptz, principal text, room text, seq bigint,
      request_id text, data jsonb, available_at timestamptz)`.execute(tx)
}

const envelope = sql`jsonb_strip_nulls(jsonb_build_object(
    'id', t.id, 'name', t.name, 'version', t.version, 'room', t.room, 'seq', t.seq, 'requestId', t.request_id,
    'at', to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  )) || jsonb_build_object('principal', t.principal, 'data', t.data)`

/** Moves what waits into the deliveries of these consumers, in one statement, whatever is killed. Says who got something, and whether more may wait. */
export async function moveOut(
  db: AnyTransaction,
  routes: readonly Route[],
  now: Date,
): Promise<{ readonly consumers: readonly string[]; readonly more: boolean }> {
  const { rows } = await sql<{ consumer: string | null; taken: number }>`
    with taken as (
      select * from events.outbox where relayed_at is null order by id limit ${BATCH} for update skip locked
    ), route as (
      select * from jsonb_to_recordset(${JSON.stringify(routes)}::jsonb)
        as r(consumer text, name text, version integer)
    ), given as (
      insert into events.delivery (consumer, event_id, envelope, available_at)
      select route.consumer, t.id, ${envelope}, coalesce(t.available_at, t.at)
      from taken t join route on route.name = t.name and route.version = t.version
      on conflict do nothing
      returning consumer
    ), marked as (
      update events.outbox o set relayed_at = ${now} from taken t where o.id = t.id returning o.id
    )
    select null as consumer, count(*) as taken from marked
    union all select distinct consumer, 0 as taken from given`.execute(db)
  return {
    consumers: rows.flatMap(({ consumer }) => consumer ?? []),
    more: rows.some(({ taken }) => taken === BATCH),
  }
}

/** Claims what waits for so long, to carry it elsewhere. */
export async function claim(db: AnyTransaction, leaseMs: number): Promise<readonly Outgoing[]> {
  const { rows } = await sql<{ envelope: Envelope; available_at: Date }>`
    update events.outbox t set claimed_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where t.id in (
      select id from events.outbox
      where relayed_at is null and (claimed_until is null or claimed_until < clock_timestamp())
      order by id limit ${BATCH} for update skip locked)
    returning ${envelope} as envelope, coalesce(t.available_at, t.at) as available_at`.execute(db)
  return rows
    .map((row) => ({ envelope: row.envelope, availableAt: row.available_at }))
    .sort((a, b) => (a.envelope.id < b.envelope.id ? -1 : 1))
}

/** An event that arrived, and the number under which the transport keeps its copy. */
export interface Carried {
  readonly id: string
  readonly as: number
}

/** Ends claims: what arrived is never carried again, the rest may be at once. */
export async function release(
  db: AnyTransaction,
  arrived: readonly Carried[],
  others: readonly string[],
  now: Date,
): Promise<void> {
  await sql`
    with arrived as (select * from jsonb_to_recordset(${JSON.stringify(arrived)}::jsonb) as a(id text, "as" bigint))
    update events.outbox o set
      claimed_until = null,
      carried_as = (select a."as" from arrived a where a.id = o.id),
      relayed_at = case when o.id in (select id from arrived) then ${now}::timestamptz end
    where (o.id in (select id from arrived) or o.id = any(${[...others]}::text[])) and relayed_at is null`.execute(
    db,
  )
}

/** Ends the claims of a life before, where no other process shares the outbox. */
export async function releaseAll(db: AnyTransaction): Promise<void> {
  await sql`
    update events.outbox set claimed_until = null
    where relayed_at is null and claimed_until is not null`.execute(db)
}
