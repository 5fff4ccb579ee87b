import { type Kysely, sql } from 'kysely'
import { AppError, type ErrorKind, type ErrorParams } from '../../kernel/errors.ts'
import { Envelope } from '../../kernel/event.ts'
import type { AnyTables } from '../database/database.ts'
import { storableJson } from '../database/storable.ts'
import type { AnyTransaction, DeadLetter } from './events.ts'

const PRUNE_BATCH = 1000

/** A delivery as taken by this life of the process. `attempt` and `owner` are its fence: whoever holds another pair stores nothing. */
export interface Taken {
  readonly consumer: string
  readonly eventId: string
  readonly owner: string
  readonly attempt: number
  readonly kills: number
  readonly envelope: Envelope
  readonly lastFailure: AppError | null
}

/** An event on its way in to one consumer. */
export interface Arrival {
  readonly consumer: string
  readonly envelope: Envelope
  readonly availableAt: Date
}

interface TakenRow {
  event_id: string
  envelope: unknown
  attempts: number
  kills: number
  error: { kind: ErrorKind; code: string; message: string; params: ErrorParams } | null
}

/** Stores arrivals; one that was here before changes nothing. */
export async function receive(db: AnyTransaction, arrivals: readonly Arrival[]): Promise<void> {
  await sql`
    insert into events.delivery (consumer, event_id, envelope, available_at)
    select a.consumer, a.envelope->>'id', a.envelope, a.available_at
    from jsonb_to_recordset(${JSON.stringify(
      arrivals.map(({ consumer, envelope, availableAt }) => ({
        consumer,
        envelope,
        available_at: availableAt,
      })),
    )}::jsonb) as a(consumer text, envelope jsonb, available_at timestamptz)
    on conflict do nothing`.execute(db)
}

/** Takes up to `limit` that are due, oldest first; each is another's no more. */
export async function take(
  db: AnyTransaction,
  consumer: string,
  owner: string,
  now: Date,
  limit: number,
  leaseMs: number,
): Promise<readonly Taken[]> {
  // Materialised, or the planner may look for what is due once for each row and take more than the limit.
  const { rows } = await sql<TakenRow>`
    with due as materialized (
      select event_id from events.delivery
      where consumer = ${consumer} and state = 'pending' and available_at <= ${now}
      order by available_at, event_id limit ${limit} for update skip locked)
    update events.delivery set
      state = 'running', owner = ${owner}, attempts = attempts + 1,
      leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where consumer = ${consumer} and state = 'pending' and event_id in (select event_id from due)
    returning event_id, envelope, attempts, kills, error`.execute(db)
  return rows
    .map((row) => ({
      consumer,
      eventId: row.event_id,
      owner,
      attempt: row.attempts,
      kills: row.kills,
      envelope: Envelope.parse(row.envelope),
      lastFailure:
        row.error && new AppError(row.error.kind, row.error.code, row.error.message, row.error.params),
    }))
    .sort((a, b) => (a.eventId < b.eventId ? -1 : 1))
}

/** What becomes of a taken delivery. */
export type Outcome =
  | { readonly state: 'done'; readonly at: Date }
  | { readonly state: 'dead'; readonly at: Date; readonly failure: AppError }
  | { readonly state: 'retry'; readonly at: Date; readonly failure: AppError }
  /** As if it had never been taken. */
  | { readonly state: 'back' }

/** Settles a taken delivery; false when it is no longer this life's to settle. */
export async function settle(db: AnyTransaction, taken: Taken, outcome: Outcome): Promise<boolean> {
  const { consumer, eventId, owner, attempt } = taken
  const { numAffectedRows } = await sql`
    update events.delivery set ${changes(outcome)}, owner = null, leased_until = null
    where consumer = ${consumer} and event_id = ${eventId}
      and state = 'running' and owner = ${owner} and attempts = ${attempt}`.execute(db)
  return numAffectedRows === 1n
}

function changes(outcome: Outcome) {
  switch (outcome.state) {
    case 'done':
      return sql`state = 'done', settled_at = ${outcome.at}, error = null`
    case 'dead':
      return sql`state = 'dead', settled_at = ${outcome.at}, error = ${words(outcome.failure)}::jsonb`
    case 'retry':
      return sql`state = 'pending', available_at = ${outcome.at}, error = ${words(outcome.failure)}::jsonb`
    case 'back':
      return sql`state = 'pending', attempts = attempts - 1`
  }
}

const words = ({ kind, code, message, params }: AppError): string =>
  storableJson({ kind, code, message, params })

/** Puts back what dead processes had under way, and counts the death: all that runs when `alone`, else that whose lease ran out. */
export async function reclaim(db: AnyTransaction, alone: boolean): Promise<void> {
  await sql`
    update events.delivery set state = 'pending', kills = kills + 1, owner = null, leased_until = null
    where state = 'running' and ${alone ? sql`true` : sql`leased_until < clock_timestamp()`}`.execute(db)
}

/** Says that these are worked on still. What this life took but does not hold, because the answer to the taking or the settling of it was lost with the database, is let go when its lease runs out. */
export async function renew(
  db: AnyTransaction,
  owner: string,
  held: readonly Pick<Taken, 'consumer' | 'eventId'>[],
  leaseMs: number,
): Promise<void> {
  const known = JSON.stringify(held.map(({ consumer, eventId }) => ({ consumer, event_id: eventId })))
  await sql`
    update events.delivery d set leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    from jsonb_to_recordset(${known}::jsonb) as h(consumer text, event_id text)
    where d.consumer = h.consumer and d.event_id = h.event_id and d.state = 'running' and d.owner = ${owner}`.execute(
    db,
  )
}

/** Which of these consumers have something due. */
export async function due(
  db: AnyTransaction,
  consumers: readonly string[],
  now: Date,
): Promise<readonly string[]> {
  const { rows } = await sql<{ consumer: string }>`
    select c.consumer from unnest(${consumers}::text[]) as c(consumer)
    where exists (
      select from events.delivery d
      where d.consumer = c.consumer and d.state = 'pending' and d.available_at <= ${now})`.execute(db)
  return rows.map(({ consumer }) => consumer)
}

/** Forgets what was done before `before`, up to a thousand of each kind at a time; true when there may be more. */
export async function prune(db: AnyTransaction, before: Date): Promise<boolean> {
  const deliveries = await sql`
    delete from events.delivery where ctid in (
      select ctid from events.delivery where state = 'done' and settled_at < ${before} limit ${PRUNE_BATCH})
    `.execute(db)
  const outbox = await sql`
    delete from events.outbox where id in (
      select id from events.outbox where relayed_at < ${before} limit ${PRUNE_BATCH})`.execute(db)
  return [deliveries, outbox].some(({ numAffectedRows }) => numAffectedRows === BigInt(PRUNE_BATCH))
}

export async function counts(db: AnyTransaction): Promise<{ outbox: number; pending: number; dead: number }> {
  const { rows } = await sql<{ outbox: number; pending: number; dead: number }>`
    select
      (select count(*) from events.outbox where relayed_at is null) as outbox,
      (select count(*) from events.delivery where state = 'pending')
        + (select count(*) from events.delivery where state = 'running') as pending,
      (select count(*) from events.delivery where state = 'dead') as dead`.execute(db)
  return rows[0] ?? { outbox: 0, pending: 0, dead: 0 }
}

/** The latest dead letters first. */
export async function deadLetters(db: Kysely<AnyTables>, limit: number): Promise<readonly DeadLetter[]> {
  const { rows } = await sql<{
    consumer: string
    event_id: string
    name: string
    settled_at: Date
    attempts: number
    code: string
  }>`
    select consumer, event_id, envelope->>'name' as name, settled_at, attempts, error->>'code' as code
    from events.delivery where state = 'dead' order by settled_at desc, event_id desc limit ${limit}`.execute(
    db,
  )
  return rows.map((row) => ({
    consumer: row.consumer,
    event: row.event_id,
    name: row.name,
    at: row.settled_at.toISOString(),
    attempts: row.attempts,
    code: row.code,
  }))
}

/** Gives a dead letter another set of tries; false when there is no such letter. */
export async function revive(
  db: AnyTransaction,
  consumer: string,
  event: string,
  now: Date,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update events.delivery set
      state = 'pending', attempts = 0, kills = 0, available_at = ${now}, settled_at = null, error = null
    where consumer = ${consumer} and event_id = ${event} and state = 'dead'`.execute(db)
  return numAffectedRows === 1n
}
