import { z } from 'zod'
import { engineError } from '../../engine.errors.ts'
import type { FunctionCallItem, HistoryItem, LlamaFunction } from './library.ts'
import type { LlamaAsk } from './protocol.ts'

const Text = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))])
const Call = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string().default('{}') }),
})
const Message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: Text.nullish(),
  tool_calls: z.array(Call).nullish(),
  tool_call_id: z.string().nullish(),
})
type Message = z.infer<typeof Message>

const Tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string(),
    description: z.string().optional(),
    parameters: z.looseObject({}).optional(),
  }),
})
const Choice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ function: z.looseObject({ name: z.string() }) }),
])
const Format = z.union([
  z.looseObject({ type: z.enum(['text', 'json_object']) }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({ schema: z.looseObject({}).optional() }),
  }),
])
const count = z.number().int().min(1).nullish()

/** The fields of a chat completion request that a model in a file can follow; OpenAI's meaning, and llama.cpp's for `top_k` and `min_p`. */
const Asked = z.looseObject({
  messages: z.array(Message).min(1),
  tools: z.array(Tool).nullish(),
  tool_choice: Choice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: Format.nullish(),
  max_tokens: count,
  max_completion_tokens: count,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  seed: z.number().int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  n: z.literal(1).nullish(),
  logprobs: z.literal(false).nullish(),
})

export interface ReadAsk {
  readonly history: readonly HistoryItem[]
  /** What may be called; nothing where it must be, for then `schema` holds the call. */
  readonly functions: Readonly<Record<string, LlamaFunction>> | undefined
  readonly parallelCalls: boolean
  /** What the whole answer must be, as JSON schema. */
  readonly schema: object | undefined
  /** Whether what `schema` gives is a call: `{name, arguments}`. */
  readonly isCall: boolean
  readonly sampling: {
    readonly maxTokens?: number
    readonly temperature: number
    readonly topP?: number
    readonly topK?: number
    readonly minP?: number
    readonly seed?: number
    readonly customStopTriggers?: readonly string[]
  }
}

/** OpenAI's default. */
const TEMPERATURE = 1

/** Reads a request of OpenAI's shape for llama.cpp. `engine.cannot` for what it cannot do: pictures, sound, several answers, a tool that is not there. */
export function readAsk(request: LlamaAsk): ReadAsk {
  const parsed = Asked.safeParse(request)
  if (!parsed.success) throw cannot(parsed.error.issues[0]?.path.join('.') ?? 'request')
  const asked = parsed.data
  const tools = asked.tools ?? []
  const { tool_choice: choice } = asked
  const forced =
    choice === 'required' ? tools : typeof choice === 'object' && choice ? [named(choice, tools)] : []
  const functions = choice !== 'none' && forced.length === 0 && tools.length > 0
  const format = asked.response_format
  return {
    history: historyOf(asked.messages),
    functions: functions ? Object.fromEntries(tools.map(functionOf)) : undefined,
    parallelCalls: asked.parallel_tool_calls !== false,
    schema: forced.length > 0 ? callOf(forced) : schemaOf(format),
    isCall: forced.length > 0,
    sampling: {
      temperature: asked.temperature ?? TEMPERATURE,
      ...given('maxTokens', asked.max_completion_tokens ?? asked.max_tokens),
      ...given('topP', asked.top_p),
      ...given('topK', asked.top_k),
      ...given('minP', asked.min_p),
      ...given('seed', asked.seed),
      ...(asked.stop != null && { customStopTriggers: [asked.stop].flat() }),
    },
  }
}

const cannot = (what: string) => engineError('engine.cannot', { engine: 'llama.cpp', what })

const given = <Name extends string, Value>(name: Name, value: Value | null | undefined) =>
  value != null ? ({ [name]: value } as { readonly [K in Name]: Value }) : {}

type Tool = z.infer<typeof Tool>

function named(choice: { readonly function: { readonly name: string } }, tools: readonly Tool[]): Tool {
  const tool = tools.find((one) => one.function.name === choice.function.name)
  if (!tool) throw cannot('tool_choice')
  return tool
}

const functionOf = ({ function: { name, description, parameters } }: Tool): [string, LlamaFunction] => [
  name,
  { ...(description !== undefined && { description }), ...(hasFields(parameters) && { params: parameters }) },
]

const hasFields = (schema: object | undefined): schema is object =>
  schema !== undefined && 'properties' in schema && Object.keys(schema.properties ?? {}).length > 0

/** A call as the whole answer: one of these tools, with arguments of its own shape. */
function callOf(tools: readonly Tool[]): object {
  const calls = tools.map(({ function: { name, parameters } }) => ({
    type: 'object',
    properties: {
      name: { const: name },
      arguments: hasFields(parameters) ? parameters : { type: 'object', properties: {} },
    },
  }))
  const [only] = calls
  return only && calls.length === 1 ? only : { oneOf: calls }
}

function schemaOf(format: z.infer<typeof Format> | null | undefined): object | undefined {
  if (!format || format.type === 'text') return undefined
  const { json_schema: named } = format as { readonly json_schema?: { readonly schema?: object } }
  return named?.schema ?? { type: 'object', additionalProperties: true }
}

/** Results of tools belong to the call they answer, in the turn of the model that called. */
function historyOf(messages: readonly Message[]): HistoryItem[] {
  const results = new Map<string, string>()
  for (const { role, tool_call_id: call, content } of messages)
    if (role === 'tool' && call != null) results.set(call, textOf(content))
  return messages.flatMap((message): HistoryItem[] => {
    const { role, content, tool_calls: calls } = message
    if (role === 'tool') return []
    const text = textOf(content)
    if (role === 'user') return [{ type: 'user', text }]
    if (role !== 'assistant') return [{ type: 'system', text }]
    const called = (calls ?? []).map(
      ({ id, function: { name, arguments: given } }): FunctionCallItem => ({
        type: 'functionCall',
        name,
        params: jsonOf(given),
        result: results.get(id) ?? null,
      }),
    )
    return [{ type: 'model', response: [...(text === '' ? [] : [text]), ...called] }]
  })
}

function textOf(content: Message['content']): string {
  if (content == null) return ''
  if (typeof content === 'string') return content
  return content
    .map((part) => {
      if (part.type !== 'text') throw cannot(part.type)
      return part.text ?? ''
    })
    .join('\n')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw cannot('tool_calls.function.arguments')
  }
}
