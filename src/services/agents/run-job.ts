import type { Clock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Consumer, Events } from '../../platform/events/events.ts'
import type { Logger } from '../../platform/logger.ts'
import type { LlmAccess } from '../llm-proxy/llm-proxy.contract.ts'
import { agentsError } from './agents.errors.ts'
import { runOpened, runStarted } from './agents.events.ts'
import type { AgentsDb, AgentsStore, RunEnd, StoredRun } from './agents.store.ts'
import type { AgentsTables } from './agents.tables.ts'
import type { ApprovalStore } from './approvals.store.ts'
import { type FindingNeeds, findOut } from './find-out.ts'
import type { LiveRun, LiveRuns } from './live-runs.ts'
import { agentOf, type KeptAgent, type RegistryStore } from './registry.store.ts'
import { endRun, failedBy, nameOf } from './run-end.ts'
import { loop } from './run-loop.ts'
import type { Toolbox } from './tools/toolbox.ts'
import { answerWithout, type RuleNeeds } from './without-model.ts'

export interface RunJobNeeds extends FindingNeeds, RuleNeeds {
  readonly db: AgentsDb
  readonly store: AgentsStore
  readonly registry: RegistryStore
  readonly approvals: ApprovalStore
  readonly toolbox: Toolbox
  readonly events: Events
  readonly live: LiveRuns
  readonly llm: LlmAccess
  readonly clock: Clock
  readonly ids: Ids
  readonly logger?: Logger
  readonly limits: RunLimits
}

export interface RunLimits {
  /** How many runs this process works on at a time. */
  readonly concurrency: number
  /** How long one may take at most, from its beginning to its last word, whatever its agent is given. */
  readonly runMs: number
  /** The longest answer. */
  readonly maxTokens: number
}

const ATTEMPTS = 3
/** After its limit a run still has this long to say so. */
const GRACE_MS = 30_000

/** Works runs off: parts, then the room's documents, then the model and its tools. What is found and done is kept, so that a try after a crash goes on from there; its end and the event of it are stored together, once. A run that waits for a person is put down, and taken up again when they decided. */
export function runJob(needs: RunJobNeeds): Consumer<AgentsTables, typeof runOpened> {
  const { db, store, live, limits } = needs
  return {
    name: 'agents.run',
    db,
    types: [runOpened],
    concurrency: limits.concurrency,
    attempts: ATTEMPTS,
    timeoutMs: limits.runMs + GRACE_MS,

    async handle({ data: { run }, requestId = 'req_run' }, job) {
      const here = live.open(run)
      try {
        const row = await begin(needs, run, requestId)
        if (!row) return
        // What a run asks of others is its own affair: the room hears of it through that run.
        here.begin({ ...row, room: row.parent === null ? row.room : null })
        const agent = await agentOf(needs.registry, row.agent)
        const end = await work({ ...needs, row, agent, here, requestId, signal: job.signal })
        if (!end || end === 'waiting') return
        let stopped: readonly string[] | undefined
        await job.commit(async (tx) => {
          stopped = await endRun(tx, needs, agent, run, end, requestId, row.attempt)
        })
        if (!stopped) return
        for (const one of stopped) live.cancel(one)
        here.at('end', end.state, end.error?.code)
        if (end.error) needs.logger?.warn({ run, code: end.error.code, ...end.error.params }, 'a run failed')
      } finally {
        here.close()
      }
    },

    async failed({ data: { run }, requestId }, failure, tx) {
      const row = await store.find(run, tx)
      if (!row) return
      const agent = await agentOf(needs.registry, row.agent, tx)
      const killed =
        failure.kind === 'internal' ? agentsError('agents.gave_up', { attempts: ATTEMPTS }) : failure
      await endRun(tx, needs, agent, run, failedBy(killed), requestId)
    },
  }
}

/** A run while it is worked on. */
export interface Work extends RunJobNeeds {
  readonly row: StoredRun
  readonly agent: KeptAgent
  readonly here: LiveRun
  readonly requestId: string
  /** The consumer's: its abort means that the work is put back, not that it failed. */
  readonly signal: AbortSignal
}

const begin = ({ db, store, events, registry }: RunJobNeeds, run: string, requestId: string) =>
  db.transaction().execute(async (tx) => {
    const row = await store.begin(tx, run)
    if (row?.attempt === 1) {
      const { asker, message } = row
      const room = row.parent === null ? row.room : null
      const agent = await agentOf(registry, row.agent, tx)
      const data = { run, agent: nameOf(agent), room, message }
      await events.append(tx, { type: runStarted, principal: asker, requestId, data, ...(room && { room }) })
    }
    return row
  })

/** Undefined where the run was cancelled meanwhile: then its end is stored already. */
async function work(needs: Work): Promise<RunEnd | 'waiting' | undefined> {
  const { here, limits, agent } = needs
  const { until } = needs.row
  const left = until ? until.getTime() - needs.clock.now() : Number.POSITIVE_INFINITY
  const runMs = Math.max(1, Math.min(limits.runMs, agent.settings.limits.seconds * 1000, left))
  const limit = deadline(runMs)
  const signal = AbortSignal.any([needs.signal, here.cancelled, limit])
  try {
    const context = needs.row.context ?? (await findOut(needs, signal))
    return (await answerWithout(needs, context, signal)) ?? (await loop(needs, context, signal))
  } catch (cause) {
    if (here.cancelled.aborted) return undefined
    if (needs.signal.aborted || !limit.aborted) throw cause
    const tooLong = agentsError('agents.too_long', { seconds: Math.round(runMs / 1000) })
    return failedBy(tooLong, here.text, 'time')
  }
}
