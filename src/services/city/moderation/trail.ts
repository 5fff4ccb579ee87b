import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, iso } from '../city.store.ts'
import type { ModerationEntry } from '../moderation.contract.ts'
import { keepRoom } from '../rooms/rooms.store.ts'
import { type Names, placesOf } from './names.ts'

/** Something a moderator did, as it is written down. */
export interface Deed {
  readonly actor: string
  readonly action: ModerationEntry['action']
  readonly subject?: string | null
  readonly room?: string | null
  readonly message?: string | null
  readonly reason?: string | null
  readonly until?: string | null
}

/** Writes into the append-only trail, in the transaction of the deed itself. Who reported stands nowhere in it. */
export type Trail = (tx: CityDb, deed: Deed) => Promise<void>

export const createTrail =
  (clock: Clock, ids: Ids): Trail =>
  async (tx, { actor, action, subject, room, message, reason, until }) => {
    await tx
      .insertInto('city.moderation_log')
      .values({
        id: ids.make('deed'),
        at: isoTime(clock.now()),
        actor,
        action,
        subject: subject ?? null,
        room: room ?? null,
        message: message ?? null,
        reason: reason ?? null,
        until: until ?? null,
      })
      .execute()
  }

/** Reading the trail: of a room by those who keep it, of all of them by those who run the city. */
export function createTrailReading(
  db: CityDb,
  names: Names,
): Pick<Handlers<typeof cityContract>, 'moderationLog'> {
  return {
    async moderationLog({ room: ref, limit, after }, { principal, requestId }) {
      const operates = may(principal, 'city.operate', { type: 'city' }).permit
      if (ref === undefined && !operates) throw kernelError('auth.forbidden')
      const room = ref === undefined ? undefined : (await keepRoom(db, ref, principal, false)).id
      let query = db.selectFrom('city.moderation_log').selectAll()
      if (room !== undefined) query = query.where('room', '=', room)
      if (after !== undefined && !after.includes('\0')) query = query.where('id', '<', after)
      const rows = await query
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute()
      const shown = rows.slice(0, limit)
      const people = await names(
        shown.flatMap((row) => [row.actor, row.subject]),
        { principal, requestId },
      )
      const places = await placesOf(
        db,
        shown.map((row) => row.room),
      )
      const items = shown.map((row) => ({
        id: row.id,
        at: iso(row.at),
        actor: people(row.actor),
        action: row.action,
        subject: row.subject === null ? null : people(row.subject),
        room: places.get(row.room ?? '') ?? null,
        message: row.message,
        reason: row.reason,
        until: row.until === null ? null : iso(row.until),
      }))
      const next = rows.length > limit ? items.at(-1)?.id : undefined
      return { items, ...(next !== undefined && { next }) }
    },
  }
}
