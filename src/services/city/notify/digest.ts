import { isoTime } from '../../../kernel/clock.ts'
import type { EventOf } from '../../../kernel/event.ts'
import type { Job } from '../../../platform/events/events.ts'
import { digestReady } from '../city.events.ts'
import type { CityDb } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { BellNeeds } from './bell.ts'
import { digestDue } from './notify.events.ts'
import { nextTime } from './quiet.ts'
import { unreadByRoom } from './shown.ts'

const MORNING = '08:00'
const DAY_MS = 86_400_000
const DAYS = { daily: 1, weekly: 7 } as const
/** Rooms a digest names. */
const MOST_ROOMS = 20

/** The next morning of somebody's own zone brings their digest, as long as it is of this revision. */
export async function armDigest(
  tx: CityDb,
  { events, clock }: Pick<BellNeeds, 'events' | 'clock'>,
  { principal, revision, zone }: { principal: string; revision: number; zone: string },
): Promise<void> {
  const availableAt = nextTime(MORNING, zone, clock.now())
  await events.append(tx, { type: digestDue, principal: null, data: { principal, revision }, availableAt })
}

/** Each morning, or on Mondays: says what somebody has not seen of what they are told, counted by room, where there is something; whoever sends letters takes it from there. Silent while they are not to be disturbed. */
export function consumeDigests(needs: BellNeeds): void {
  const { db, events, clock } = needs
  events.consume<CityTables, typeof digestDue>({
    name: 'city.digest',
    db,
    types: [digestDue],
    async handle({ data }: EventOf<typeof digestDue>, job: Job<CityTables>) {
      await job.commit(async (tx) => {
        const wish = await tx
          .selectFrom('city.notification_setting')
          .selectAll()
          .where('principal', '=', data.principal)
          .where('digest_revision', '=', data.revision)
          .executeTakeFirst()
        if (!wish || wish.digest === 'off') return
        const now = clock.now()
        await armDigest(tx, needs, { ...data, zone: wish.zone })
        const rests =
          wish.do_not_disturb_until !== null && new Date(wish.do_not_disturb_until).getTime() > now
        if (rests || wish.level === 'none') return
        if (wish.digest === 'weekly' && !isMonday(now, wish.zone)) return
        const since = isoTime(now - DAYS[wish.digest] * DAY_MS)
        const rooms = await unreadByRoom(tx, data.principal, since, MOST_ROOMS)
        if (rooms.length === 0) return
        const ready = { principal: data.principal, rooms: [...rooms] }
        await events.append(tx, { type: digestReady, principal: null, data: ready })
      })
    },
  })
}

const isMonday = (at: number, zone: string): boolean =>
  new Intl.DateTimeFormat('en', { timeZone: zone, weekday: 'short' }).format(at) === 'Mon'
