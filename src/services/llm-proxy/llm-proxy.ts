import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import type { Llm } from '../../engines/llm/llm.ts'
import type { LlmWire } from '../../engines/llm/wire.ts'
import { type Clock, isoTime, systemClock } from '../../kernel/clock.ts'
import { admit, type Call, type Operation } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import { createIds, type Ids } from '../../kernel/ids.ts'
import type { Events } from '../../platform/events/events.ts'
import { told } from '../../platform/http/check.errors.ts'
import type { Asked as HttpAsked } from '../../platform/http/direct.ts'
import { failureOf } from '../../platform/http/http.errors.ts'
import { openCall } from '../../platform/http/serve.ts'
import type { Authenticate, Check, Identity, Service } from '../../platform/http/service.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { checkYamlFile, type YamlFile } from '../../platform/yaml-file.ts'
import { credentialRevoked } from '../auth/auth.events.ts'
import { type Asker, createAsk } from './ask.ts'
import { createBooks } from './books.ts'
import { cachedAsk } from './cache.ts'
import { createCallers, payerOf, payerOfCaller } from './callers.ts'
import { answerChat, judge, responseOf } from './chat.ts'
import { unknownModel } from './choose.ts'
import { serveDoor, type Visit } from './door.ts'
import { answerEmbeddings } from './embeddings.ts'
import { consumeErasures } from './erase.ts'
import { NANO } from './facts.ts'
import { createHealth } from './health.ts'
import { createLedger, type Ledger, type Payer } from './ledger.ts'
import { listModels } from './listed.ts'
import { type LlmAccess, llmProxyContract } from './llm-proxy.contract.ts'
import { llmBudgetsChanged } from './llm-proxy.events.ts'
import type { LlmTables } from './llm-proxy.tables.ts'
import { answerMessages } from './messages.door.ts'
import { messagesError } from './messages.ts'
import { createModels, type OpenWire } from './models.ts'
import { type ModelsFile, NO_MODELS } from './models-file.ts'
import { completionError } from './openai-error.ts'
import { createOperator } from './operator.ts'
import { pricedAsk } from './priced.ts'
import { redactRequest } from './redact.ts'
import { answerResponses } from './responses.door.ts'
import { serveUsage } from './usage.routes.ts'
import { watchedAsk } from './watched.ts'

const MAX_ANSWER_MS = 10 * 60_000
const RECOVER_MS = 30_000
const TRIAL = [{ role: 'user', content: 'Say OK.' }]
const TRIAL_TOKENS = 64

export interface LlmProxyNeeds {
  /** What the city has without a file, in order of preference. */
  readonly engines: readonly [Llm, ...Llm[]]
  /** The operator's file of providers and models; the caller stops it. */
  readonly file?: YamlFile<ModelsFile>
  /** Opens a provider of the file. */
  readonly open?: OpenWire
  /** Where spending is booked. Without it nothing is counted and there are no budgets. */
  readonly books?: {
    readonly db: Kysely<LlmTables>
    readonly ids: Ids
    readonly events: Pick<Events, 'broadcast' | 'consume' | 'listen'>
    /** Where this machine's processes keep their journals. */
    readonly folder: string | null
  }
  /** The best of the city's own embeddings that can work now. */
  readonly embeddings?: () => Promise<Embeddings>
  /** Where the file of models lies, for the owner to change it; without it the file is changed by hand alone. */
  readonly path?: string
  readonly metrics?: Pick<Metrics, 'counter' | 'histogram'>
  readonly clock?: Clock
  readonly random?: () => number
  readonly failed?: (failure: unknown) => void
}

/** Its `fetchAs` is for callers in this process: no socket, the same answers. It serves `POST …/chat/completions` alone. */
export interface LlmProxy extends Service<typeof llmProxyContract>, LlmAccess {
  /** To be called when the file has changed. */
  reload(file: ModelsFile): void
}

/** One door to every language model: who is asked, who after them, what it may cost and what it did. */
export function createLlmProxy(needs: LlmProxyNeeds): LlmProxy {
  const { engines, file, books, clock = systemClock, random = Math.random, failed = () => {} } = needs
  const shelf = createModels(engines, needs.open ?? noProviders)
  let models = shelf.read(file?.current() ?? NO_MODELS)
  const health = createHealth(clock)
  const ledger = books && createLedger({ ...books, clock, failed })
  const ledgerBooks = books && createBooks(books.db, clock)
  if (books && ledger) consumeErasures(books.db, books.events, () => ledger.flush())
  const callers = createCallers(clock)
  const ids = books?.ids ?? createIds(clock)
  const asking = createAsk({
    models: () => models,
    health,
    ledger: ledger ?? null,
    clock,
    random,
    redact: redactRequest,
  })
  const cached = cachedAsk(asking, () => models.file.cache_s * 1_000, clock)
  const { ask: watched, latencyOf } = watchedAsk(cached, needs.metrics)
  const ask = pricedAsk(watched, () => models)
  let staying: ReadonlySet<string> = new Set()
  const stops: (() => void)[] = []

  const askerOf = (payer: Payer, isService: boolean): Asker => ({
    payer,
    isService,
    mayLeave: payer.community === null || !staying.has(payer.community),
  })
  const list = () => listModels(models)
  const readBudgets = async () => {
    if (!ledger || !ledgerBooks) return
    ledger.setBudgets(await ledgerBooks.budgets())
    staying = new Set(
      (await ledgerBooks.communities()).flatMap((one) => (one.mayLeave ? [] : [one.community])),
    )
  }

  /** Asked by name within the process, a door answers whole. */
  const through =
    (handle: (visit: Visit) => Promise<void>) =>
    async (input: object, call: Call): Promise<Record<string, unknown>> => {
      const body = { ...input, stream: false }
      const asker = askerOf(payerOfCaller(call, {}), call.service !== null)
      let said = '{}'
      await handle({
        asker,
        body,
        bytes: Buffer.from(JSON.stringify(body)),
        signal: call.signal,
        send: (_status, whole) => {
          said = whole.toString()
        },
        stream: () => {
          throw kernelError('internal')
        },
      })
      return JSON.parse(said)
    }
  const answers = {
    chat: through(answerChat(ask)),
    responses: through(answerResponses(ask, ids, clock)),
    messages: through(answerMessages(ask, () => ids.make('msg'))),
    embeddings: through(
      answerEmbeddings({ models: () => models, ledger: ledger ?? null, own: needs.embeddings }),
    ),
  }

  const operator = createOperator({
    models: () => models,
    health,
    latencyOf,
    file,
    path: needs.path,
    clock,
    ask: (input, kind, call) =>
      kind === 'chat'
        ? answers.chat({ ...input, messages: TRIAL, max_tokens: TRIAL_TOKENS }, call)
        : answers.embeddings({ ...input, input: 'OK' }, call),
  })

  const handlers: LlmProxy['handlers'] = {
    ...operator,
    chat: async (input, call) => llmProxyContract.chat.output.parse(await answers.chat(input, call)),
    responses: async (input, call) =>
      llmProxyContract.responses.output.parse(await answers.responses(input, call)),
    messages: async (input, call) =>
      llmProxyContract.messages.output.parse(await answers.messages(input, call)),
    embeddings: async (input, call) =>
      llmProxyContract.embeddings.output.parse(await answers.embeddings(input, call)),
    models: async () => ({ object: 'list', data: list() }),
    async model({ model: id }) {
      const found = list().find((model) => model.id === id)
      if (!found) throw unknownModel(models, id)
      return found
    },
    async usage({ from, to, by }) {
      const now = new Date(clock.now())
      const since = from ?? isoTime(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1))
      const until = to ?? isoTime(clock.now() + 1)
      await ledger?.flush()
      return { from: since, to: until, items: (await ledgerBooks?.usage(since, until, by)) ?? [] }
    },
    async budgets() {
      await ledger?.flush()
      return {
        items: (await ledgerBooks?.budgets()) ?? [],
        communities: (await ledgerBooks?.communities()) ?? [],
      }
    },
    async setBudgets({ items, communities = [] }) {
      if (!ledgerBooks) throw kernelError('http.not_found')
      await ledgerBooks.setBudgets(items, communities)
      await readBudgets()
      books?.events.broadcast(llmBudgetsChanged, {})
      return { items: (await ledgerBooks.budgets()).map(({ used: _, ...budget }) => budget) }
    },
    async reserve({ for: payer, kind, model, provider = '', usd, tokens = 0 }) {
      const { principal, key = null, agent = null, community = null, room = null, run = null } = payer
      const nanoUsd = Math.round(usd * NANO)
      return {
        reservation: await counted(ledger).reserveFor({
          payer: { principal, key, agent, community, room, run },
          kind,
          model,
          provider,
          nanoUsd,
          tokens,
        }),
      }
    },
    async settle({ reservation, usd, tokensIn = 0, tokensOut = 0, units }) {
      const by = { nanoUsd: Math.round(usd * NANO), tokensIn, tokensOut, counted: false }
      await counted(ledger).settleFor(reservation, { ...by, ...(units !== undefined && { units }) })
      return {}
    },
    async release({ reservation }) {
      await counted(ledger).releaseFor(reservation)
      return {}
    },
  }

  return {
    contract: llmProxyContract,
    handlers,
    custom: ['chat', 'responses', 'messages', 'embeddings', 'models', 'model', 'usage'],

    routes(app, authenticate) {
      const door = {
        identify: (request: HttpAsked) => callers.identify(authenticate, request),
        askerOf: (identity: Identity, headers: FastifyRequest['headers']) =>
          askerOf(payerOf(identity, headers), identity.service !== null),
        told: completionError,
        bug: failed,
      }
      const { chat, responses, messages, embeddings } = llmProxyContract
      serveDoor(app, { ...door, op: chat, handle: answerChat(ask) })
      serveDoor(app, { ...door, op: responses, handle: answerResponses(ask, ids, clock) })
      serveDoor(app, {
        ...door,
        op: messages,
        identify: (request) => callers.identify(authenticate, withApiKey(request)),
        told: messagesError,
        handle: answerMessages(ask, () => ids.make('msg')),
      })
      const embed = answerEmbeddings({ models: () => models, ledger: ledger ?? null, own: needs.embeddings })
      serveDoor(app, { ...door, op: embeddings, handle: embed })
      void app.register(async (scope) => {
        scope.setErrorHandler(answerError)
        serveModels(scope, authenticate, handlers)
      })
      serveUsage(app, authenticate, handlers)
    },

    baseUrl: 'http://llm-proxy/v1',
    fetchAs: (caller) => async (input, init) => {
      const cancel = new AbortController()
      const given = init?.signal ? [init.signal] : []
      const signal = AbortSignal.any([cancel.signal, deadline(MAX_ANSWER_MS), ...given])
      signal.throwIfAborted()
      try {
        if (!caller.principal && !caller.service) throw kernelError('auth.required')
        const { pathname } = new URL(input instanceof Request ? input.url : input)
        if (!pathname.endsWith('/chat/completions')) throw kernelError('http.not_found')
        const headers = Object.fromEntries(new Headers(init?.headers))
        const request = judge(JSON.parse(String(init?.body)))
        const answer = await ask(
          { request, bytes: null },
          askerOf(payerOfCaller(caller, headers), true),
          signal,
        )
        return responseOf(answer, signal, () => cancel.abort())
      } catch (cause) {
        signal.throwIfAborted()
        const failure = AppError.from(cause)
        const { status, body } = completionError(failure)
        const later = failure.retryAfterMs
        return Response.json(body, {
          status,
          ...(later !== undefined && { headers: { 'retry-after': String(Math.ceil(later / 1000)) } }),
        })
      }
    },

    reload(next) {
      models = shelf.read(next)
    },

    async start() {
      if (!books || !ledger) return
      stops.push(
        books.events.listen(credentialRevoked, () => callers.forget()),
        books.events.listen(llmBudgetsChanged, () => void readBudgets().catch(failed)),
      )
      await ledger.start()
      await ledger.recover()
      await readBudgets()
      const timer = setInterval(() => void ledger.recover().then(readBudgets).catch(failed), RECOVER_MS)
      timer.unref()
      stops.push(() => clearInterval(timer))
    },

    async checks() {
      const checks = await Promise.all([...engines, ...models.wires].map(checkOf))
      return file ? [...checks, checkYamlFile('models.yaml', file)] : checks
    },

    async stop() {
      for (const stop of stops.splice(0)) stop()
      await ledger?.stop()
      await shelf.close()
    },
  }
}

/** Anthropic's clients carry their key in a header of its own. */
function withApiKey(request: HttpAsked): HttpAsked {
  const { 'x-api-key': key, authorization } = request.headers
  if (typeof key !== 'string' || authorization !== undefined) return request
  const { id, url, body, params, query, raw } = request
  return {
    id,
    url,
    body,
    params,
    query,
    raw,
    headers: { ...request.headers, authorization: `Bearer ${key}` },
  }
}

const noProviders: OpenWire = () => {
  throw new Error('Providers of a file need a way to open them')
}

function counted(ledger: Ledger | undefined): Ledger {
  if (!ledger) throw kernelError('http.not_found')
  return ledger
}

async function checkOf(engine: Pick<Llm | LlmWire, 'name' | 'missing'>): Promise<Check> {
  const missing = await engine.missing()
  const name = `language model ${engine.name}`
  return missing ? { name, state: 'degraded', ...told(missing) } : { name, state: 'ok' }
}

/** A service may ask for nobody in particular. */
function knock(op: Operation, call: Call): void {
  if (!call.service) admit(op, call)
}

function serveModels(
  scope: FastifyInstance,
  authenticate: Authenticate,
  handlers: LlmProxy['handlers'],
): void {
  const { models, model } = llmProxyContract
  const called = async (request: FastifyRequest, reply: FastifyReply) => {
    const call = await openCall(request, reply, models, authenticate)
    knock(models, call)
    return call
  }
  scope.get(models.path, async (request, reply) => await handlers.models({}, await called(request, reply)))
  scope.get(model.path, async (request, reply) => {
    const call = await called(request, reply)
    return await handlers.model(model.input.parse(request.params), call)
  })
}

/** Answers in OpenAI's shape, and logs what is a bug. */
function answerError(cause: unknown, request: FastifyRequest, reply: FastifyReply) {
  const failure = failureOf(cause)
  if (failure.kind === 'internal') request.log.error({ err: cause, route: request.routeOptions.url }, 'bug')
  const { status, body } = completionError(failure)
  if (failure.retryAfterMs !== undefined)
    reply.header('retry-after', String(Math.max(1, Math.ceil(failure.retryAfterMs / 1000))))
  return reply.code(status).send(body)
}
