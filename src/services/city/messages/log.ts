import type { Handlers } from '../../../kernel/contract.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, enterRoom, hydrate } from '../city.store.ts'
import { numbered } from './numbered.ts'

/** A room's log for programs without a socket: the same frames, in the same order. */
export function createLog(db: CityDb): Pick<Handlers<typeof cityContract>, 'events'> {
  return {
    async events({ room: ref, after, limit }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      const events = await db
        .selectFrom('city.event')
        .select(['seq', 'type', 'message', 'part', 'detail'])
        .where('room', '=', room.id)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit + 1)
        .execute()
      const shown = events.slice(0, limit)
      const ids = [...new Set(shown.map((event) => event.message))]
      const rows =
        ids.length === 0
          ? []
          : await db.selectFrom('city.message').selectAll().where('id', 'in', ids).execute()
      const messages = new Map((await hydrate(db, rows)).map((message) => [message.id, message]))
      const items = shown.flatMap((event) => {
        const message = messages.get(event.message)
        return message ? [numbered(room.id, { ...event, seq: Number(event.seq) }, message)] : []
      })
      const last = shown.at(-1)
      return { items, seq: last ? Number(last.seq) : after, more: events.length > limit }
    },
  }
}
