import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { CityDb } from '../city.store.ts'
import { personal } from '../live/channels.ts'
import { createLogFollower, type LogFollower } from '../live/log-follower.ts'
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

const DAY_MS = 86_400_000
/** What was said longer ago, such as what an import brings, is no news. */
const NEWS_MS = DAY_MS
const KEEP_MS = 60 * DAY_MS
const PRUNE_EVERY_MS = 3_600_000

/** Notes, for each new message of each room, whom it is for; the notes and the pushes they make are stored together with the place in the room's log. */
export function createNoting(needs: FollowNeeds): LogFollower {
  const { db, events, clock, looking, failed } = needs
  let pruneAt = clock.now()
  return createLogFollower({
    db,
    events,
    clock,
    failed,
    mark: 'city.notify_mark',
    async take(tx, room, log) {
      const fresh = log.filter(({ type }) => type === 'message').map(({ message }) => message)
      const edited = [...new Set(log.filter(({ type }) => type === 'edited').map(({ message }) => message))]
      if (fresh.length + edited.length === 0) return undefined
      const since = isoTime(clock.now() - NEWS_MS)
      const now = { looking: looking(room), since }
      const wanted = fresh.length > 0 ? await whomToTell(tx, room, fresh, now) : []
      // Who is called by an edit is told of it as well, once.
      const called = edited.length > 0 ? await whomToTell(tx, room, edited, { ...now, edited: true }) : []
      const told = await note(tx, needs, [...wanted, ...called])
      const people = [...new Set(told.map(({ principal }) => principal))]
      return people.length === 0 ? undefined : () => tellUnread(db, events, people)
    },
    async meanwhile() {
      if (clock.now() < pruneAt) return
      pruneAt = clock.now() + PRUNE_EVERY_MS
      await prune(db, clock.now() - KEEP_MS)
    },
  })
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

async function prune(db: CityDb, before: number): Promise<void> {
  await sql`delete from city.notification where at < ${isoTime(before)}::timestamptz`.execute(db)
}
