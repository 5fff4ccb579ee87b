import type { FastifyInstance } from 'fastify'
import { createRuleBook } from '../../engines/routing/rule-book.ts'
import { NO_RULES, type RulesFile, rulesSchema } from '../../engines/routing/rules.ts'
import { answerText, knownModel } from '../../engines/routing/text-answer.ts'
import { beyondText, factsOfV1, v1Envelope } from '../../engines/routing/v1-form.ts'
import type { Clock } from '../../kernel/clock.ts'
import { type Call, type Client, type Handlers, invoke } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import { isOperator, type Principal } from '../../kernel/principal.ts'
import { failureOf } from '../../platform/http/http.errors.ts'
import { admitFirst, inputReader, openCall } from '../../platform/http/serve.ts'
import type { Authenticate, Service } from '../../platform/http/service.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { checkYamlFile, openYamlFile, type YamlFile } from '../../platform/yaml-file.ts'
import type { agentsContract } from '../agents/agents.contract.ts'
import type { LlmAccess, llmProxyContract } from '../llm-proxy/llm-proxy.contract.ts'
import { routerV1Contract, type V1Request } from './router-v1.contract.ts'
import { routerV1Error } from './router-v1.errors.ts'

export interface RouterV1Needs {
  readonly llm: LlmAccess
  readonly models: Pick<Client<typeof llmProxyContract>, 'models'>
  /** Without it a call of a room cannot be brought to its agent by this router. */
  readonly agents?: Pick<Client<typeof agentsContract>, 'start'> | undefined
  readonly clock: Clock
  /** The path of the rules. */
  readonly rules: string
  readonly logger?: Pick<Logger, 'info' | 'error'>
  readonly metrics?: Pick<Metrics, 'counter'>
}

/** Large enough to say of a picture that it goes elsewhere, rather than that it is large. */
const MAX_BODY_BYTES = 8 * 1024 * 1024
const ITSELF: Principal = { id: 'router-v1', kind: 'service', name: 'router-v1', role: 'resident' }

/** Requests of words, answered by the model that the rules in a file pick. Open it with `start`; before that only the defaults hold. */
export function createRouterV1(needs: RouterV1Needs): Service<typeof routerV1Contract> {
  const { llm, clock } = needs
  let file: YamlFile<RulesFile> | undefined
  const requests = needs.metrics?.counter('router_v1_requests_total', 'Requests by kind and outcome', [
    'kind',
    'outcome',
  ])
  const listModels = async () => (await needs.models.models({}, { principal: ITSELF })).data.map(knownModel)
  const book = createRuleBook({ current: () => file?.current() ?? NO_RULES, models: listModels, clock })

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

  async function route(request: V1Request, call: Call) {
    onlyText(request)
    const system = request.payload?.context?.system_prompt ?? null
    if (system !== null && !call.service && !isOperator(call.principal))
      throw routerV1Error('router_v1.system_prompt')
    const { rule, target } = book.router().decide(factsOfV1(request, clock.now()))
    const limit = deadline((file?.current() ?? NO_RULES).defaults.timeoutSeconds * 1000)
    const signal = AbortSignal.any([call.signal, limit])
    try {
      const fetch = llm.fetchAs({ principal: call.principal, service: 'router-v1' })
      const question = { system, user: request.message, agent: target.agent }
      const known = await book.models()
      const answer = await answerText(target, question, known, { baseUrl: llm.baseUrl, fetch }, signal)
      return v1Envelope(request, { rule, agent: target.agent }, answer)
    } catch (cause) {
      if (limit.aborted && !call.signal.aborted) throw kernelError('call.timeout', {}, { cause })
      throw cause
    }
  }

  const handlers: Handlers<typeof routerV1Contract> = {
    route: (request, call) =>
      counted('route', async () => {
        if (!call.principal && !call.service) throw kernelError('auth.required')
        return await route(request, call)
      }),

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

    async explain(request) {
      onlyText(request)
      return book.router().explain(factsOfV1(request, clock.now()))
    },

    deliver: ({ principal, ...called }, call) =>
      counted('deliver', async () => {
        if (called.parts.length > 0) throw routerV1Error('router_v1.text_only', { found: 'parts' })
        if (!needs.agents) throw kernelError('peer.unreachable', { peer: 'agents' })
        const options = { principal, requestId: call.requestId, signal: call.signal }
        const { run } = await needs.agents.start({ ...called, asker: principal }, options)
        return { run }
      }),
  }

  return {
    contract: routerV1Contract,
    handlers,
    custom: ['route'],
    routes: (app, authenticate) => serveRoute(app, authenticate, handlers),

    async start() {
      file ??= await openYamlFile({
        path: needs.rules,
        schema: rulesSchema('v1', () => listModels().catch(() => null)),
        empty: NO_RULES,
        logger: needs.logger,
      })
    },
    checks: async () => (file ? [checkYamlFile('rules', file)] : []),
    stop: async () => file?.stop(),
  }
}

function onlyText(request: Readonly<Record<string, unknown>>): void {
  const found = beyondText(request)
  if (found) throw routerV1Error('router_v1.text_only', { found })
}

/** Its own route: whatever is not JSON is refused as not being text, and failures wear v1's envelope. */
function serveRoute(
  app: FastifyInstance,
  authenticate: Authenticate,
  handlers: Pick<Handlers<typeof routerV1Contract>, 'route'>,
): void {
  const op = routerV1Contract.route
  const read = inputReader(op)
  void app.register((scope, _options, done) => {
    scope.setErrorHandler((cause, request, reply) => {
      const failure = failureOf(cause)
      if (failure.kind === 'internal') request.log.error({ err: cause, route: op.path }, 'bug')
      if (failure.retryAfterMs !== undefined)
        reply.header('retry-after', String(Math.max(1, Math.ceil(failure.retryAfterMs / 1000))))
      return reply.code(failure.status).send({ ok: false, ...failure.toJSON() })
    })
    scope.route({
      method: op.method,
      url: op.path,
      bodyLimit: MAX_BODY_BYTES,
      async onRequest(request, reply) {
        await admitFirst(op, authenticate)(request, reply)
        const type = request.headers['content-type']?.split(';')[0]?.trim() ?? ''
        if (type !== 'application/json')
          throw routerV1Error('router_v1.text_only', { found: type || 'no type' })
      },
      async handler(request, reply) {
        const call = await openCall(request, reply, op, authenticate)
        const raw = read(request)
        // Parts without a message are told that they are parts, not that a message is missing.
        onlyText(raw)
        return await invoke(op, handlers.route, raw, call)
      },
    })
    done()
  })
}
