import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Call, Contract, Operation, Right } from '../../kernel/contract.ts'
import { admit, hasBody, invoke, pathKeys } from '../../kernel/contract.ts'
import type { Principal } from '../../kernel/principal.ts'
import { queryDecoder } from '../../kernel/query.ts'
import { isStorable } from '../database/storable.ts'
import type { Asked, DirectRoute, Replied } from './direct.ts'
import { httpError } from './http.errors.ts'
import type { Authenticate, Identity, Service } from './service.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `data`: JSON and nothing else, which needs fewer of the headers that keep pages safe. */
    answers?: 'data'
    /** How it is answered without Fastify's round. */
    direct?: DirectRoute
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
    const answer = async (request: Asked, reply: Replied): Promise<unknown> => {
      const { principal, service: caller } = op.access === 'public' ? NOBODY : await authenticate(request)
      const call = new RequestCall(principal, caller, request.id, reply)
      return await invoke(op, handler, read(request), call)
    }
    app.route({
      method: op.method,
      url: op.path,
      config: { answers: 'data', direct: { hasBody: hasBody(op), status: op.status, answer } },
      handler: async (request, reply) => reply.code(op.status).send(await answer(request, reply)),
    })
  }
}

/** Reads an operation's input out of a request: path, then body or query. Refuses a body with text that a database cannot hold, but in the fields `own`, which the operation judges itself; in an address such a character is replaced, so that it names nothing. */
export function inputReader(
  op: Operation,
  own: readonly string[] = [],
): (request: Asked) => Record<string, unknown> {
  const named = pathKeys(op).length > 0
  const inAddress = (request: Asked, names: Record<string, unknown>) =>
    request.url.includes('%00') ? withoutNul(names) : names
  if (!hasBody(op)) {
    const decode = queryDecoder(op)
    return (request) => {
      // Fastify types it as unknown; the operation's schema judges it.
      const given = decode(request.query as Record<string, unknown>)
      return inAddress(request, named ? Object.assign(given, request.params) : given)
    }
  }
  return (request) => {
    const given: Record<string, unknown> = { ...(request.body as object) }
    for (const field in given)
      if (!own.includes(field) && !canBeStored(given[field])) throw httpError('http.text_invalid', { field })
    return named ? Object.assign(given, inAddress(request, Object.assign({}, request.params))) : given
  }
}

/** What stands in an address, with what no database can hold replaced, so that it names nothing. */
export const withoutNul = (named: unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(named ?? {}).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value,
    ]),
  )

/** The body's depth is bounded where it is parsed. */
function canBeStored(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, inner]) => isStorable(key) && canBeStored(inner))
}

/** For routes that take large bodies: who may not call is refused before the body is read. */
export function admitFirst(
  op: Pick<Operation, 'access' | 'right'>,
  authenticate: Authenticate,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => admit(op, await openCall(request, reply, op, authenticate))
}

/** The call a request makes, where somebody makes it who may: for routes that are no operation, because they take or give files, sockets or streams. */
export async function admitted(
  request: FastifyRequest,
  reply: FastifyReply,
  right: Right,
  authenticate: Authenticate,
): Promise<Call & { readonly principal: Principal }> {
  const op = { access: 'principal', right } as const
  const call = await openCall(request, reply, op, authenticate)
  admit(op, call)
  // `admit` lets nobody in who is nobody.
  return call as Call & { readonly principal: Principal }
}

/** The call a request makes: who, for whom, until when. */
export async function openCall(
  request: Asked,
  reply: Replied,
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
  readonly #reply: Replied
  #signal: AbortSignal | undefined

  constructor(principal: Call['principal'], service: string | null, requestId: string, reply: Replied) {
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
export function whenGone(reply: Replied): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new DOMException('The caller is gone', 'AbortError'))
  })
  return gone.signal
}
