import type { AnyTransaction, Events } from '../../../platform/events/events.ts'
import { rightsChanged } from '../../auth/auth.events.ts'
import { accessChanged, personal, signal } from '../live/channels.ts'
import type { Membership } from '../rooms.contract.ts'

/** What of a room changed, as open pages are told: they ask again for what they show. */
export type Change = 'about' | 'members' | 'requests' | 'mine'

/** Tells whoever follows the room. */
export function tellRoom(events: Events, room: string, change: Change): void {
  events.broadcast(signal, { room, frame: { type: 'room', room, change } })
}

/** Tells these people wherever they look, whether they follow the room or not. */
export function tellPeople(
  events: Events,
  people: readonly string[],
  { room, change }: { room: string; change: Change },
): void {
  for (const principal of people)
    events.broadcast(personal, { principal, frame: { type: 'room', room, change } })
}

/** What somebody is in a room changed: their sockets are looked at again, their pages and the room's are told. */
export function tellMember(events: Events, room: string, principal: string): void {
  events.announce(accessChanged, { room, principal })
  tellPeople(events, [principal], { room, change: 'mine' })
  tellRoom(events, room, 'members')
}

/** Puts into the audit log, with the change itself, what somebody became in a room; null for nothing any more. */
export async function recordMember(
  events: Events,
  tx: AnyTransaction,
  became: { actor: string | null; subject: string; room: string; role: Membership | null },
): Promise<void> {
  const { actor, subject, room, role } = became
  const data = { actor, action: 'room.member', subject, detail: { room, role } }
  await events.append(tx, { type: rightsChanged, data, principal: actor, room })
}
