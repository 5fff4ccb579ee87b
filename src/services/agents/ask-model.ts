import { z } from 'zod'
import { AppError, Failure } from '../../kernel/errors.ts'
import { agentsError } from './agents.errors.ts'
import type { Prompt } from './prompt.ts'

export interface ModelAnswer {
  readonly text: string
  /** The model that gave it, by its own name. */
  readonly model: string
  readonly tokensIn: number
  readonly tokensOut: number
  /** Whether the tokens were counted by the provider or guessed from the characters. */
  readonly estimated: boolean
  /** Whether it reached the limit of its length. */
  readonly cutShort: boolean
}

export interface Ask {
  readonly baseUrl: string
  readonly fetch: typeof globalThis.fetch
  readonly model: string
  readonly prompt: Prompt
  readonly maxTokens: number
  readonly signal: AbortSignal
  onWords(words: string): void
}

/** Asks the language model once and streams what it says. Rejects with an AppError that carries the model's own code, or with the signal's reason. */
export async function askModel(ask: Ask): Promise<ModelAnswer> {
  // Loaded when the first question comes: an idle city does not hold it in memory.
  const [{ streamText }, { createOpenAICompatible }] = await Promise.all([
    import('ai'),
    import('@ai-sdk/openai-compatible'),
  ])
  const provider = createOpenAICompatible({
    name: 'city',
    baseURL: ask.baseUrl,
    fetch: ask.fetch,
    includeUsage: true,
    transformRequestBody: (body) => ({ ...body, daarion: ask.prompt.hints }),
  })
  const { fullStream } = streamText({
    model: provider.chatModel(ask.model),
    system: ask.prompt.system,
    prompt: ask.prompt.user,
    maxOutputTokens: ask.maxTokens,
    maxRetries: 0,
    abortSignal: ask.signal,
    includeRawChunks: true,
    // Every failure comes through the stream below.
    onError: () => undefined,
  })
  let text = ''
  let raw: unknown
  let end: { model: string; in: number | undefined; out: number | undefined; reason: string } | undefined
  for await (const part of fullStream) {
    if (part.type === 'raw') raw = part.rawValue
    else if (part.type === 'error') {
      ask.signal.throwIfAborted()
      throw modelFailure(part.error, raw)
    } else if (part.type === 'text-delta' && part.text !== '') {
      text += part.text
      ask.onWords(part.text)
    } else if (part.type === 'finish-step') {
      const { inputTokens, outputTokens } = part.usage
      end = { model: part.response.modelId, in: inputTokens, out: outputTokens, reason: part.finishReason }
    }
  }
  ask.signal.throwIfAborted()
  if (text.trim() === '') throw agentsError('agents.empty_answer')
  const counted = end?.in !== undefined && end.out !== undefined
  return {
    text,
    model: end?.model ?? ask.model,
    tokensIn: end?.in ?? Math.ceil((ask.prompt.system.length + ask.prompt.user.length) / 4),
    tokensOut: end?.out ?? Math.ceil(text.length / 4),
    estimated: !counted,
    cutShort: end?.reason === 'length',
  }
}

/** An error body of the llm-proxy: OpenAI's shape, with the city's own beside it. */
const ProxyError = z.object({ error: z.object({ daarion: Failure }) })

/** Finds the city's own error in what the SDK threw: the body of a refusal, or the last event of a broken stream. */
function modelFailure(cause: unknown, lastEvent: unknown): AppError {
  if (cause instanceof AppError) return cause
  const body = cause instanceof Error && 'responseBody' in cause ? parsed(cause.responseBody) : undefined
  for (const candidate of [body, lastEvent]) {
    const read = ProxyError.safeParse(candidate)
    if (!read.success) continue
    const { kind, code, message, params } = read.data.error.daarion
    return new AppError(kind, code, message, params, { cause })
  }
  return agentsError('agents.model_unintelligible', {}, { cause })
}

function parsed(body: unknown): unknown {
  if (typeof body !== 'string') return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
