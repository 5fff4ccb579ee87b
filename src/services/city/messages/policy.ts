import { isoTime } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { NewEvent } from '../../../platform/events/events.ts'
import { agentCalled } from '../city.events.ts'
import type { CityDb, RoomRow } from '../city.store.ts'
import type { Message } from '../messages.contract.ts'
import type { ReplyPolicy } from '../rooms.contract.ts'
import { historyBefore } from './history.ts'
import { type Called, mentioned } from './mentions.ts'

/** An agent as the city needs to know it. */
export interface KnownAgent extends Called {
  readonly id: string
  readonly state: 'draft' | 'active' | 'paused' | 'archived'
}

/** Who of the policy's `agents` answers a message: nobody while a part is still pending, nobody where nothing is left to answer, and nobody at all to an agent. */
export function whoAnswers(
  policy: ReplyPolicy,
  message: Pick<Message, 'author' | 'text' | 'parts'>,
  agents: readonly KnownAgent[],
): readonly KnownAgent[] {
  if (policy.mode === 'off' || message.author.kind !== 'person') return []
  if (message.parts.some((part) => part.state === 'pending')) return []
  const wordless = message.text.trim() === ''
  if (wordless && message.parts.every((part) => part.state === 'failed')) return []
  const here = agents.filter((agent) => agent.state === 'active')
  if (policy.mode === 'all' || here.length === 0) return here
  const spoken = message.parts.map((part) => part.transcript?.text ?? '')
  return mentioned([message.text, ...spoken].join('\n'), here)
}

export interface CallNeeds {
  readonly ids: Ids
  readonly at: number
  readonly room: Pick<RoomRow, 'id' | 'name' | 'visibility'>
  readonly message: Message
  readonly requestId?: string | undefined
}

/** Records a fresh run for each agent and makes the events that call them; the caller appends those in the same transaction. */
export async function callAgents(
  tx: CityDb,
  agents: readonly Pick<KnownAgent, 'slug' | 'name'>[],
  { ids, at, room, message, requestId }: CallNeeds,
): Promise<NewEvent<typeof agentCalled>[]> {
  if (agents.length === 0) return []
  const calls = agents.map(({ slug, name }) => ({ run: ids.make('run'), agent: slug, name }))
  await tx
    .insertInto('city.call')
    .values(
      calls.map((call) => ({
        ...call,
        message: message.id,
        state: 'queued' as const,
        error: null,
        created_at: isoTime(at),
      })),
    )
    .execute()
  const history = await historyBefore(tx, room.id, message.seq, message.thread ?? null)
  return calls.map(({ run, agent }) => ({
    type: agentCalled,
    principal: message.author.id,
    room: room.id,
    ...(requestId !== undefined && { requestId }),
    data: {
      run,
      agent,
      room: { id: room.id, name: room.name, visibility: room.visibility },
      message: message.id,
      asker: message.author.id,
      text: message.text,
      parts: message.parts,
      history,
    },
  }))
}
