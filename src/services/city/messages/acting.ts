import type { Clock } from '../../../kernel/clock.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { may } from '../../auth/auth.rights.ts'
import { cityError } from '../city.errors.ts'
import {
  asResource,
  type CityDb,
  current,
  type EnteredRoom,
  findMessage,
  findRoom,
  isId,
  type MessageRow,
  type NewEventRow,
  numberEvents,
} from '../city.store.ts'
import type { Message } from '../messages.contract.ts'

export interface Place {
  readonly room: EnteredRoom
  readonly row: MessageRow
}

/** A message by its id alone, with its room, where the principal may read it; the same answer for one that is hidden and one that is not there. With `lock` the room is held until the transaction ends. */
export async function enterMessage(
  db: CityDb,
  id: string,
  principal: Principal | null,
  lock = false,
): Promise<Place> {
  const found = isId(id)
    ? await db.selectFrom('city.message').select('room').where('id', '=', id).executeTakeFirst()
    : undefined
  const room = found && (await findRoom(db, found.room, principal?.id ?? null, lock))
  if (!room || !may(principal, 'room.read', asResource(room)).permit)
    throw cityError('city.message_not_found')
  return { room, row: await findMessage(db, room.id, id) }
}

export interface ActingNeeds {
  readonly db: CityDb
  readonly clock: Clock
  readonly changed: (room: string, seq: number) => void
}

/** What somebody does to a message, under the room's lock; `work` says which events that makes, none where nothing changed. */
export type Act = (
  principal: Principal | null,
  message: string,
  work: (tx: CityDb, place: Place, principal: Principal, at: number) => Promise<readonly NewEventRow[]>,
) => Promise<Message>

export function createActing({ db, clock, changed }: ActingNeeds): Act {
  return async (principal, id, work) => {
    if (!principal) throw kernelError('auth.required')
    const done = await db.transaction().execute(async (tx) => {
      const place = await enterMessage(tx, id, principal, true)
      const at = clock.now()
      const rows = await work(tx, place, principal, at)
      const seq = rows.length > 0 ? await numberEvents(tx, place.room.id, at, rows) : 0
      return { room: place.room.id, seq, message: await current(tx, place.room.id, id, principal.id) }
    })
    if (done.seq > 0) changed(done.room, done.seq)
    return done.message
  }
}

/** Refuses what is deleted. */
export function checkStands(row: MessageRow): void {
  if (row.deleted_at !== null) throw cityError('city.message_deleted')
}
