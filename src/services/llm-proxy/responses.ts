import { z } from 'zod'
import { ChatRequest } from '../../engines/llm/llm.ts'
import { kernelError } from '../../kernel/errors.ts'
import { isObject } from './facts.ts'
import type { Piece, Usage } from './pieces.ts'

const Item = z.looseObject({ type: z.string().optional() })
const Tool = z.looseObject({ type: z.string() })
const ResponsesRequest = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(Item).min(1)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(Tool).nullish(),
  max_output_tokens: z.number().int().min(1).nullish(),
  previous_response_id: z.string().nullish(),
})
export type ResponsesRequest = z.infer<typeof ResponsesRequest>
type Item = z.infer<typeof Item>

export function judgeResponses(body: unknown): ResponsesRequest {
  const parsed = ResponsesRequest.safeParse(body)
  if (!parsed.success) {
    const detail = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    throw kernelError('input.invalid', { detail }, { cause: parsed.error })
  }
  if (parsed.data.previous_response_id)
    throw kernelError('input.invalid', {
      detail: 'previous_response_id: responses are not kept here; send the whole conversation as input',
    })
  return parsed.data
}

const SAME = [
  'temperature',
  'top_p',
  'user',
  'parallel_tool_calls',
  'top_logprobs',
  'service_tier',
  'daarion',
] as const

/** A request in the shape of OpenAI's Responses, as a chat. Nothing is kept: a conversation is sent whole each time. */
export function chatOfResponses(request: ResponsesRequest): ChatRequest {
  const {
    model,
    input,
    instructions,
    stream,
    tools,
    max_output_tokens: most,
    tool_choice: choice,
    text,
  } = request
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input
  const same = Object.fromEntries(
    SAME.flatMap((name) => (request[name] == null ? [] : [[name, request[name]]])),
  )
  const effort = isObject(request.reasoning) ? request.reasoning.effort : undefined
  return ChatRequest.parse({
    model,
    messages: [...(instructions ? [{ role: 'system', content: instructions }] : []), ...joined(items)],
    ...same,
    ...(stream && { stream, stream_options: { include_usage: true } }),
    ...(most != null && { max_completion_tokens: most }),
    ...(typeof effort === 'string' && { reasoning_effort: effort }),
    ...(tools && tools.length > 0 && { tools: tools.map(toolOf) }),
    ...(choice != null && {
      tool_choice: isObject(choice) ? { type: 'function', function: { name: choice.name } } : choice,
    }),
    ...formatOf(text),
    ...(Array.isArray(request.include) &&
      request.include.includes('message.output_text.logprobs') && { logprobs: true }),
  })
}

function toolOf({ type, name, description, parameters, strict }: z.infer<typeof Tool>): object {
  if (type !== 'function')
    throw kernelError('input.invalid', {
      detail: `tools: ${type.slice(0, 50)} is not offered here, only function`,
    })
  return {
    type,
    function: {
      name,
      ...(description != null && { description }),
      parameters,
      ...(strict != null && { strict }),
    },
  }
}

function formatOf(text: unknown): object {
  const format = isObject(text) ? text.format : undefined
  if (!isObject(format) || format.type === 'text') return {}
  if (format.type !== 'json_schema') return { response_format: { type: format.type } }
  const { type, ...schema } = format
  return { response_format: { type, json_schema: schema } }
}

/** Items as messages; calls that stand together belong to one message. */
function joined(items: readonly Item[]): object[] {
  const messages: Record<string, unknown>[] = []
  for (const item of items) {
    const { type = 'message' } = item
    if (type === 'reasoning') continue
    if (type === 'function_call') {
      const call = {
        id: item.call_id,
        type: 'function',
        function: { name: item.name, arguments: item.arguments },
      }
      const last = messages.at(-1)
      if (last?.role === 'assistant')
        last.tool_calls = [...(Array.isArray(last.tool_calls) ? last.tool_calls : []), call]
      else messages.push({ role: 'assistant', content: null, tool_calls: [call] })
    } else if (type === 'function_call_output')
      messages.push({
        role: 'tool',
        tool_call_id: item.call_id,
        content: typeof item.output === 'string' ? item.output : contentOf(item.output),
      })
    else if (type === 'message') messages.push({ role: item.role, content: contentOf(item.content) })
    else
      throw kernelError('input.invalid', {
        detail: `input: an item of type ${type.slice(0, 50)} is not taken here`,
      })
  }
  return messages
}

function contentOf(content: unknown): unknown {
  if (!Array.isArray(content)) return content
  return content.map((part) => {
    if (!isObject(part)) return part
    const { type, text, image_url: url, detail } = part
    if (type === 'input_text' || type === 'output_text') return { type: 'text', text }
    if (type === 'input_image')
      return { type: 'image_url', image_url: { url, ...(detail != null && { detail }) } }
    return part
  })
}

/** What stands in every response: what was asked, said back. */
export function responseAbout(id: string, at: number, model: string, request: ResponsesRequest) {
  return {
    id,
    object: 'response',
    created_at: Math.floor(at / 1000),
    model,
    error: null,
    incomplete_details: null as { reason: string } | null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: request.reasoning ?? { effort: null, summary: null },
    store: false,
    temperature: request.temperature ?? null,
    text: request.text ?? { format: { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_p: request.top_p ?? null,
    truncation: 'disabled',
    user: request.user ?? null,
  }
}

/** How it ended. */
export function endOf(finish: string | null) {
  if (finish === 'length')
    return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
  if (finish === 'content_filter')
    return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
  return { status: 'completed', incomplete_details: null }
}

export const responseUsage = ({ input, output, cached, reasoning }: Usage) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output,
})

export const reasoningItem = (id: string, text: string, status: string) => ({
  id,
  type: 'reasoning',
  summary: [],
  content: [reasoningPart(text)],
  status,
})
const reasoningPart = (text: string) => ({ type: 'reasoning_text', text })

export const textItem = (id: string, text: string, status: string, logprobs: readonly unknown[] = []) => ({
  id,
  type: 'message',
  role: 'assistant',
  status,
  content: [textPart(text, logprobs)],
})
export const textPart = (text: string, logprobs: readonly unknown[] = []) => ({
  type: 'output_text',
  text,
  annotations: [],
  logprobs,
})

export const callItem = (id: string, call: Piece['calls'][number], status: string) => ({
  id,
  type: 'function_call',
  call_id: call.id ?? id,
  name: call.name ?? '',
  arguments: call.json,
  status,
})
