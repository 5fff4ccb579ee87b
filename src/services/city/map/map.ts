import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, isId, type RoomRow } from '../city.store.ts'
import type { AgentPresence } from '../live/agent-presence.ts'
import type { Presence } from '../live/presence.ts'
import type { District, Place } from '../map.contract.ts'
import { checkText } from '../messages/text.ts'
import { manageRoom, withMembership } from '../rooms/rooms.store.ts'
import { placeIn } from './place-in.ts'

export interface MapNeeds {
  readonly db: CityDb
  readonly presence: Pick<Presence, 'inRoom' | 'people'>
  readonly agentsNow: Pick<AgentPresence, 'states'>
  readonly clock: Clock
}

type MapHandlers = Pick<
  Handlers<typeof cityContract>,
  'map' | 'setPlace' | 'removePlace' | 'setDistrict' | 'removeDistrict'
>

export interface CityMap {
  readonly handlers: MapHandlers
  /** Makes the first district, where there is none. */
  found(): Promise<void>
}

const BUSY: readonly string[] = ['reading', 'thinking', 'tool']
const MAX_DISTRICTS = 100
const MAX_ROOMS = 500
const DONE = { done: true } as const

/** The map. It shows of the city what the asker may enter: a hidden room leaves no gap, because only public rooms are given places by the city, in the order they were opened. */
export function createMap({ db, presence, agentsNow, clock }: MapNeeds): CityMap {
  const districts = async (tx: CityDb): Promise<District[]> =>
    await tx
      .selectFrom('city.district')
      .select(['id', 'name', 'x', 'y', 'width', 'height'])
      .orderBy('created_at')
      .orderBy('id')
      .limit(MAX_DISTRICTS)
      .execute()

  const handlers: MapHandlers = {
    async map(_input, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const all = await districts(db)
      const rows = await withMembership(db, principal)
        .leftJoin('city.place as place', 'place.room', 'room.id')
        .select(['place.district', 'place.x', 'place.y'])
        .where('room.visibility', '<>', 'direct')
        .where((where) =>
          where.or([where('member.membership', 'is not', null), where('room.visibility', '=', 'public')]),
        )
        .orderBy('room.id')
        .limit(MAX_ROOMS)
        .execute()
      const [first] = all
      let slot = 0
      const places: Place[] = []
      const placeless: RoomRow[] = []
      for (const room of rows) {
        const given = room.visibility === 'public' && first ? placeIn(first, slot++) : undefined
        if (room.archived_at !== null || !may(principal, 'room.read', asResource(room)).permit) continue
        const put =
          room.district !== null && room.x !== null && room.y !== null
            ? { district: room.district, x: room.x, y: room.y }
            : undefined
        const at = put ?? given
        const movable = may(principal, 'room.manage', asResource(room)).permit
        if (at) places.push({ ...at, ...about(room), placed: put !== undefined, movable })
        else if (movable) placeless.push(room)
      }
      return {
        districts: all,
        places,
        inCity: [...presence.people.values()].filter(({ state }) => state === 'here').length,
        atWork: [...agentsNow.states.values()].filter((state) => BUSY.includes(state)).length,
        placeless: placeless.map(({ id, slug, name }) => ({ id, slug, name })),
      }
    },

    async setPlace({ room: ref, district: id, x, y }, { principal }) {
      await db.transaction().execute(async (tx) => {
        const room = await manageRoom(tx, ref, principal)
        if (room.visibility === 'direct') throw cityError('city.place_direct')
        const district = (await districts(tx)).find((one) => one.id === id)
        if (!district) throw cityError('city.district_not_found')
        if (!holds(district, x, y)) throw cityError('city.place_outside')
        const place = { district: id, x, y }
        await tx
          .insertInto('city.place')
          .values({ room: room.id, ...place })
          .onConflict((conflict) => conflict.column('room').doUpdateSet(place))
          .execute()
      })
      return DONE
    },

    async removePlace({ room: ref }, { principal }) {
      await db.transaction().execute(async (tx) => {
        const room = await manageRoom(tx, ref, principal)
        await tx.deleteFrom('city.place').where('room', '=', room.id).execute()
      })
      return DONE
    },

    async setDistrict({ district: id, ...wish }) {
      checkText(wish.name)
      if (wish.x + wish.width > 1000 || wish.y + wish.height > 1000) throw cityError('city.place_outside')
      await db.transaction().execute(async (tx) => {
        await tx
          .insertInto('city.district')
          .values({ id, ...wish, created_at: isoTime(clock.now()) })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(wish))
          .execute()
        // What no longer lies in it moves to its edge.
        const places = await tx.selectFrom('city.place').selectAll().where('district', '=', id).execute()
        for (const { room, x, y } of places) {
          if (holds(wish, x, y)) continue
          const inside = {
            x: Math.min(Math.max(x, wish.x), wish.x + wish.width),
            y: Math.min(Math.max(y, wish.y), wish.y + wish.height),
          }
          await tx.updateTable('city.place').set(inside).where('room', '=', room).execute()
        }
      })
      return { id, ...wish }
    },

    async removeDistrict({ district: id }) {
      await db.transaction().execute(async (tx) => {
        // Two who take the last two at once wait here for one another.
        const all = await tx.selectFrom('city.district').select('id').orderBy('id').forUpdate().execute()
        if (!isId(id) || !all.some((one) => one.id === id)) throw cityError('city.district_not_found')
        if (all.length === 1) throw cityError('city.district_last')
        await tx.deleteFrom('city.place').where('district', '=', id).execute()
        await tx.deleteFrom('city.district').where('id', '=', id).execute()
      })
      return DONE
    },
  }
  return {
    handlers,
    async found() {
      const there = await db.selectFrom('city.district').select('id').limit(1).executeTakeFirst()
      if (there) return
      await db
        .insertInto('city.district')
        .values({ ...CENTRE, created_at: isoTime(clock.now()) })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
  }

  function about(room: RoomRow): Pick<Place, 'room' | 'here' | 'agents'> {
    const { id, slug, name, topic, visibility, membership } = room
    const { mode, agents } = room.reply_policy
    return {
      room: { id, slug, name, topic, visibility, membership },
      here: presence.inRoom(id).length,
      agents: mode === 'off' ? 0 : agents.length,
    }
  }
}

const CENTRE = { id: 'center', name: 'Середмістя', x: 260, y: 250, width: 480, height: 440 }

const holds = ({ x, y, width, height }: Omit<District, 'id' | 'name'>, px: number, py: number): boolean =>
  px >= x && px <= x + width && py >= y && py <= y + height
