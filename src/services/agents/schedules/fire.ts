import type { Clock } from '../../../kernel/clock.ts'
import type { Client } from '../../../kernel/contract.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { HistoryItem } from '../../city/city.events.ts'
import type { RunRequest } from '../agents.contract.ts'
import { agentsError } from '../agents.errors.ts'
import { runOpened } from '../agents.events.ts'
import type { AgentsStore, AgentsTx } from '../agents.store.ts'
import type { AgentsCity } from '../agents.ts'
import type { KeptAgent, RegistryStore } from '../registry.store.ts'
import { type AutomationStore, holdAutomation, type StoredAutomation } from './automations.store.ts'

export interface FiringNeeds {
  readonly store: AgentsStore
  readonly automations: AutomationStore
  readonly registry: RegistryStore
  readonly city: AgentsCity
  readonly people: Pick<Client<typeof authContract>, 'principals'>
  readonly events: Pick<Events, 'append'>
  readonly clock: Clock
  readonly ids: Ids
}

/** What an automation would run for. `said` are words of others that made it: the agent gets them as data. */
export interface Cause {
  readonly key: string
  readonly said: readonly HistoryItem[]
}

/** Ready to be opened, or why it is not. `pause`: it will not get better by itself. */
export type Ready =
  | { readonly request: RunRequest; readonly agent: KeptAgent }
  | { readonly problem: AppError; readonly pause: boolean }

const HISTORY = 20

/** Looks at everything a run would need, with the rights its owner has now. Rejects where the city cannot be asked: then it is tried again. */
export async function ready(
  { registry, city, people, ids }: FiringNeeds,
  row: StoredAutomation,
  said: readonly HistoryItem[],
  signal: AbortSignal,
): Promise<Ready> {
  const { items } = await people.principals({ ids: [row.owner] }, { signal })
  const asker = items.find(({ id }) => id === row.owner)
  if (!asker) return { problem: agentsError('agents.owner_gone'), pause: true }
  const agent = await registry.find(row.agent)
  if (agent?.state !== 'active') return { problem: agentsError('agents.automation_agent'), pause: true }
  try {
    const place = await placeFor(city, row.room, asker, agent, signal)
    const request: RunRequest = {
      run: ids.make('run'),
      agent: agent.slug,
      asker,
      room: place.room,
      message: null,
      text: row.task,
      parts: [],
      history: [...place.history, ...said],
    }
    return { request, agent }
  } catch (cause) {
    signal.throwIfAborted()
    const problem = AppError.from(cause)
    if (problem.kind !== 'not_found' && problem.kind !== 'forbidden') throw cause
    return { problem, pause: true }
  }
}

/** The room as both see it: its owner must be able to speak there, and so must the agent. */
export async function placeFor(
  city: AgentsCity,
  name: string,
  owner: Principal,
  agent: Pick<KeptAgent, 'id' | 'name'>,
  signal: AbortSignal,
) {
  const {
    id,
    name: title,
    visibility,
    membership,
  } = await city.room({ room: name }, { principal: owner, signal })
  if (!may(owner, 'room.post', { type: 'room', visibility, membership }).permit)
    throw agentsError('agents.automation_silent')
  await city.room({ room: id }, { principal: asAgent(agent), signal }).catch((cause: unknown) => {
    throw AppError.from(cause).kind === 'not_found' ? agentsError('agents.agent_not_in_room') : cause
  })
  const { items } = await city.messages({ room: id, limit: HISTORY }, { principal: owner, signal })
  const history = items
    .filter(({ deleted, text }) => !deleted && text !== '')
    .map(({ id: message, author, createdAt: at, text }): HistoryItem => ({ message, author, at, text }))
  return { room: { id, name: title, visibility }, history }
}

/** An agent where it acts under its own name. */
export const asAgent = ({ id, name }: Pick<KeptAgent, 'id' | 'name'>): Principal => ({
  ...{ id, name },
  kind: 'agent',
  role: 'resident',
})

/** Opens the run in the caller's transaction, once for each cause; lets it pass where the hour is full. */
export async function fire(
  tx: AgentsTx,
  { store, automations, events }: FiringNeeds,
  row: StoredAutomation,
  cause: Cause,
  made: Ready,
): Promise<void> {
  const held = await holdAutomation(tx, row.id)
  if (held?.state !== 'active' || held.revision !== row.revision) return
  if ('problem' in made) {
    const { error } = made.problem.toJSON()
    await automations.change(tx, row.id, {
      problem: error,
      ...(made.pause && { state: 'paused', nextAt: null }),
    })
    return
  }
  if ((await automations.recent(tx, row.id)) >= held.per_hour) {
    const { error } = agentsError('agents.automation_often', { times: held.per_hour }).toJSON()
    await automations.note(tx, row.id, [cause.key], null)
    await automations.change(tx, row.id, { problem: error })
    return
  }
  const { request, agent } = made
  if (!(await automations.note(tx, row.id, [cause.key], request.run))) return
  if (!(await store.open(tx, request, agent.id))) return
  await automations.change(tx, row.id, { problem: null })
  await events.append(tx, {
    type: runOpened,
    principal: row.owner,
    data: { run: request.run },
    room: row.room,
  })
}
