import type { CallOptions, Client, Contract, Handlers, Operation } from './contract.ts'
import { hasBody, invoke, pathKeys } from './contract.ts'
import { deadline } from './deadline.ts'
import { AppError, ErrorBody, kernelError } from './errors.ts'
import { encodeQuery, type Raw } from './query.ts'

export interface ConnectOptions {
  /** The headers that say who calls, and for whom; made anew for each call. */
  readonly authorize?: (options: CallOptions) => Record<string, string> | Promise<Record<string, string>>
  readonly fetch?: typeof globalThis.fetch
}

/** A typed client for a contract served elsewhere. There is no code generation: the contract is the client. */
export function connect<C extends Contract>(base: string, contract: C, how: ConnectOptions = {}): Client<C> {
  const calls = Object.entries(contract).map(([name, op]) => [
    name,
    async (input: Raw, options: CallOptions = {}) => {
      const response = await send(base, op, input, how, options)
      const body: unknown = await response.json().catch(() => undefined)
      // An answer that breaks off inside is none: whoever gave it may be gone.
      if (!response.ok || body === undefined) throw failure(body, response, new URL(base).host)
      return op.output.parse(body)
    },
  ])
  // Each entry was made from the operation of the same name.
  return Object.fromEntries(calls) as Client<C>
}

/** The same client for a service in this process: the same checks, no wire. */
export function local<C extends Contract>(contract: C, handlers: Handlers<C>, service: string): Client<C> {
  const calls = Object.entries(contract).map(([name, op]) => [
    name,
    (input: unknown, options: CallOptions = {}) => {
      const { principal = null, requestId = 'req_local' } = options
      const call = { principal, service, requestId, signal: limited(options) }
      return invoke(op, handlers[name as keyof C] as never, input, call)
    },
  ])
  return Object.fromEntries(calls) as Client<C>
}

const limited = ({ signal, timeoutMs = 30_000 }: CallOptions): AbortSignal =>
  signal ? AbortSignal.any([signal, deadline(timeoutMs)]) : deadline(timeoutMs)

async function send(base: string, op: Operation, input: Raw, how: ConnectOptions, options: CallOptions) {
  const inPath = pathKeys(op)
  const path = op.path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(String(input[key])))
  const rest = Object.fromEntries(Object.entries(input).filter(([key]) => !inPath.includes(key)))
  const query = hasBody(op) ? '' : encodeQuery(rest)
  const url = new URL(query ? `${path}?${query}` : path, base)
  const headers = {
    ...(await how.authorize?.(options)),
    ...(options.requestId && { 'x-request-id': options.requestId }),
    ...(hasBody(op) && { 'content-type': 'application/json' }),
  }
  const signal = limited(options)
  try {
    const body = hasBody(op) ? { body: JSON.stringify(rest) } : {}
    return await (how.fetch ?? globalThis.fetch)(url, { method: op.method, headers, signal, ...body })
  } catch (cause) {
    signal.throwIfAborted()
    throw kernelError('peer.unreachable', { peer: url.host }, { cause })
  }
}

function failure(body: unknown, { status, headers }: Response, peer: string): AppError {
  const parsed = ErrorBody.safeParse(body)
  if (!parsed.success)
    return kernelError('peer.unintelligible', { peer, status }, { retryable: status >= 500 || status < 300 })
  const { error } = parsed.data
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const retryAfter = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}
  return new AppError(error.kind, error.code, error.message, error.params, retryAfter)
}
