import type { Clock } from '../../kernel/clock.ts'
import type { Call, Client, Handlers } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { isOperator } from '../../kernel/principal.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Events } from '../../platform/events/events.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { HistoryItem } from '../city/city.events.ts'
import type { agentsContract, RunRequest } from './agents.contract.ts'
import { agentsError } from './agents.errors.ts'
import { runOpened } from './agents.events.ts'
import { type AgentsDb, type AgentsStore, runOf, type StoredRun } from './agents.store.ts'
import type { LiveRuns } from './live-runs.ts'
import type { KeptAgent, RegistryStore } from './registry.store.ts'
import { endRun } from './run-end.ts'

interface RunsNeeds {
  readonly db: AgentsDb
  readonly store: AgentsStore
  readonly registry: RegistryStore
  readonly events: Events
  readonly live: LiveRuns
  readonly city: Pick<Client<typeof cityContract>, 'readable' | 'room' | 'messages'> | undefined
  readonly clock: Clock
  readonly ids: Ids
}

type RunHandlers = Pick<Handlers<typeof agentsContract>, 'agents' | 'run' | 'cancel' | 'open' | 'start'>

export interface Runs {
  readonly handlers: RunHandlers
  /** A run the caller may see; the same answer for one that is hidden and one that is not there. */
  visible(run: string, call: Call): Promise<StoredRun>
}

const HISTORY = 30

/** Runs as people and programs open, read and stop them. */
export function createRuns(needs: RunsNeeds): Runs {
  const { db, store, registry, events, live, city, ids } = needs

  async function visible(run: string, call: Call): Promise<StoredRun> {
    const row = await store.find(run)
    if (row && (row.asker === call.principal?.id || (await mayRead(row, call)))) return row
    throw agentsError('agents.run_not_found')
  }

  async function mayRead({ room }: StoredRun, { principal, requestId, signal }: Call): Promise<boolean> {
    if (!room || !city) return false
    const { rooms } = await city.readable({ rooms: [room] }, { principal, requestId, signal })
    return rooms.includes(room)
  }

  /** An agent that the asker may ask; a draft is there for those who run the city alone. */
  async function answering(name: string, mayTry: boolean): Promise<KeptAgent> {
    const agent = await registry.find(name)
    if (!agent || (agent.state === 'draft' && !mayTry)) throw agentsError('agents.agent_not_found')
    return agent
  }

  async function opened(request: RunRequest, agent: KeptAgent, mayTry: boolean, requestId: string) {
    if (request.asker.kind === 'agent') throw agentsError('agents.agents_do_not_ask')
    const answers = agent.state === 'active' || (mayTry && agent.state !== 'archived')
    return await db.transaction().execute(async (tx) => {
      if (!(await store.open(tx, request, agent.id))) return false
      if (!answers) throw agentsError('agents.agent_not_active', { name: agent.name, state: agent.state })
      const room = request.room?.id
      await events.append(tx, {
        type: runOpened,
        principal: request.asker.id,
        requestId,
        data: { run: request.run },
        ...(room && { room }),
      })
      return true
    })
  }

  async function placeOf(room: string, call: Call) {
    if (!city) throw agentsError('agents.rooms_absent')
    const { principal, requestId, signal } = call
    const options = { principal, requestId, signal }
    const { id, name, visibility } = await city.room({ room }, options)
    const { items } = await city.messages({ room: id, limit: HISTORY }, options)
    const history = items
      .filter(({ deleted, text }) => !deleted && text !== '')
      .map(({ id: message, author, createdAt: at, text }): HistoryItem => ({ message, author, at, text }))
    return { room: { id, name, visibility }, history }
  }

  return {
    visible,
    handlers: {
      agents: async ({ all }, { principal }) => ({
        items: await registry.list(all && isOperator(principal)),
      }),

      async open(input, call) {
        const asker = call.principal
        if (!asker) throw kernelError('auth.required')
        const mayTry = isOperator(asker)
        const agent = await answering(input.agent, mayTry)
        if (input.prompts && !mayTry) throw agentsError('agents.prompts_are_kept')
        const place = input.room === undefined ? { room: null, history: [] } : await placeOf(input.room, call)
        const request: RunRequest = {
          run: ids.make('run'),
          agent: agent.slug,
          asker,
          ...place,
          message: null,
          text: input.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n'),
          parts: input.parts.flatMap((part) =>
            part.type === 'text'
              ? []
              : [{ ...part, name: part.file, mime: '', sizeBytes: 0, state: 'pending' as const }],
          ),
          ...(input.prompts && { prompts: input.prompts }),
        }
        await opened(request, agent, mayTry, call.requestId)
        return { run: request.run, state: 'queued' }
      },

      async start(request, { requestId }) {
        const agent = await answering(request.agent, true)
        const { run } = request
        const isNew = await opened(request, agent, false, requestId)
        return { run, state: isNew ? 'queued' : ((await store.find(run))?.state ?? 'queued') }
      },

      async run({ run }, call) {
        const row = await visible(run, call)
        const children = (await store.children(run)).map(({ id, agent, state }) => ({ id, agent, state }))
        return runOf(row, await store.steps(run), live.get(run)?.text, children)
      },

      async cancel({ run }, call) {
        const { principal } = call
        const row = await visible(run, call)
        if (row.asker !== principal?.id && !isOperator(principal)) throw agentsError('agents.not_your_run')
        const agent = await registry.find(row.agent)
        if (!agent) throw agentsError('agents.agent_not_found')
        const text = storable(live.get(run)?.text ?? row.text)
        const end = { state: 'cancelled' as const, text, citations: [], engine: null, error: null }
        const stopped = await db
          .transaction()
          .execute((tx) => endRun(tx, { store, registry, events }, agent, run, end, call.requestId))
        if (!stopped) throw agentsError('agents.run_finished')
        const here = live.get(run)
        for (const one of [run, ...stopped]) live.cancel(one)
        here?.at('end', 'cancelled')
        return { run, state: 'cancelled' }
      },
    },
  }
}
