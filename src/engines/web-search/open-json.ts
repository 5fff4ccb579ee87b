import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import type { OpenAddress } from './web-search.ts'

export interface JsonRequest {
  /** What errors call the other side: its host. */
  readonly engine: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON, by POST. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

const TIMEOUT_MS = 8_000
const MAX_BYTES = 500_000

/** What a JSON API answers; undefined where it is no JSON. Fails with `engine.refused` (retryable for 429 and 5xx, when `Retry-After` says where it does), `engine.unreachable`, `call.timeout` or `call.cancelled`. */
export async function openJson(open: OpenAddress, address: URL, request: JsonRequest): Promise<unknown> {
  const { body, engine, headers, signal } = request
  const answer = await reach(engine, () =>
    open(address.href, {
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { method: 'POST' as const, body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }),
  )
  if (answer.status !== 200) throw refused(engine, answer)
  return parse(answer.bytes)
}

/** What went wrong on the way is the engine's failure; time and cancelling stay what they are. */
async function reach<T>(engine: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof AppError && cause.code.startsWith('call.')) throw cause
    throw engineError('engine.unreachable', { engine }, { cause })
  }
}

function refused(
  engine: string,
  { status, headers }: { status: number; headers: Readonly<Record<string, string>> },
) {
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  const wait = Number.isFinite(seconds) ? { retryAfterMs: Math.min(seconds, 3600) * 1000 } : {}
  return engineError(
    'engine.refused',
    { engine, status },
    { retryable: status === 429 || status >= 500, ...wait },
  )
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
