import type { ChatChunk } from '../../engines/llm/llm.ts'
import { isObject } from './facts.ts'

/** What one chunk of a chat says, for doors of other shapes: only the first of several answers, as those shapes have one. */
export interface Piece {
  readonly text: string
  readonly reasoning: string
  readonly calls: readonly {
    readonly index: number
    readonly id?: string
    readonly name?: string
    readonly json: string
  }[]
  /** How likely each token was, as OpenAI tells it. */
  readonly logprobs: readonly unknown[]
  readonly finish: string | null
  readonly usage: Usage | null
}

export interface Usage {
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly reasoning: number
}

/** Reads a chunk of a stream, or the message of a whole answer. */
export function pieceOf(chunk: ChatChunk): Piece {
  const [choice] = Array.isArray(chunk.choices) ? chunk.choices : []
  const said = isObject(choice) ? (isObject(choice.delta) ? choice.delta : choice.message) : undefined
  const {
    content,
    reasoning_content: thought,
    reasoning,
    refusal,
    tool_calls: calls,
  } = isObject(said) ? said : {}
  return {
    text: `${text(content)}${text(refusal)}`,
    reasoning: text(thought) || text(reasoning),
    calls: (Array.isArray(calls) ? calls : []).flatMap((call, place) => {
      if (!isObject(call)) return []
      const { name, arguments: json } = isObject(call.function) ? call.function : {}
      return [
        {
          index: typeof call.index === 'number' ? call.index : place,
          json: text(json),
          ...(typeof call.id === 'string' && { id: call.id }),
          ...(typeof name === 'string' && { name }),
        },
      ]
    }),
    logprobs:
      isObject(choice) && isObject(choice.logprobs) && Array.isArray(choice.logprobs.content)
        ? choice.logprobs.content
        : [],
    finish: isObject(choice) && typeof choice.finish_reason === 'string' ? choice.finish_reason : null,
    usage: usageOf(chunk.usage),
  }
}

function usageOf(usage: unknown): Usage | null {
  if (!isObject(usage)) return null
  const { prompt_tokens_details: read, completion_tokens_details: written } = usage
  return {
    input: count(usage.prompt_tokens),
    output: count(usage.completion_tokens),
    cached: isObject(read) ? count(read.cached_tokens) : 0,
    reasoning: isObject(written) ? count(written.reasoning_tokens) : 0,
  }
}

export const NO_USAGE: Usage = { input: 0, output: 0, cached: 0, reasoning: 0 }

/** What a tool is called with, as an object; empty where a model wrote no JSON. */
export function inputOf(json: string): unknown {
  try {
    return JSON.parse(json === '' ? '{}' : json)
  } catch {
    return {}
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
/** What a provider counted; nothing where that is no count. */
const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0
