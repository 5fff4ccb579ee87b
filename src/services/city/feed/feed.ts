import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, iso } from '../city.store.ts'
import type { FeedItem } from '../feed.contract.ts'
import type { RoomViews } from '../rooms/room-views.ts'
import { roomsOf } from '../rooms/rooms.store.ts'
import type { Room } from '../rooms.contract.ts'
import { countsSince, gather } from './sources.ts'

export interface FeedNeeds {
  readonly db: CityDb
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly views: RoomViews
  readonly clock: Clock
}

/** What is older is found by search. */
const WINDOW_MS = 30 * 24 * 3600_000
const MAX_ROOMS = 500

/** What happened, gathered anew at each asking from the rooms the asker may read at that moment, so that a right that is lost takes everything with it. */
export function createFeed(needs: FeedNeeds): Pick<Handlers<typeof cityContract>, 'feed' | 'feedSeen'> {
  const { db, views, clock } = needs

  const openRooms = async (principal: Principal): Promise<Room[]> =>
    await views.show(await roomsOf(db, principal, MAX_ROOMS), principal)

  return {
    async feed({ limit, after }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const rooms = await openRooms(principal)
      const visit = await lastVisit(db, principal.id)
      const from = clock.now() - WINDOW_MS
      const items = (await gather(needs, { principal, rooms, from, visit })).sort(byUrgency)
      const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after)
      const shown = rest.slice(0, limit)
      const last = shown.at(-1)
      const since = visit ?? from
      return {
        items: shown,
        next: rest.length > limit && last ? keyOf(last) : undefined,
        ...(after === undefined && {
          digest: {
            since: visit === null ? null : isoTime(visit),
            rooms: await countsSince(db, { principal, rooms, since }),
          },
        }),
      }
    },

    async feedSeen(_input, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const at = isoTime(clock.now())
      await db
        .insertInto('city.visit')
        .values({ principal: principal.id, at })
        .onConflict((conflict) => conflict.column('principal').doUpdateSet({ at }))
        .execute()
      return { at }
    },
  }
}

async function lastVisit(db: CityDb, principal: string): Promise<number | null> {
  const row = await db
    .selectFrom('city.visit')
    .select('at')
    .where('principal', '=', principal)
    .executeTakeFirst()
  return row ? Date.parse(iso(row.at)) : null
}

const END_OF_TIME = 9_999_999_999_999

/** Grows along the feed: unread before read, later before earlier. */
const keyOf = ({ unread, at, id }: FeedItem): string =>
  `${unread ? 0 : 1}.${String(END_OF_TIME - Date.parse(at)).padStart(13, '0')}.${id}`
const byUrgency = (a: FeedItem, b: FeedItem): number => (keyOf(a) < keyOf(b) ? -1 : 1)
