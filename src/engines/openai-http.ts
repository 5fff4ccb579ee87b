import { deadline } from '../kernel/deadline.ts'
import { AppError, kernelError } from '../kernel/errors.ts'
import type { Secret } from '../kernel/secret.ts'
import { engineError } from './engine.errors.ts'

export interface OpenAiServer {
  /** The base URL, with its `/v1` where it has one. */
  readonly url: string
  readonly key?: Secret | null
  readonly deadlineMs?: number
  readonly fetch?: typeof fetch
}

/** Asks one OpenAI-compatible server for whole answers, within a deadline. */
export interface OpenAiCalls {
  /** The server's host: what errors call it. */
  readonly engine: string
  /**
   * Sends and hands the response, good or refused, to `read`, which stays within the deadline. Fails with `engine.unreachable`,
   * `call.timeout`, `call.cancelled`, or what `read` throws as an AppError.
   */
  post<T>(
    path: string,
    body: FormData | string,
    signal: AbortSignal | undefined,
    read: (response: Response) => Promise<T>,
  ): Promise<T>
}

const DEADLINE_MS = 60_000

export function createOpenAiCalls(server: OpenAiServer): OpenAiCalls {
  const { deadlineMs = DEADLINE_MS, fetch: send = fetch, key, url } = server
  const engine = new URL(url).host
  const base = url.replace(/\/+$/, '')
  return {
    engine,
    async post(path, body, signal, read) {
      const limit = deadline(deadlineMs)
      // A form goes as bytes: called off while it streams, it leaves a rejection in Node 24 that nobody can handle.
      const form = typeof body === 'string' ? null : new Response(body)
      const headers = {
        ...(key && { authorization: `Bearer ${key.reveal()}` }),
        'content-type': form?.headers.get('content-type') ?? 'application/json',
      }
      try {
        const sent = form ? await form.arrayBuffer() : body
        const limited = signal ? AbortSignal.any([signal, limit]) : limit
        return await read(
          await send(`${base}/${path}`, { method: 'POST', body: sent, headers, signal: limited }),
        )
      } catch (cause) {
        if (cause instanceof AppError) throw cause
        if (signal?.aborted) throw kernelError('call.cancelled', {}, { cause })
        if (limit.aborted) throw kernelError('call.timeout', {}, { cause })
        throw engineError('engine.unreachable', { engine }, { cause })
      }
    },
  }
}

const LONGEST_WAIT_S = 3600

/** `engine.refused`; retryable for 408, 429 and 5xx, when `Retry-After` says where it does. */
export function refusal(response: Response, engine: string): AppError {
  const { headers, status } = response
  const retryable = status === 408 || status === 429 || status >= 500
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const wait = Number.isFinite(seconds) && {
    retryAfterMs: Math.min(Math.max(0, seconds), LONGEST_WAIT_S) * 1000,
  }
  return engineError('engine.refused', { engine, status }, { retryable, ...wait })
}
