import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ChatChunk, Llm } from '../../engines/llm/llm.ts'
import { ChatRequest } from '../../engines/llm/llm.ts'
import { admit, type Call, type Operation } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import { told } from '../../platform/http/check.errors.ts'
import { failureOf } from '../../platform/http/http.errors.ts'
import { openCall } from '../../platform/http/serve.ts'
import type { Authenticate, Service } from '../../platform/http/service.ts'
import { gather } from './gather.ts'
import { type LlmAccess, llmProxyContract, type Model } from './llm-proxy.contract.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import { completionError } from './openai-error.ts'

/** Answers to this name whatever model the city has: the first engine. */
const CITY_MODEL = 'city'

const MAX_BODY_BYTES = 32 * 1024 * 1024
const MAX_ANSWER_MS = 10 * 60_000

export interface LlmProxyNeeds {
  /** In order of preference; the first one is the city's own. A failing one is not replaced by another: an answer never changes its nature unseen. */
  readonly engines: readonly [Llm, ...Llm[]]
}

type Caller = Pick<Call, 'principal' | 'service'>

/** Its `fetchAs` is for callers in this process: no socket, the same answers. It serves `POST …/chat/completions` alone. */
export interface LlmProxy extends Service<typeof llmProxyContract>, LlmAccess {}

/** OpenAI's chat completions over the city's language models. */
export function createLlmProxy({ engines }: LlmProxyNeeds): LlmProxy {
  const list = (): Model[] => {
    const model = (id: string, owned_by: string) => ({ id, object: 'model' as const, created: 0, owned_by })
    const served = engines.flatMap((engine) => engine.models())
    return [model(CITY_MODEL, 'daarion'), ...served.map(({ id, ownedBy }) => model(id, ownedBy))]
  }
  const unknown = (model: string) =>
    llmProxyError('llm_proxy.model_unknown', {
      model: model.slice(0, 100),
      models: list()
        .map(({ id }) => id)
        .join(', '),
    })

  /** The engine of a request, and the request by the name that the engine knows. */
  const route = (request: ChatRequest) => {
    const [first] = engines
    const own = first.models()[0]
    if (request.model === CITY_MODEL && own) return { engine: first, request: { ...request, model: own.id } }
    const engine = engines.find((one) => one.models().some(({ id }) => id === request.model))
    if (!engine) throw unknown(request.model)
    return { engine, request }
  }

  const whole = async (asked: ChatRequest, signal: AbortSignal) => {
    const { engine, request } = route({ ...asked, stream: false })
    return engine.complete
      ? await engine.complete(request, { signal })
      : await gather(engine.chat(request, { signal }))
  }

  /** Resolves when the first chunk is there, so that a failure before it still has a status of its own. */
  const streamed = async (asked: ChatRequest, signal: AbortSignal) => {
    const { engine, request } = route(asked)
    const chunks = engine.chat(request, { signal })[Symbol.asyncIterator]()
    return events(await chunks.next(), chunks, signal)
  }

  const open = async (caller: Caller, body: unknown, signal: AbortSignal) => {
    known(caller)
    const request = judge(body)
    return request.stream === true ? await streamed(request, signal) : await whole(request, signal)
  }

  const handlers: LlmProxy['handlers'] = {
    async chat(input, call) {
      const answer = await whole(judge(input), call.signal)
      return { ...answer, choices: Array.isArray(answer.choices) ? answer.choices : [] }
    },
    models: async () => ({ object: 'list', data: list() }),
    async model({ model: id }) {
      const found = list().find((model) => model.id === id)
      if (!found) throw unknown(id)
      return found
    },
  }

  return {
    contract: llmProxyContract,
    handlers,
    custom: ['chat', 'models', 'model'],

    routes(app, authenticate) {
      void app.register(async (scope) => {
        scope.setErrorHandler(answerError)
        serveChat(scope, authenticate, open)
        serveModels(scope, authenticate, handlers)
      })
    },

    baseUrl: 'http://llm-proxy/v1',
    fetchAs: (caller) => async (input, init) => {
      const cancel = new AbortController()
      const signal = AbortSignal.any([cancel.signal, deadline(MAX_ANSWER_MS), ...signalOf(init)])
      signal.throwIfAborted()
      try {
        const { pathname } = new URL(input instanceof Request ? input.url : input)
        if (!pathname.endsWith('/chat/completions')) throw kernelError('http.not_found')
        const answer = await open(caller, JSON.parse(String(init?.body)), signal)
        if (!(Symbol.asyncIterator in answer)) return Response.json(answer)
        const headers = { 'content-type': 'text/event-stream; charset=utf-8' }
        return new Response(bodyOf(answer, cancel), { headers })
      } catch (cause) {
        signal.throwIfAborted()
        const { status, body } = completionError(AppError.from(cause))
        return Response.json(body, { status })
      }
    },

    async checks() {
      return await Promise.all(
        engines.map(async (engine) => {
          const missing = await engine.missing()
          const name = `language model ${engine.name}`
          return missing
            ? { name, state: 'degraded' as const, ...told(missing) }
            : { name, state: 'ok' as const }
        }),
      )
    },
  }
}

function known({ principal, service }: Caller): void {
  if (!principal && !service) throw kernelError('auth.required')
}

/** A service may ask for nobody in particular. */
function knock(op: Operation, call: Call): void {
  if (!call.service) admit(op, call)
}

type Open = (
  caller: Caller,
  body: unknown,
  signal: AbortSignal,
) => Promise<AsyncGenerator<string> | Readonly<Record<string, unknown>>>

function judge(body: unknown): ChatRequest {
  const parsed = ChatRequest.safeParse(body)
  if (parsed.success) return parsed.data
  const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  throw kernelError('input.invalid', { detail }, { cause: parsed.error })
}

/** The stream on the wire. A failure in the middle is an error event, and no `[DONE]` follows it. */
async function* events(
  first: IteratorResult<ChatChunk>,
  chunks: AsyncIterator<ChatChunk>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    for (let next = first; !next.done; next = await chunks.next())
      yield `data: ${JSON.stringify(next.value)}\n\n`
    yield 'data: [DONE]\n\n'
  } catch (cause) {
    signal.throwIfAborted()
    yield `data: ${JSON.stringify(completionError(AppError.from(cause)).body)}\n\n`
  } finally {
    await chunks.return?.()
  }
}

const signalOf = (init: RequestInit | undefined): AbortSignal[] => (init?.signal ? [init.signal] : [])

function bodyOf(parts: AsyncGenerator<string>, cancel: AbortController): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      cancel.abort()
      await parts.return(undefined)
    },
  })
}

function serveChat(scope: FastifyInstance, authenticate: Authenticate, open: Open): void {
  const { chat } = llmProxyContract
  scope.route({
    method: chat.method,
    url: chat.path,
    bodyLimit: MAX_BODY_BYTES,
    async onRequest(request, reply) {
      knock(chat, await openCall(request, reply, chat, authenticate))
    },
    async handler(request, reply) {
      const call = await openCall(request, reply, chat, authenticate)
      const signal = AbortSignal.any([call.signal, deadline(MAX_ANSWER_MS)])
      const answer = await open(call, request.body, signal)
      if (!(Symbol.asyncIterator in answer)) return reply.send(answer)
      reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store')
      reply.header('x-accel-buffering', 'no')
      return reply.send(Readable.from(answer, { highWaterMark: 4 }))
    },
  })
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
