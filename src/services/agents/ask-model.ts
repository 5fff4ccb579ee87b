import type { ModelMessage, ToolSet } from 'ai'
import { z } from 'zod'
import { AppError, Failure } from '../../kernel/errors.ts'
import { agentsError } from './agents.errors.ts'
import type { Prompt } from './prompt.ts'
import type { ModelCall, Tool } from './tools/tool.ts'

export interface Called {
  readonly tool: string
  readonly input: unknown
}

export interface ModelAnswer {
  readonly text: string
  /** What it wants to be done before it goes on; none where the answer is whole. */
  readonly calls: readonly Called[]
  readonly costUsd: number
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
  /** Who asks in which run, for budgets and routing. */
  readonly headers: Readonly<Record<string, string>>
  readonly prompt: Prompt
  /** What was said and done in this run after the question. */
  readonly turns: readonly Turn[]
  readonly tools: readonly Pick<Tool, 'name' | 'description' | 'input'>[]
  /** Whether it may still use them; otherwise it is to answer with what it has. */
  readonly mayCall: boolean
  readonly maxTokens: number
  readonly signal: AbortSignal
  onWords(words: string): void
}

/** What the model said and called, and what came of each call, ready to be read. */
export interface Turn {
  readonly text: string
  readonly calls: readonly ModelCall[]
  readonly results: ReadonlyMap<string, string>
}

/** Calls beyond these are not made; the model may ask again. */
const MAX_CALLS = 8

/** Asks the language model once and streams what it says; its calls are given back, not made. Rejects with an AppError that carries the model's own code, or with the signal's reason. */
export async function askModel(ask: Ask): Promise<ModelAnswer> {
  // Loaded when the first question comes: an idle city does not hold it in memory.
  const [{ streamText, tool }, { createOpenAICompatible }] = await Promise.all([
    import('ai'),
    import('@ai-sdk/openai-compatible'),
  ])
  const provider = createOpenAICompatible({
    name: 'city',
    baseURL: ask.baseUrl,
    fetch: ask.fetch,
    includeUsage: true,
    headers: { ...ask.headers },
    transformRequestBody: (body) => ({ ...body, daarion: ask.prompt.hints }),
  })
  const tools: ToolSet = Object.fromEntries(
    ask.tools.map(({ name, description, input }) => [name, tool({ description, inputSchema: input })]),
  )
  const { fullStream } = streamText({
    model: provider.chatModel(ask.model),
    system: ask.prompt.system,
    messages: messagesOf(ask),
    ...(ask.tools.length > 0 && { tools, toolChoice: ask.mayCall ? ('auto' as const) : ('none' as const) }),
    maxOutputTokens: ask.maxTokens,
    maxRetries: 0,
    abortSignal: ask.signal,
    includeRawChunks: true,
    // Every failure comes through the stream below.
    onError: () => undefined,
  })
  let text = ''
  let raw: unknown
  let costUsd = 0
  const calls: Called[] = []
  let end: { model: string; in: number | undefined; out: number | undefined; reason: string } | undefined
  for await (const part of fullStream) {
    if (part.type === 'raw') {
      raw = part.rawValue
      costUsd = Priced.safeParse(raw).data?.usage.cost ?? costUsd
    } else if (part.type === 'error') {
      ask.signal.throwIfAborted()
      // It was told to answer and wants to go on looking: what it said counts.
      if (!ask.mayCall && isNamed(part.error, 'AI_ToolChoiceViolationError')) continue
      throw modelFailure(part.error, raw)
    } else if (part.type === 'text-delta' && part.text !== '') {
      text += part.text
      ask.onWords(part.text)
    } else if (part.type === 'tool-call' && ask.mayCall && calls.length < MAX_CALLS)
      calls.push({ tool: part.toolName, input: part.input })
    else if (part.type === 'finish-step') {
      const { inputTokens, outputTokens } = part.usage
      end = { model: part.response.modelId, in: inputTokens, out: outputTokens, reason: part.finishReason }
    }
  }
  ask.signal.throwIfAborted()
  if (text.trim() === '' && calls.length === 0) throw agentsError('agents.empty_answer')
  const counted = end?.in !== undefined && end.out !== undefined
  return {
    text,
    calls,
    model: end?.model ?? ask.model,
    tokensIn: end?.in ?? Math.ceil((ask.prompt.system.length + ask.prompt.user.length) / 4),
    tokensOut: end?.out ?? Math.ceil(text.length / 4),
    costUsd,
    estimated: !counted,
    cutShort: end?.reason === 'length',
  }
}

const isNamed = (cause: unknown, name: string): boolean => cause instanceof Error && cause.name === name

/** What a call cost, where whoever answered says so in its usage. */
const Priced = z.object({ usage: z.object({ cost: z.number().min(0) }) })

function messagesOf({ prompt, turns }: Ask): ModelMessage[] {
  const wire = (call: ModelCall) => `call_${call.id.replaceAll('.', '_')}`
  const said = turns.flatMap(({ text, calls, results }): ModelMessage[] => {
    const words = text === '' ? [] : [{ type: 'text' as const, text }]
    const made = calls.map((call) => ({
      type: 'tool-call' as const,
      toolCallId: wire(call),
      toolName: call.tool,
      input: call.input,
    }))
    const given = calls.map((call) => ({
      type: 'tool-result' as const,
      toolCallId: wire(call),
      toolName: call.tool,
      output: { type: 'text' as const, value: results.get(call.id) ?? '' },
    }))
    return [
      { role: 'assistant', content: [...words, ...made] },
      { role: 'tool', content: given },
    ]
  })
  return [{ role: 'user', content: prompt.user }, ...said]
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
