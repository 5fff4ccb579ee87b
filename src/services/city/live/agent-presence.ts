import type { Clock } from '../../../kernel/clock.ts'
import type { Events } from '../../../platform/events/events.ts'
import { runDelta, runStep } from '../../agents/agents.events.ts'
import type { CityDb } from '../city.store.ts'
import type { KnownAgent } from '../messages/policy.ts'

export type AgentState = 'idle' | 'reading' | 'thinking' | 'tool' | 'budget' | 'down'

/** What the city's agents are at, told by their runs: every process hears the same. */
export interface AgentPresence {
  readonly states: ReadonlyMap<string, AgentState>
  /** Hears of those that changed, as it happens. */
  changed(heard: (agents: readonly (readonly [agent: string, state: AgentState])[]) => void): void
  /** Asks now and then who the agents are, and whether their runs go on, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

export interface AgentPresenceNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  /** Absent where no agents are deployed. */
  readonly agents: (() => Promise<readonly KnownAgent[]>) | undefined
  readonly failed: (failure: unknown) => void
}

const LOOK_MS = 15_000
const PATIENCE_MS = 2_000
/** A run of which nothing was heard for so long is looked up. */
const SILENT_MS = 60_000
const RUNS = 1_000

interface Run {
  readonly agent: string
  state: 'reading' | 'thinking' | 'tool'
  heardAt: number
}

const RANK = { reading: 1, thinking: 2, tool: 3 } as const

export function createAgentPresence(needs: AgentPresenceNeeds): AgentPresence {
  const { db, events, clock, agents, failed } = needs
  const states = new Map<string, AgentState>()
  const runs = new Map<string, Run>()
  /** Agents whose last run ended because there was nothing left to spend. */
  const spent = new Set<string>()
  const away = new Set<string>()
  const listeners: Parameters<AgentPresence['changed']>[0][] = []

  const now = (agent: string): AgentState => {
    if (away.has(agent)) return 'down'
    let busy: Run['state'] | undefined
    for (const run of runs.values())
      if (run.agent === agent && (!busy || RANK[run.state] > RANK[busy])) busy = run.state
    return busy ?? (spent.has(agent) ? 'budget' : 'idle')
  }
  const settle = (changed: Iterable<string>): void => {
    const news = [...new Set(changed)].flatMap((agent): [string, AgentState][] => {
      const state = now(agent)
      if (states.get(agent) === state) return []
      states.set(agent, state)
      return [[agent, state]]
    })
    if (news.length > 0) for (const heard of listeners) heard(news)
  }

  const hearStep = ({ run, agent, step, state, code }: Step): void => {
    if (agent === undefined) return
    if (step === 'end') {
      runs.delete(run)
      if (state === 'done') spent.delete(agent)
      else if (code?.includes('budget')) spent.add(agent)
    } else if (runs.size < RUNS) {
      runs.set(run, { agent, state: stateOf(step), heardAt: clock.now() })
    }
    settle([agent])
  }

  /** Whose runs are over, though nobody said so: their process died, or its word was lost. */
  const lookUp = async (): Promise<void> => {
    const silent = [...runs].filter(([, { heardAt }]) => clock.now() - heardAt > SILENT_MS)
    if (silent.length === 0) return
    const rows = await db
      .selectFrom('city.call')
      .select('run')
      .where(
        'run',
        'in',
        silent.map(([run]) => run),
      )
      .where('state', 'in', ['queued', 'running'])
      .execute()
    const going = new Set(rows.map(({ run }) => run))
    for (const [run] of silent) if (!going.has(run)) runs.delete(run)
    settle(silent.map(([, { agent }]) => agent))
  }

  /** The agents there are; those that were known are away where nobody answers. */
  const ask = async (): Promise<readonly KnownAgent[]> => {
    if (!agents) return []
    const answered = new AbortController()
    const late = clock.sleep(PATIENCE_MS, answered.signal).catch(() => undefined)
    const found = await Promise.race([agents().catch(() => undefined), late])
    answered.abort()
    away.clear()
    if (!found) for (const agent of states.keys()) away.add(agent)
    for (const { id, state } of found ?? []) if (state !== 'active') away.add(id)
    settle([...states.keys(), ...(found ?? []).map(({ id }) => id)])
    return found ?? []
  }

  /** What runs already when this process begins. */
  const begin = async (): Promise<void> => {
    const known = new Map((await ask()).map(({ id, slug }) => [slug, id]))
    const rows = await db
      .selectFrom('city.call')
      .select(['run', 'agent'])
      .where('state', '=', 'running')
      .limit(RUNS)
      .execute()
    for (const { run, agent: slug } of rows) {
      const agent = known.get(slug)
      if (agent !== undefined && !runs.has(run))
        runs.set(run, { agent, state: 'thinking', heardAt: clock.now() })
    }
    settle(known.values())
  }

  return {
    states,
    changed: (heard) => void listeners.push(heard),
    async run(signal) {
      const quiet = [
        events.listen(runStep, hearStep),
        events.listen(runDelta, ({ run }) => {
          const there = runs.get(run)
          if (there) there.heardAt = clock.now()
        }),
      ]
      try {
        await begin().catch(failed)
        while (!signal.aborted) {
          await clock.sleep(LOOK_MS, signal)
          await ask()
          await lookUp().catch(failed)
        }
      } catch (failure) {
        if (!signal.aborted) throw failure
      } finally {
        for (const stop of quiet) stop()
      }
    },
  }
}

interface Step {
  readonly run: string
  readonly agent?: string | undefined
  readonly step: string
  readonly state: string
  readonly code?: string | undefined
}

/** Steps that the city does not know are of the model's own making. */
function stateOf(step: string): Run['state'] {
  if (step === 'parts' || step === 'retrieve') return 'reading'
  return step.startsWith('tool') ? 'tool' : 'thinking'
}
