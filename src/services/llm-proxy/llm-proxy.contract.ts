import { z } from 'zod'
import { type Call, get, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'
import { operatorOperations } from './operator.contract.ts'
import { usageOperations } from './usage.contract.ts'

export const Model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number().int(),
  owned_by: z.string(),
  kind: z.enum(['chat', 'embeddings']).optional(),
  /** What it can be asked for beyond words; absent where nobody has said. */
  capabilities: z.array(z.string()).optional(),
  /** Tokens that go in and out together. */
  context: z.number().int().optional(),
  /** US dollars for a million tokens; absent where nothing is charged or known. */
  price: z.object({ in: z.number(), out: z.number() }).optional(),
})
export type Model = z.infer<typeof Model>

/** A failure as Anthropic's clients read it: how `/v1/messages` answers. `daarion` is the city's own shape. */
export const MessagesError = z.object({
  type: z.literal('error'),
  error: z.object({ type: z.string(), message: z.string(), code: z.string(), daarion: Failure }),
})
export type MessagesError = z.infer<typeof MessagesError>

/** In OpenAI's shapes, errors too (`{error: {message, type, code, param}}`), so that its clients work unchanged. With `stream: true` the answer is server-sent events. Unknown fields pass through both ways. */
export const llmProxyContract = {
  chat: post('/v1/chat/completions', {
    right: 'llm-proxy.chat.post',
    summary: 'Answer a conversation, streamed or whole; the model `city` is the city’s own choice',
    input: z.looseObject({
      model: z.string(),
      messages: z.array(z.looseObject({ role: z.string() })).min(1),
      stream: z.boolean().optional(),
    }),
    output: z.looseObject({ choices: z.array(z.unknown()) }),
    errors: ['not_found', 'rate_limited', 'upstream', 'unavailable', 'timeout'],
  }),
  responses: post('/v1/responses', {
    right: 'llm-proxy.chat.post',
    summary: 'The same in the shape of OpenAI’s Responses; nothing is kept',
    input: z.looseObject({ model: z.string(), input: z.unknown(), stream: z.boolean().nullish() }),
    output: z.looseObject({ id: z.string(), output: z.array(z.unknown()) }),
    errors: ['not_found', 'rate_limited', 'upstream', 'unavailable', 'timeout'],
  }),
  messages: post('/v1/messages', {
    right: 'llm-proxy.chat.post',
    summary: 'The same in the shape of Anthropic’s Messages; its clients send the city’s key as `x-api-key`',
    input: z.looseObject({
      model: z.string(),
      max_tokens: z.number().int(),
      messages: z.array(z.unknown()),
      stream: z.boolean().optional(),
    }),
    output: z.looseObject({ id: z.string(), content: z.array(z.unknown()) }),
    errors: ['not_found', 'rate_limited', 'upstream', 'unavailable', 'timeout'],
  }),
  embeddings: post('/v1/embeddings', {
    right: 'llm-proxy.embedding.post',
    summary: 'Texts as vectors, by a model of the file or by the city’s own, which is called `city`',
    input: z.looseObject({ model: z.string(), input: z.unknown() }),
    output: z.looseObject({ data: z.array(z.unknown()) }),
    errors: ['not_found', 'rate_limited', 'upstream', 'unavailable', 'timeout'],
  }),
  models: get('/v1/models', {
    right: 'llm-proxy.model.read',
    summary: 'The models that can be asked',
    input: z.object({}),
    output: z.object({ object: z.literal('list'), data: z.array(Model) }),
  }),
  model: get('/v1/models/:model', {
    right: 'llm-proxy.model.read',
    summary: 'One model',
    input: z.object({ model: z.string() }),
    output: Model,
  }),
  ...usageOperations,
  ...operatorOperations,
}

/** How a service reaches the language models: by OpenAI's wire format, in this process or at a peer. */
export interface LlmAccess {
  /** With its `/v1`. */
  readonly baseUrl: string
  /** A `fetch` that speaks for this caller. Aborting a request, or cancelling its body, stops the provider. */
  fetchAs(caller: Pick<Call, 'principal' | 'service'>): typeof globalThis.fetch
}
