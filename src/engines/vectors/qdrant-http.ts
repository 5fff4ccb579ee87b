import { z } from 'zod'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { refusal } from '../openai-http.ts'

export interface QdrantServer {
  /** Such as http://127.0.0.1:6333. */
  readonly url: string
  readonly key?: Secret | null
  readonly deadlineMs?: number
  readonly fetch?: typeof fetch
}

export interface QdrantCalls {
  readonly engine: string
  /** The `result` of an answer; undefined where the server answered 404. Fails with `engine.unreachable`, `engine.refused`, `engine.cut`, `call.timeout` or `call.cancelled`. */
  call<S extends z.ZodType>(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    body: unknown,
    result: S,
    signal: AbortSignal | undefined,
  ): Promise<z.output<S> | undefined>
}

const DEADLINE_MS = 30_000

/** Qdrant's REST API: whole answers of one server, within a deadline. */
export function createQdrantCalls({
  deadlineMs = DEADLINE_MS,
  fetch: send = fetch,
  key,
  url,
}: QdrantServer): QdrantCalls {
  const engine = new URL(url).host
  const base = url.replace(/\/+$/, '')
  return {
    engine,
    async call(method, path, body, result, signal) {
      const limit = deadline(deadlineMs)
      try {
        const response = await send(`${base}${path}`, {
          method,
          headers: { 'content-type': 'application/json', ...(key && { 'api-key': key.reveal() }) },
          signal: signal ? AbortSignal.any([signal, limit]) : limit,
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        if (response.status === 404) return void (await response.body?.cancel())
        if (!response.ok) {
          await response.body?.cancel()
          throw refusal(response, engine)
        }
        const told = z.object({ result: z.unknown() }).safeParse(await response.json())
        const answer = result.safeParse(told.data?.result)
        if (!answer.success) throw engineError('engine.cut', { engine }, { retryable: true })
        return answer.data
      } catch (cause) {
        if (cause instanceof AppError) throw cause
        if (signal?.aborted) throw kernelError('call.cancelled', {}, { cause })
        if (limit.aborted) throw kernelError('call.timeout', {}, { cause })
        if (cause instanceof SyntaxError)
          throw engineError('engine.cut', { engine }, { cause, retryable: true })
        throw engineError('engine.unreachable', { engine }, { cause })
      }
    },
  }
}
