import { z } from 'zod'
import { ChatRequest } from '../../engines/llm/llm.ts'
import { type AppError, type ErrorKind, kernelError } from '../../kernel/errors.ts'
import { isObject } from './facts.ts'
import type { MessagesError } from './llm-proxy.contract.ts'
import { completionError } from './openai-error.ts'

const Block = z.looseObject({ type: z.string() })
const Content = z.union([z.string(), z.array(Block)])
const MessagesRequest = z.looseObject({
  model: z.string(),
  max_tokens: z.number().int().min(1),
  messages: z.array(z.object({ role: z.enum(['user', 'assistant', 'system']), content: Content })).min(1),
  system: Content.optional(),
  stream: z.boolean().optional(),
  tools: z
    .array(z.looseObject({ name: z.string(), description: z.string().optional(), input_schema: z.unknown() }))
    .optional(),
  tool_choice: z
    .looseObject({
      type: z.enum(['auto', 'any', 'tool', 'none']),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().optional(),
    })
    .optional(),
  stop_sequences: z.array(z.string()).optional(),
})
type MessagesRequest = z.infer<typeof MessagesRequest>
type Block = z.infer<typeof Block>

/** A request in the shape of Anthropic's Messages, as a chat. What the shapes have in common goes through; what a chat has no word for (`thinking`, `cache_control`) is left out. */
export function chatOfMessages(body: unknown): ChatRequest {
  const parsed = MessagesRequest.safeParse(body)
  if (!parsed.success) {
    const detail = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    throw kernelError('input.invalid', { detail }, { cause: parsed.error })
  }
  const { system, messages, tools, tool_choice: choice, stop_sequences: stop, ...rest } = parsed.data
  const { model, max_tokens, stream, temperature, top_p, top_k, metadata } = rest
  const said = messages.flatMap(messageOf)
  const told = system === undefined ? [] : [{ role: 'system', content: textOf(system) }]
  return ChatRequest.parse({
    model,
    max_tokens,
    messages: [...told, ...said],
    ...(stream && { stream, stream_options: { include_usage: true } }),
    ...(temperature !== undefined && { temperature }),
    ...(top_p !== undefined && { top_p }),
    ...(top_k !== undefined && { top_k }),
    ...(stop && { stop }),
    ...(isObject(metadata) && typeof metadata.user_id === 'string' && { user: metadata.user_id }),
    ...(tools && {
      tools: tools.map(({ name, description, input_schema: parameters }) => ({
        type: 'function',
        function: { name, ...(description !== undefined && { description }), parameters },
      })),
    }),
    ...(choice && { tool_choice: choiceOf(choice) }),
    ...(choice?.disable_parallel_tool_use && { parallel_tool_calls: false }),
  })
}

function choiceOf({ type, name }: NonNullable<MessagesRequest['tool_choice']>): unknown {
  if (type === 'tool') return { type: 'function', function: { name } }
  return type === 'any' ? 'required' : type
}

function messageOf({ role, content }: MessagesRequest['messages'][number]): object[] {
  if (typeof content === 'string') return [{ role, content }]
  if (role !== 'user') return [spoken(role, content)]
  // What tools gave goes before what is said about it.
  const results = content.filter(({ type }) => type === 'tool_result').map(resultOf)
  const parts = content.filter(({ type }) => type !== 'tool_result').map(partOf)
  return parts.length > 0 ? [...results, { role, content: parts }] : results
}

function spoken(role: string, content: readonly Block[]): object {
  const calls = content
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(input ?? {}) },
    }))
  const text = textOf(content)
  return {
    role,
    content: text === '' && calls.length > 0 ? null : text,
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

function resultOf({ tool_use_id: id, content, is_error: failed }: Block): object {
  const given = Content.safeParse(content ?? '')
  const text = given.success ? textOf(given.data) : ''
  return { role: 'tool', tool_call_id: id, content: failed === true ? `Error: ${text}` : text }
}

function partOf(block: Block): object {
  const { type, source, text } = block
  if (type === 'text') return { type: 'text', text }
  if (type === 'image' && isObject(source)) {
    const url = source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`
    return { type: 'image_url', image_url: { url } }
  }
  if (type === 'document' && isObject(source) && source.type === 'text')
    return { type: 'text', text: source.data }
  throw kernelError('input.invalid', {
    detail: `messages: a part of type ${type.slice(0, 50)} is not taken here`,
  })
}

const textOf = (content: string | readonly Block[]): string =>
  typeof content === 'string'
    ? content
    : content
        .flatMap((block) => (block.type === 'text' && typeof block.text === 'string' ? [block.text] : []))
        .join('\n')

const TYPES: Readonly<Partial<Record<ErrorKind, string>>> = {
  unauthenticated: 'authentication_error',
  forbidden: 'permission_error',
  not_found: 'not_found_error',
  too_large: 'request_too_large',
  rate_limited: 'rate_limit_error',
  timeout: 'timeout_error',
  unavailable: 'overloaded_error',
  upstream: 'api_error',
  internal: 'api_error',
}

/** A failure as Anthropic's clients read it. */
export function messagesError(failure: AppError): { status: number; body: MessagesError } {
  const { status, body } = completionError(failure)
  const type = status === 429 ? 'rate_limit_error' : (TYPES[failure.kind] ?? 'invalid_request_error')
  const { message, daarion } = body.error
  return { status, body: { type: 'error', error: { type, message, code: failure.code, daarion } } }
}

const STOPS: Readonly<Record<string, string>> = {
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
}
export const stopOf = (finish: unknown): string => STOPS[String(finish)] ?? 'end_turn'
