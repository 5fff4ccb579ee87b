import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, isId } from '../city.store.ts'
import { tellUnread } from './follow.ts'
import { pageOf, shown, unreadOf } from './shown.ts'

export interface BellNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
}

/** What one is told of, and that it was seen; one's other pages follow. */
export function createBell({
  db,
  events,
  clock,
}: BellNeeds): Pick<Handlers<typeof cityContract>, 'notifications' | 'readNotifications'> {
  const unread = async (principal: string): Promise<number> =>
    (await unreadOf(db, [principal])).get(principal) ?? 0
  return {
    async notifications({ limit, after }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const from = after !== undefined && isId(after) ? after : undefined
      const rows = await pageOf(db, principal.id, limit + 1, from)
      const items = rows.slice(0, limit).map(shown)
      const last = items.at(-1)
      return {
        items,
        unread: await unread(principal.id),
        ...(rows.length > limit && last && { next: last.id }),
      }
    },

    async readNotifications({ ids }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const wanted = ids?.filter(isId)
      await sql`
        update city.notification set read_at = ${isoTime(clock.now())}::timestamptz
        where principal = ${principal.id} and read_at is null
          and (${wanted === undefined}::boolean or id = any(${wanted ?? []}::text[]))`.execute(db)
      await tellUnread(db, events, [principal.id])
      return { unread: await unread(principal.id) }
    },
  }
}
