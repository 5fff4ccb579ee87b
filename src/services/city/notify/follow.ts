import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { CityDb } from '../city.store.ts'
import { personal, roomEvent } from '../live/channels.ts'
import { pushDue } from './notify.events.ts'
import { unreadOf } from './shown.ts'
import { type Told, whomToTell } from './whom.ts'

export interface FollowNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  /** Who has a room before their eyes. */
  readonly looking: (room: string) => readonly string[]
  /** Whether browsers can be woken. */
  readonly pushes: boolean
  readonly failed: (failure: unknown) => void
}

/** Gathers what comes at the same moment. */
const GATHER_MS = 40
/** A process that died, or a broadcast that was lost, costs no more. */
const SWEEP_MS = 3_000
const EVENTS_A_TURN = 100
const ROOMS_A_SWEEP = 200
const DAY_MS = 86_400_000
/** What was said longer ago, such as what an import brings, is no news. */
const NEWS_MS = DAY_MS
const KEEP_MS = 60 * DAY_MS
const PRUNE_EVERY_MS = 3_600_000

/** Reads each room's log from where it was left and notes whom each new message is for. The place is stored together with the notes and with the pushes they make, so each is made once, whatever is killed; several processes take different rooms. Runs until the signal aborts. */
export async function followRooms(needs: FollowNeeds, signal: AbortSignal): Promise<void> {
  const { db, events, clock, failed } = needs
  const grown = new Set<string>()
  let wake: () => void = () => undefined
  const unlisten = events.listen(roomEvent, ({ room }) => {
    grown.add(room)
    wake()
  })
  let pruneAt = clock.now()
  try {
    while (!signal.aborted) {
      const late = clock.sleep(SWEEP_MS, signal).then(() => true)
      late.catch(() => undefined)
      const woken = new Promise<boolean>((resolve) => {
        wake = () => resolve(false)
      })
      try {
        if (grown.size === 0 && (await Promise.race([late, woken])))
          for (const room of await behind(db)) grown.add(room)
        else await clock.sleep(GATHER_MS, signal)
        if (clock.now() >= pruneAt) {
          pruneAt = clock.now() + PRUNE_EVERY_MS
          await prune(db, clock.now() - KEEP_MS)
        }
        for (const room of grown) {
          grown.delete(room)
          if (await turn(needs, room)) grown.add(room)
        }
      } catch (failure) {
        if (signal.aborted) return
        // The sweep comes back to it.
        failed(failure)
      }
    }
  } finally {
    unlisten()
  }
}

/** Answers whether there is more. */
async function turn(needs: FollowNeeds, room: string): Promise<boolean> {
  const { db, events, clock, looking } = needs
  let told: readonly Told[] = []
  const more = await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('city.notify_mark')
      .values({ room, seq: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const mark = await tx
      .selectFrom('city.notify_mark')
      .select('seq')
      .where('room', '=', room)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()
    // Another process is at it.
    if (!mark) return false
    const log = await tx
      .selectFrom('city.event')
      .select(['seq', 'type', 'message'])
      .where('room', '=', room)
      .where('seq', '>', Number(mark.seq))
      .orderBy('seq')
      .limit(EVENTS_A_TURN)
      .execute()
    const last = log.at(-1)
    if (!last) return false
    const fresh = log.filter(({ type }) => type === 'message').map(({ message }) => message)
    if (fresh.length > 0) {
      const since = isoTime(clock.now() - NEWS_MS)
      told = await note(tx, needs, await whomToTell(tx, room, fresh, looking(room), since))
    }
    await tx
      .updateTable('city.notify_mark')
      .set({ seq: Number(last.seq) })
      .where('room', '=', room)
      .execute()
    return log.length === EVENTS_A_TURN
  })
  if (told.length > 0) await tellUnread(db, events, [...new Set(told.map(({ principal }) => principal))])
  return more
}

/** Tells the open pages of each of them how much they have not seen. */
export async function tellUnread(db: CityDb, events: Events, principals: readonly string[]): Promise<void> {
  for (const [principal, unread] of await unreadOf(db, principals))
    events.broadcast(personal, { principal, frame: { type: 'notifications', unread } })
}

async function note(
  tx: CityDb,
  { events, clock, ids, pushes }: FollowNeeds,
  wanted: readonly Told[],
): Promise<readonly Told[]> {
  if (wanted.length === 0) return []
  const at = isoTime(clock.now())
  const rows = wanted.map((one) => ({ ...one, id: ids.make('note') }))
  const { rows: made } = await sql<Told & { id: string }>`
    insert into city.notification (id, principal, message, room, kind, at)
    select id, principal, message, room, kind, ${at}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as t(id text, principal text, message text, room text, kind text)
    on conflict (principal, message) do nothing
    returning id, principal, message, room, kind`.execute(tx)
  if (!pushes || made.length === 0) return made
  const { rows: waking } = await sql<{ notification: string; subscription: string }>`
    select n.id as notification, s.id as subscription
    from city.notification n join city.push_subscription s on s.principal = n.principal
      left join city.notification_setting g on g.principal = n.principal
    where n.id = any(${made.map(({ id }) => id)}::text[]) and coalesce(g.push, true)
    order by n.id, s.id`.execute(tx)
  await events.append(
    tx,
    ...waking.map((one) => ({ type: pushDue, principal: null, data: { ...one, waited: false } })),
  )
  return made
}

async function behind(db: CityDb): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select r.id from city.room r left join city.notify_mark s on s.room = r.id
    where r.seq > coalesce(s.seq, 0) order by r.id limit ${ROOMS_A_SWEEP}`.execute(db)
  return rows.map(({ id }) => id)
}

async function prune(db: CityDb, before: number): Promise<void> {
  await sql`delete from city.notification where at < ${isoTime(before)}::timestamptz`.execute(db)
}
