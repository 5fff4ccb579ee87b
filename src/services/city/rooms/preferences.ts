import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Events } from '../../../platform/events/events.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { asResource, type CityDb, enterRoom, isId } from '../city.store.ts'
import type { RoomViews } from './room-views.ts'
import { withMembership } from './rooms.store.ts'
import { tellPeople } from './told.ts'

export interface PreferenceNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly views: RoomViews
}

type PreferenceHandlers = Pick<Handlers<typeof cityContract>, 'preferRoom' | 'orderRooms'>

/** What each resident keeps about rooms for themselves: favourites, an order, what tells them. Their other pages follow. */
export function createPreferences({ db, events, views }: PreferenceNeeds): PreferenceHandlers {
  return {
    async preferRoom({ room: ref, favourite, notify }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const room = await enterRoom(db, ref, principal)
      const wish = { ...(favourite !== undefined && { favourite }), ...(notify && { notify }) }
      if (Object.keys(wish).length > 0)
        await db
          .insertInto('city.room_preference')
          .values({ room: room.id, principal: principal.id, ...wish })
          .onConflict((conflict) => conflict.columns(['room', 'principal']).doUpdateSet(wish))
          .execute()
      tellPeople(events, [principal.id], { room: room.id, change: 'mine' })
      return await views.one(room.id, principal)
    },

    async orderRooms({ rooms }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const asked = [...new Set(rooms)].filter(isId)
      await db.transaction().execute(async (tx) => {
        await tx
          .updateTable('city.room_preference')
          .set({ position: null })
          .where('principal', '=', principal.id)
          .execute()
        if (asked.length === 0) return
        const rows = await withMembership(tx, principal).where('room.id', 'in', asked).execute()
        const open = new Set(
          rows.filter((room) => may(principal, 'room.read', asResource(room)).permit).map(({ id }) => id),
        )
        const values = asked
          .filter((id) => open.has(id))
          .map((room, position) => ({ room, principal: principal.id, position }))
        if (values.length === 0) return
        await tx
          .insertInto('city.room_preference')
          .values(values)
          .onConflict((conflict) =>
            conflict
              .columns(['room', 'principal'])
              .doUpdateSet((set) => ({ position: set.ref('excluded.position') })),
          )
          .execute()
      })
      const [first] = asked
      if (first !== undefined) tellPeople(events, [principal.id], { room: first, change: 'mine' })
      return { done: true as const }
    },
  }
}
