import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { cityContract } from '../city.contract.ts'
import type { AgentPresence } from './agent-presence.ts'
import type { Gate } from './gate.ts'
import type { Presence } from './presence.ts'

/** What these people and agents are at, and how many are in these rooms, from memory; whoever nothing is known of is gone. A room the asker may not read is left out, as one that is not there. */
export function whoIsHere(
  presence: Presence,
  agents: AgentPresence,
  gate: Gate,
): Handlers<typeof cityContract>['presence'] {
  return async ({ principals, rooms }, { principal }) => {
    if (!principal) throw kernelError('auth.required')
    const readable = await Promise.all(rooms.map((room) => gate.enter(principal, room)))
    return {
      people: principals.map((id) => ({
        principal: id,
        state: agents.states.get(id) ?? presence.of(id)?.state ?? 'gone',
      })),
      rooms: readable.flatMap((room) =>
        room === undefined ? [] : [{ room, here: presence.inRoom(room).length }],
      ),
    }
  }
}
