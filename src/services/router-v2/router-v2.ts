import type { Kysely } from 'kysely'
import { createRuleBook } from '../../engines/routing/rule-book.ts'
import { NO_RULES, type RulesFile, rulesSchema } from '../../engines/routing/rules.ts'
import { knownModel } from '../../engines/routing/text-answer.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Call, Client, Handlers } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { isOperator, type Principal } from '../../kernel/principal.ts'
import type { AnyTables } from '../../platform/database/database.ts'
import { createOnce } from '../../platform/database/once.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Emit } from '../../platform/http/event-answer.ts'
import type { Service } from '../../platform/http/service.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { checkYamlFile, openYamlFile, type YamlFile } from '../../platform/yaml-file.ts'
import type { agentsContract } from '../agents/agents.contract.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { LlmAccess, llmProxyContract } from '../llm-proxy/llm-proxy.contract.ts'
import { routerV1Error } from '../router-v1/router-v1.errors.ts'
import { answer } from './answer.ts'
import type { PartArtefacts } from './artefacts.ts'
import { asked, type FilePart } from './asked.ts'
import type { NormaliseNeeds } from './normalise.ts'
import { type RouteAnswer, type RouteRequest, routerV2Contract } from './router-v2.contract.ts'
import { serveRoute } from './router-v2.routes.ts'
import type { RouterV2Tables } from './router-v2.tables.ts'
import { consumeErasures, createSessions } from './sessions.ts'

export interface RouterV2Needs extends Pick<NormaliseNeeds, 'stored' | 'knowledge' | 'web'> {
  readonly db: Kysely<AnyTables>
  readonly agents: Pick<Client<typeof agentsContract>, 'start' | 'run' | 'cancel'>
  readonly llm: LlmAccess
  readonly models: Pick<Client<typeof llmProxyContract>, 'models'>
  readonly artefacts: PartArtefacts
  /** Without it a request cannot name a room. */
  readonly city?: Pick<Client<typeof cityContract>, 'room'> | undefined
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  /** The path of the rules. */
  readonly rules: string
  readonly logger?: Pick<Logger, 'info' | 'error'>
  readonly metrics?: Pick<Metrics, 'counter'>
  /** Of one part; 25 MB where nothing is said. */
  readonly maxPartBytes?: number
}

const MAX_PART_BYTES = 25 * 1024 * 1024
const ITSELF: Principal = { id: 'router-v2', kind: 'service', name: 'router-v2', role: 'resident' }

/** A request of any form, whole, with the files that came beside its JSON. */
export type Route = (
  input: RouteRequest,
  call: Call,
  more?: { readonly uploads?: readonly FilePart[]; readonly emit?: Emit },
) => Promise<RouteAnswer>

/** Brings requests to whoever the rules pick: the calls of rooms, and whole requests of programs, whose files become text first. Open its rules with `start`. */
export function createRouterV2(
  needs: RouterV2Needs,
): Service<typeof routerV2Contract> & { readonly route: Route } {
  const { agents, clock, ids } = needs
  let file: YamlFile<RulesFile> | undefined
  const db = needs.db.withTables<RouterV2Tables>()
  const once = createOnce({ db: needs.db, table: 'router_v2.once', clock, ids })
  const listModels = async () => (await needs.models.models({}, { principal: ITSELF })).data.map(knownModel)
  const book = createRuleBook({ current: () => file?.current() ?? NO_RULES, models: listModels, clock })
  const sessions = createSessions({ db, clock })
  const maxPartBytes = needs.maxPartBytes ?? MAX_PART_BYTES
  const answerNeeds = { ...needs, maxPartBytes, sessions, book }
  const requests = needs.metrics?.counter('router_v2_requests_total', 'Requests by kind and outcome', [
    'kind',
    'outcome',
  ])
  consumeErasures(db, needs.events)

  async function counted<T>(kind: 'route' | 'deliver', work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      requests?.inc({ kind, outcome: 'done' })
      return result
    } catch (cause) {
      requests?.inc({ kind, outcome: AppError.from(cause).kind })
      throw cause
    }
  }

  const route: Route = async (input, call, { uploads = [], emit = () => undefined } = {}) => {
    const { principal } = call
    if (!principal) throw kernelError('auth.required')
    const whole = asked(input, uploads, clock.now())
    if (whole.system !== null && !call.service && !isOperator(principal))
      throw routerV1Error('router_v1.system_prompt')
    const { idempotencyKey: key, timeoutMs, ...request } = input
    const limit = deadline(timeoutMsOf(whole.form, timeoutMs, file?.current()))
    const signal = AbortSignal.any([call.signal, limit])
    const { requestId, service } = call
    const work = (run: string) =>
      answer(answerNeeds, input, whole, run, { principal, service, requestId, signal }, emit)
    try {
      if (key === undefined) return await work(ids.make('run'))
      const uploaded = uploads.map(({ source, type }) => ({ type, name: source?.name, bytes: source?.bytes }))
      return await once({ principal: principal.id, key, request: { request, uploaded }, signal }, work)
    } catch (cause) {
      if (limit.aborted && !call.signal.aborted) throw kernelError('call.timeout', {}, { cause })
      throw cause
    }
  }

  const countedRoute: Route = (input, call, more) => counted('route', () => route(input, call, more))

  const handlers: Handlers<typeof routerV2Contract> = {
    route: (input, call) => countedRoute(input, call),

    async rules() {
      const shown = book.shown()
      return {
        ...shown,
        file: needs.rules,
        problem: file?.problem() ?? null,
        rules: shown.rules.map((rule) => ({ ...rule, when: { ...rule.when }, use: { ...rule.use } })),
        defaults: { ...shown.defaults },
      }
    },

    explain: async (input) => book.router().explain(asked(input, [], clock.now()).facts),

    deliver: ({ principal, ...called }, call) =>
      counted('deliver', async () => {
        const { agent, text, parts, room } = called
        const modalities = [
          ...new Set([...(text === '' ? [] : ['text' as const]), ...parts.map(({ type }) => type)]),
        ]
        const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
        const metadata = { room: room.id, user_id: principal.id }
        const facts = { agent, mode: 'room', text, metadata, now: clock.now(), modalities, bytes }
        const { target } = book.router().decide(facts)
        // In a room an agent answers: a rule may pick another one, but no bare model.
        const chosen = target.agent !== null && !target.profile ? target.agent : agent
        const options = { principal, requestId: call.requestId, signal: call.signal }
        const ceiling = target.maxUsd === null ? {} : { maxUsd: target.maxUsd }
        const { run } = await agents.start(
          { ...called, ...ceiling, agent: chosen, asker: principal },
          options,
        )
        return { run }
      }),
  }

  return {
    contract: routerV2Contract,
    handlers,
    route: countedRoute,
    custom: ['route'],

    routes: (app, authenticate) =>
      serveRoute(app, authenticate, { op: routerV2Contract.route, route: countedRoute, maxPartBytes }),

    async start() {
      file ??= await openYamlFile({
        path: needs.rules,
        schema: rulesSchema('v2', () => listModels().catch(() => null)),
        empty: NO_RULES,
        logger: needs.logger,
      })
    },
    checks: async () => (file ? [checkYamlFile('rules', file)] : []),
    stop: async () => file?.stop(),
  }
}

/** v1's requests have v1's time, where they do not say less. */
function timeoutMsOf(form: string, asked: number, file: RulesFile = NO_RULES): number {
  return form === 'v1' ? Math.min(asked, file.defaults.timeoutSeconds * 1000) : asked
}
