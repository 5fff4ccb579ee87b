import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Call, Client } from '../../kernel/contract.ts'
import type { Ids } from '../../kernel/ids.ts'
import { isOperator } from '../../kernel/principal.ts'
import type { AnyTables } from '../../platform/database/database.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Events } from '../../platform/events/events.ts'
import { admitted, inputReader } from '../../platform/http/serve.ts'
import type { Authenticate, Service } from '../../platform/http/service.ts'
import type { Logger } from '../../platform/logger.ts'
import type { authContract } from '../auth/auth.contract.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { LlmAccess } from '../llm-proxy/llm-proxy.contract.ts'
import { agentsContract } from './agents.contract.ts'
import { agentsError } from './agents.errors.ts'
import { runOpened } from './agents.events.ts'
import { createAgentsStore, runOf, type StoredRun } from './agents.store.ts'
import type { AgentsTables } from './agents.tables.ts'
import { DAARWIZZ, DAARWIZZ_PROMPTS } from './daarwizz.ts'
import { createEnrolment } from './enrolment.ts'
import { consumeErasures } from './erase.ts'
import { createLiveRuns } from './live-runs.ts'
import { openStreams } from './open-streams.ts'
import type { Knowledge } from './retrieve.ts'
import { endRun, type RunLimits, runJob } from './run-job.ts'
import { placeOf, watchRun } from './watch-run.ts'

export interface AgentsNeeds {
  readonly db: Kysely<AnyTables>
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'enrolAgent'>
  readonly llm: LlmAccess
  /** Without it answers rest on the talk of the room and the message's own parts. */
  readonly knowledge?: Knowledge | undefined
  /** Without it only the asker reads a run. */
  readonly city?: Pick<Client<typeof cityContract>, 'readable'> | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly logger?: Logger
  readonly limits?: Partial<RunLimits>
}

const LIMITS: RunLimits = { concurrency: 4, runMs: 120_000, maxTokens: 2_048 }

/** The agents of the city and their runs: opened once, worked off durably, streamed as they go, stopped by whoever asked. */
export function createAgents(needs: AgentsNeeds): Service<typeof agentsContract> {
  const { events, city, clock } = needs
  const db = needs.db.withTables<AgentsTables>()
  const store = createAgentsStore(db, clock)
  const live = createLiveRuns({ events, clock })
  const closing = new AbortController()
  const enrolment = createEnrolment(needs)
  const limits = { ...LIMITS, ...needs.limits }
  consumeErasures({ db, events, store, live, clock })
  events.consume(runJob({ ...needs, db, store, live, knowledge: needs.knowledge, limits }))

  /** A run the caller may see; the same answer for one that is hidden and one that is not there. */
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

  return {
    contract: agentsContract,

    handlers: {
      agents: async () => ({ items: await store.agents() }),

      async agent({ agent }) {
        const found = await store.agent(agent)
        if (!found || found.state === 'draft') throw agentsError('agents.agent_not_found')
        return found
      },

      async start(request, { requestId }) {
        const agent = await store.agent(request.agent)
        if (!agent) throw agentsError('agents.agent_not_found')
        const opened = await db.transaction().execute(async (tx) => {
          if (!(await store.open(tx, request, agent.id))) return false
          if (agent.state !== 'active')
            throw agentsError('agents.agent_not_active', { name: agent.name, state: agent.state })
          const room = request.room?.id
          const about = {
            type: runOpened,
            principal: request.asker.id,
            requestId,
            data: { run: request.run },
          }
          await events.append(tx, { ...about, ...(room && { room }) })
          return true
        })
        const { run } = request
        return { run, state: opened ? 'queued' : ((await store.find(run))?.state ?? 'queued') }
      },

      async run({ run }, call) {
        const row = await visible(run, call)
        return runOf(row, await store.steps(run), live.get(run)?.text)
      },

      async cancel({ run }, call) {
        const { principal } = call
        const row = await visible(run, call)
        if (row.asker !== principal?.id && !isOperator(principal)) throw agentsError('agents.not_your_run')
        const agent = await store.agent(row.agent)
        if (!agent) throw agentsError('agents.agent_not_found')
        const text = storable(live.get(run)?.text ?? row.text)
        const end = { state: 'cancelled' as const, text, citations: [], engine: null, error: null }
        const ended = await db
          .transaction()
          .execute((tx) => endRun(tx, { store, events }, agent, run, end, call.requestId))
        if (!ended) throw agentsError('agents.run_finished')
        const here = live.get(run)
        live.cancel(run)
        here?.at('end', 'cancelled')
        return { run, state: 'cancelled' }
      },
    },

    routes(app: FastifyInstance, authenticate: Authenticate) {
      const read = inputReader(agentsContract.run)
      const streams = openStreams(events, authenticate)
      closing.signal.addEventListener('abort', streams.stop, { once: true })
      app.get('/api/agents/runs/:run/events', async (request, reply) => {
        const call = await admitted(request, reply, agentsContract.run.right, authenticate)
        const stream = streams.watch(call.principal.id, request)
        reply.raw.once('close', stream.done)
        const signal = AbortSignal.any([call.signal, closing.signal, stream.signal])
        const { run } = agentsContract.run.input.parse(read(request))
        await visible(run, call)
        const { offset } = request.query as { offset?: unknown }
        const frames = watchRun(
          { store, events, live, clock },
          run,
          placeOf(request.headers['last-event-id'], offset),
          signal,
        )
        reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store')
        reply.header('x-accel-buffering', 'no')
        return reply.send(Readable.from(quietly(frames, signal), { highWaterMark: 1 }))
      })
    },

    async start() {
      await store.seed(DAARWIZZ, DAARWIZZ_PROMPTS)
      await enrolment.enrol({ id: DAARWIZZ.id, name: DAARWIZZ.name }, closing.signal)
    },

    checks: async () => [enrolment.check()],

    async stop() {
      closing.abort()
      live.stop()
    },
  }
}

/** Ends without a failure when the reader is gone. */
async function* quietly(frames: AsyncGenerator<string>, signal: AbortSignal): AsyncGenerator<string> {
  try {
    yield* frames
  } catch (cause) {
    if (!signal.aborted) throw cause
  }
}
