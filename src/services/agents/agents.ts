import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Client } from '../../kernel/contract.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { AnyTables } from '../../platform/database/database.ts'
import type { Events } from '../../platform/events/events.ts'
import { admitted, inputReader } from '../../platform/http/serve.ts'
import type { Authenticate, Service } from '../../platform/http/service.ts'
import type { Logger } from '../../platform/logger.ts'
import type { authContract } from '../auth/auth.contract.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { knowledgeContract } from '../knowledge/knowledge.contract.ts'
import type { LlmAccess } from '../llm-proxy/llm-proxy.contract.ts'
import { agentsContract } from './agents.contract.ts'
import { createAgentsStore } from './agents.store.ts'
import type { AgentsTables } from './agents.tables.ts'
import { createApprovalStore } from './approvals.store.ts'
import { consumeDue, createApprovals } from './approvals.ts'
import { DAARWIZZ, DAARWIZZ_PROMPTS, FORMER_SAFETY } from './daarwizz.ts'
import { createEnrolment } from './enrolment.ts'
import { consumeErasures } from './erase.ts'
import { createFeedback } from './feedback/feedback.ts'
import type { HearParts } from './hear-parts.ts'
import { createLiveRuns } from './live-runs.ts'
import { cityTools } from './mcp/city-tools.ts'
import { serveMcp } from './mcp/serve-mcp.ts'
import { createServers, type OutsideNeeds } from './mcp/servers.ts'
import { withoutServers } from './mcp/without-servers.ts'
import { createMemory } from './memory.ts'
import { openStreams } from './open-streams.ts'
import { delegateTool } from './orchestration/delegate.ts'
import { planTool } from './orchestration/plan.ts'
import { createRegistryStore } from './registry.store.ts'
import { createRegistry } from './registry.ts'
import { type RunLimits, runJob } from './run-job.ts'
import { createRuns } from './runs.ts'
import { openAutomations } from './schedules/open-automations.ts'
import { calculator } from './tools/calculate.ts'
import { effectTools } from './tools/effects.ts'
import { type LookingNeeds, lookingTools } from './tools/looking.ts'
import { createToolbox } from './tools/toolbox.ts'
import { placeOf, watchRun } from './watch-run.ts'

export interface AgentsNeeds {
  readonly db: Kysely<AnyTables>
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'enrolAgent'>
  /** Who lends agents their rights; absent, agents do nothing by themselves. */
  readonly people?: Pick<Client<typeof authContract>, 'principals'> | undefined
  /** Documents of collections, which may make agents run. */
  readonly documents?: Pick<Client<typeof knowledgeContract>, 'document'> | undefined
  readonly llm: LlmAccess
  /** Without it answers rest on the talk of the room and the message's own parts. */
  readonly knowledge?: Pick<Client<typeof knowledgeContract>, 'search' | 'page'> | undefined
  /** Without it only the asker reads a run, and nothing is done in rooms. */
  readonly city?: AgentsCity | undefined
  /** The multimodal gateway, as soon as it is there. */
  readonly gateway?: LookingNeeds['gateway'] | undefined
  /** What is said in a stored recording. */
  readonly transcribe?: LookingNeeds['transcribe']
  /** What can be read of a stored file. */
  readonly hear?: HearParts | undefined
  /** Servers of tools of others; absent, agents have the city’s own alone. */
  readonly outside?: OutsideNeeds | undefined
  /** Whether the city has a language model; without this it is taken to have one. */
  readonly hasModel?: ((signal: AbortSignal) => Promise<boolean>) | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly logger?: Logger
  readonly limits?: Partial<RunLimits>
}

/** What agents ask of rooms. */
export type AgentsCity = Pick<
  Client<typeof cityContract>,
  | 'readable'
  | 'rooms'
  | 'room'
  | 'members'
  | 'message'
  | 'messages'
  | 'search'
  | 'reports'
  | 'post'
  | 'schedule'
  | 'scheduled'
  | 'events'
>

const LIMITS: RunLimits = { concurrency: 4, runMs: 600_000, maxTokens: 32_000 }

/** The agents of the city and their runs: made and changed by those who run it, opened once, worked off durably, streamed as they go, stopped by whoever asked. */
export function createAgents(needs: AgentsNeeds): Service<typeof agentsContract> {
  const { events, city, clock, ids } = needs
  const db = needs.db.withTables<AgentsTables>()
  const store = createAgentsStore(db, clock)
  const registry = createRegistryStore(db, clock)
  const approvals = createApprovalStore(db, { clock, ids, events })
  const memory = createMemory(db, clock)
  const live = createLiveRuns({ events, clock })
  const closing = new AbortController()
  const enrolment = createEnrolment(needs)
  const limits = { ...LIMITS, ...needs.limits }
  const looking = lookingTools({
    city,
    knowledge: needs.knowledge,
    gateway: needs.gateway ?? (() => undefined),
    transcribe: needs.transcribe,
  })
  const servers = needs.outside ? createServers({ ...needs, ...needs.outside, db }) : withoutServers
  const toolbox = createToolbox(
    [...looking, calculator, memory.tool, ...effectTools(city), planTool(db), delegateTool],
    clock,
    servers.tools,
  )
  consumeErasures({ db, events, store, registry, live, clock })
  consumeDue(db, events, approvals)
  events.consume(
    runJob({
      ...needs,
      ...{ db, store, registry, approvals, memory, toolbox, live, limits },
      knowledge: needs.knowledge,
      members: city,
      talk: city,
      reports: city,
      hear: needs.hear,
      hasModel: needs.hasModel,
    }),
  )
  const runs = createRuns({ db, store, registry, events, live, city, clock, ids })

  const byThemselves = openAutomations({ ...needs, db, store, registry }, closing.signal)

  const handlers = {
    ...createRegistry({ db, registry, toolbox, auth: needs.auth, ids }),
    ...createApprovals({ db, store: approvals, registry, city, visible: runs.visible }),
    ...createFeedback({ db, registry, clock, visible: runs.visible }),
    ...runs.handlers,
    ...servers.handlers,
    ...byThemselves.handlers,
  }

  return {
    contract: agentsContract,
    handlers,

    routes(app: FastifyInstance, authenticate: Authenticate) {
      const sleep = (ms: number, signal: AbortSignal) => clock.sleep(ms, signal)
      serveMcp(app, authenticate, cityTools({ city, knowledge: needs.knowledge, agents: handlers, sleep }))
      const read = inputReader(agentsContract.run)
      const streams = openStreams(events, authenticate)
      closing.signal.addEventListener('abort', streams.stop, { once: true })
      app.get('/api/agents/runs/:run/events', async (request, reply) => {
        const call = await admitted(request, reply, agentsContract.run.right, authenticate)
        const stream = streams.watch(call.principal.id, request)
        reply.raw.once('close', stream.done)
        const signal = AbortSignal.any([call.signal, closing.signal, stream.signal])
        const { run } = agentsContract.run.input.parse(read(request))
        await runs.visible(run, call)
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
      await db.transaction().execute(async (tx) => {
        await registry.make(tx, DAARWIZZ, DAARWIZZ_PROMPTS, null)
        await registry.settle(tx, DAARWIZZ.id, { template: 'daarwizz', settings: DAARWIZZ.settings })
        await registry.renew(tx, DAARWIZZ.id, 'safety', FORMER_SAFETY, DAARWIZZ_PROMPTS.safety)
      })
      await servers.start()
      byThemselves.start()
      await enrolment.enrol({ id: DAARWIZZ.id, name: DAARWIZZ.name }, closing.signal)
    },

    checks: async () => [enrolment.check(), ...servers.checks()],

    async stop() {
      closing.abort()
      live.stop()
      await byThemselves.stopped()
      await servers.stop()
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
