import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Call, Contract, Operation } from '../../kernel/contract.ts'
import { hasBody, invoke } from '../../kernel/contract.ts'
import { queryDecoder } from '../../kernel/query.ts'
import type { Authenticate, Identity, Service } from './service.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `data`: JSON and nothing else, which needs fewer of the headers that keep pages safe. */
    answers?: 'data'
  }
}

const NOBODY: Identity = { principal: null, service: null, credential: null }

/** Serves a contract's operations as routes, but for those the service serves itself. */
export function serve<C extends Contract>(
  app: FastifyInstance,
  service: Service<C>,
  authenticate: Authenticate,
): void {
  for (const [name, op] of Object.entries(service.contract)) {
    if (service.custom?.includes(name)) continue
    // Handler and operation share their contract's key.
    const handler = service.handlers[name as keyof C] as never
    const read = inputReader(op)
    app.route({
      method: op.method,
      url: op.path,
      config: { answers: 'data' },
      async handler(request, reply) {
        const { principal, service: caller } = op.access === 'public' ? NOBODY : await authenticate(request)
        const call = new RequestCall(principal, caller, request.id, reply)
        return reply.code(op.status).send(await invoke(op, handler, read(request), call))
      },
    })
  }
}

/** Reads an operation's input out of a request: path, then body or query. */
export function inputReader(op: Operation): (request: FastifyRequest) => Record<string, unknown> {
  const query = hasBody(op) ? undefined : queryDecoder(op)
  return (request) =>
    // Fastify types both as unknown; the operation's schema judges them.
    Object.assign({}, query ? query(request.query as Record<string, unknown>) : request.body, request.params)
}

/** The call a request makes: who, for whom, until when. */
export async function openCall(
  request: FastifyRequest,
  reply: FastifyReply,
  op: Pick<Operation, 'access'>,
  authenticate: Authenticate,
): Promise<Call> {
  const { principal, service } = op.access === 'public' ? NOBODY : await authenticate(request)
  return new RequestCall(principal, service, request.id, reply)
}

/** Its signal is made only when somebody asks for it: most calls never do. */
class RequestCall implements Call {
  readonly principal: Call['principal']
  readonly service: string | null
  readonly requestId: string
  readonly #reply: FastifyReply
  #signal: AbortSignal | undefined

  constructor(principal: Call['principal'], service: string | null, requestId: string, reply: FastifyReply) {
    this.principal = principal
    this.service = service
    this.requestId = requestId
    this.#reply = reply
  }

  get signal(): AbortSignal {
    this.#signal ??= whenGone(this.#reply)
    return this.#signal
  }
}

/** Aborts when the client goes away before it was answered. */
export function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new DOMException('The caller is gone', 'AbortError'))
  })
  return gone.signal
}
