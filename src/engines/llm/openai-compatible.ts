import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { httpWire } from './http-wire.ts'
import type { ChatChunk, ChatRequest, Llm, LlmOptions } from './llm.ts'
import type { WireAnswer, WireStream } from './wire.ts'

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

const FIRST_WAIT_MS = 300

/** Any server that speaks OpenAI's chat completions: Ollama, vLLM, LM Studio, llama.cpp, OpenAI. Asked by itself, it tries 408, 429, 5xx and a lost line again with growing, jittered pauses until the first chunk has come, never after; by its `wire` each call is one try. */
export function openAiCompatible(config: OpenAiCompatible, needs: OpenAiCompatibleNeeds): Llm {
  const { model, retryForMs = 5_000 } = config
  const wire = httpWire(config)
  const engine = wire.name

  const send = async (request: ChatRequest, stream: boolean, signal: AbortSignal): Promise<WireAnswer> => {
    const { daarion: _ours, ...foreign } = request
    const body = JSON.stringify({ ...foreign, stream })
    const until = needs.clock.now() + retryForMs
    for (let tries = 0; ; tries++)
      try {
        return await wire.send({ path: 'chat/completions', body, stream, choices: true }, signal)
      } catch (cause) {
        signal.throwIfAborted()
        const failure = AppError.from(cause)
        const pause = failure.retryAfterMs ?? FIRST_WAIT_MS * 2 ** tries * (0.5 + needs.random())
        const again = failure.retryable || failure.code === 'engine.cut'
        if (!again || needs.clock.now() + pause > until) throw failure
        await needs.clock.sleep(pause, signal)
      }
  }

  return {
    name: engine,
    wire,
    retryForMs,
    models: () => [{ id: model, ownedBy: engine }],
    missing: wire.missing,

    async *chat(request, { signal }) {
      const stop = new AbortController()
      try {
        const answer = await send(request, true, AbortSignal.any([signal, stop.signal]))
        if (answer.kind === 'stream') yield* chunksOf(answer)
      } finally {
        // A reader that leaves early stops the provider too.
        stop.abort()
      }
    },

    async complete(request: ChatRequest, { signal }: LlmOptions) {
      const answer = await send(request, false, signal)
      if (answer.kind === 'whole') return answer.json
      throw engineError('engine.cut', { engine })
    },
  }
}

/** A stream as its chunks, one after another; the server is held back while nobody takes them. */
export async function* chunksOf(stream: WireStream): AsyncGenerator<ChatChunk> {
  const ready: ChatChunk[] = []
  let over: { readonly failure?: unknown } | null = null
  let wake = () => {}
  stream.read({
    frames({ chunks }) {
      ready.push(...chunks)
      stream.pause()
      wake()
    },
    end() {
      over = {}
      wake()
    },
    fail(failure) {
      over = { failure }
      wake()
    },
  })
  for (;;) {
    yield* ready.splice(0)
    // It changes while others take what was yielded.
    const ended = over as { readonly failure?: unknown } | null
    if (ended && ready.length === 0) {
      if ('failure' in ended) throw ended.failure
      return
    }
    if (ready.length > 0) continue
    await new Promise<void>((resolve) => {
      wake = resolve
      stream.resume()
    })
  }
}
