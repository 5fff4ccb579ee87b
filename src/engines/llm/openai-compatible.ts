import { Agent, errors, request as send } from 'undici'
import { z } from 'zod'
import type { Clock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import type { ChatChunk, ChatRequest, Llm, LlmOptions } from './llm.ts'
import { providerRefusal } from './provider-error.ts'
import { readSse } from './sse.ts'

export interface OpenAiCompatible {
  /** The base URL, with its `/v1` where the server has one. */
  readonly url: string
  readonly key: Secret | null
  readonly model: string
  /** The longest silence before and between tokens; 120 s where nothing is said. */
  readonly idleMs?: number
  /** How long a failure before the first token is tried again; 5 s where nothing is said. */
  readonly retryForMs?: number
}

export interface OpenAiCompatibleNeeds {
  readonly clock: Clock
  /** 0…1, for the jitter. */
  readonly random: () => number
}

const MAX_ERROR_BYTES = 64 * 1024
const MAX_ANSWER_BYTES = 32 * 1024 * 1024
const CONNECT_MS = 10_000
const FIRST_WAIT_MS = 300

type Answer = Readonly<Record<string, unknown>>

/** Any server that speaks OpenAI's chat completions: Ollama, vLLM, LM Studio, llama.cpp, OpenAI. 408, 429, 5xx and a lost line are tried again with growing, jittered pauses until the first chunk has come, never after. */
export function openAiCompatible(config: OpenAiCompatible, needs: OpenAiCompatibleNeeds): Llm {
  const base = config.url.endsWith('/') ? config.url : `${config.url}/`
  const engine = new URL(base).host
  const idle = config.idleMs ?? 120_000
  const dispatcher = new Agent({
    connections: null,
    connect: { timeout: CONNECT_MS },
    headersTimeout: idle,
    bodyTimeout: idle,
  })
  const authorization = config.key ? { authorization: `Bearer ${config.key.reveal()}` } : {}

  const post = async (request: ChatRequest, stream: boolean, signal: AbortSignal) => {
    const { daarion: _ours, ...foreign } = request
    const body = JSON.stringify({ ...foreign, stream })
    const headers = { ...authorization, 'content-type': 'application/json' }
    const response = await send(new URL('chat/completions', base), {
      method: 'POST',
      dispatcher,
      headers,
      body,
      signal,
    }).catch((cause: unknown) => {
      throw unanswered(cause, engine)
    })
    if (response.statusCode !== 200) throw await refusal(response, engine, config.key)
    return response.body
  }

  /** Runs one try after another until something has begun, the failure is final or the time is up. */
  async function* persist<T>(attempt: () => AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
    const until = needs.clock.now() + (config.retryForMs ?? 5_000)
    for (let tries = 0; ; tries++) {
      let begun = false
      try {
        for await (const item of attempt()) {
          begun = true
          yield item
        }
        return
      } catch (cause) {
        signal.throwIfAborted()
        const failure = AppError.from(cause)
        const pause = failure.retryAfterMs ?? FIRST_WAIT_MS * 2 ** tries * (0.5 + needs.random())
        const again = failure.retryable || failure.code === 'engine.cut'
        if (begun || !again || needs.clock.now() + pause > until) throw failure
        await needs.clock.sleep(pause, signal)
      }
    }
  }

  return {
    name: engine,
    models: () => [{ id: config.model, ownedBy: engine }],

    async missing() {
      try {
        const url = new URL('models', base)
        const signal = deadline(3_000)
        const { statusCode, body } = await send(url, { dispatcher, headers: authorization, signal })
        await body.dump({ limit: MAX_ANSWER_BYTES })
        const refused = statusCode === 401 || statusCode === 403 || statusCode >= 500
        return refused ? engineError('engine.refused', { engine, status: statusCode }) : null
      } catch (cause) {
        return engineError('engine.unreachable', { engine }, { cause })
      }
    },

    async *chat(request, { signal }) {
      const stop = new AbortController()
      const both = AbortSignal.any([signal, stop.signal])
      const attempt = async function* () {
        const body = await post(request, true, both)
        yield* wholeStream(body, engine, config.key)
      }
      try {
        yield* persist(attempt, signal)
      } finally {
        // A reader that leaves early stops the provider too.
        stop.abort()
      }
    },

    async complete(request: ChatRequest, { signal }: LlmOptions) {
      const attempt = async function* () {
        yield await wholeAnswer(await post(request, false, signal), engine)
      }
      for await (const answer of persist(attempt, signal)) return answer
      throw engineError('engine.cut', { engine })
    },
  }
}

/** Only what decides about the whole is looked at; the rest passes as it came. */
const Chunk = z.object({
  error: z.unknown().optional(),
  choices: z.array(z.object({ finish_reason: z.string().nullish() })).default([]),
})

async function* wholeStream(
  body: AsyncIterable<Uint8Array>,
  engine: string,
  key: Secret | null,
): AsyncGenerator<ChatChunk> {
  let finished = false
  try {
    for await (const data of readSse(body)) {
      if (data === '[DONE]') return
      const raw: unknown = JSON.parse(data)
      const { error, choices } = Chunk.parse(raw)
      if (error !== undefined && error !== null) throw refused(engine, statusIn(error), { error }, key)
      finished ||= choices.some((choice) => typeof choice.finish_reason === 'string')
      // Chunk.parse has shown that it is an object.
      yield raw as ChatChunk
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    if (cause instanceof SyntaxError || cause instanceof z.ZodError || cause instanceof TypeError)
      throw kernelError('peer.unintelligible', { peer: engine, status: 200 }, { cause })
    if (!finished) throw engineError('engine.cut', { engine }, { cause })
  }
  if (!finished) throw engineError('engine.cut', { engine })
}

async function wholeAnswer(body: AsyncIterable<Uint8Array>, engine: string): Promise<Answer> {
  const text = await gather(body, MAX_ANSWER_BYTES).catch((cause: unknown) => {
    throw engineError('engine.cut', { engine }, { cause })
  })
  try {
    return z.looseObject({ choices: z.array(z.unknown()) }).parse(JSON.parse(text))
  } catch (cause) {
    throw kernelError('peer.unintelligible', { peer: engine, status: 200 }, { cause })
  }
}

function unanswered(cause: unknown, engine: string): unknown {
  if (cause instanceof errors.HeadersTimeoutError) return kernelError('call.timeout', {}, { cause })
  if (cause instanceof Error && cause.name === 'AbortError') return cause
  return engineError('engine.unreachable', { engine }, { cause })
}

type Response = Awaited<ReturnType<typeof send>>

async function refusal(response: Response, engine: string, key: Secret | null): Promise<AppError> {
  const text = await gather(response.body, MAX_ERROR_BYTES).catch(() => '')
  return refused(engine, response.statusCode, parsed(text), key, waitIn(response.headers['retry-after']))
}

function refused(
  engine: string,
  status: number,
  body: unknown,
  key: Secret | null,
  wait: { retryAfterMs?: number } = {},
): AppError {
  const retryable = status === 408 || status === 429 || status >= 500
  const cause = providerRefusal(body, key)
  return engineError('engine.refused', { engine, status }, { cause, retryable, ...wait })
}

async function gather(body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > limit) throw new RangeError('The answer is too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const statusIn = (error: unknown): number => {
  const status = z.object({ code: z.coerce.number().int().min(400).max(599) }).safeParse(error)
  return status.success ? status.data.code : 502
}

/** `Retry-After` in seconds or as an HTTP date; a date is left to the usual pauses. */
function waitIn(header: string | string[] | undefined): { retryAfterMs?: number } {
  const seconds = typeof header === 'string' && /^\d+$/.test(header.trim()) ? Number(header) : undefined
  return seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }
}
