import { z } from 'zod'
import type { LlmWire } from './wire.ts'

/** A passage an answer may rest on. `n` is how the text refers to it: [n]. */
export const LlmPassage = z.object({
  n: z.number().int(),
  title: z.string(),
  text: z.string(),
  page: z.number().int().optional(),
  kind: z.enum(['document', 'part', 'message']).optional(),
})
export type LlmPassage = z.infer<typeof LlmPassage>

/** What the city adds to an OpenAI-shaped request, under `daarion`; taken out before a foreign provider sees it. */
export const LlmHints = z.object({
  question: z.string().optional(),
  passages: z.array(LlmPassage).optional(),
  /** Pages that no answer can take into account: said aloud beside the answer. */
  unread: z.array(z.object({ title: z.string(), pages: z.array(z.number().int()) })).optional(),
  language: z.enum(['uk', 'en']).optional(),
  /** Only models that carry all of these tags. */
  tags: z.array(z.string().max(60)).max(20).optional(),
  /** Only models for which the longest answer costs at most so many US dollars. */
  maxUsd: z.number().min(0).optional(),
  /** What belongs together stays with one model while it can. */
  session: z.string().max(200).optional(),
  /** The answer to exactly this request, if it was given not long ago, will do. */
  cache: z.boolean().optional(),
})
export type LlmHints = z.infer<typeof LlmHints>

/** A chat completion request in OpenAI's shape; unknown fields pass through. */
export const ChatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  stream: z.boolean().optional(),
  daarion: LlmHints.optional(),
})
export type ChatRequest = z.infer<typeof ChatRequest>

/** A `chat.completion.chunk` in OpenAI's shape. The last one carries `finish_reason`; one with empty `choices` may carry `usage`. */
export type ChatChunk = Readonly<Record<string, unknown>>

/** A language model, or what stands in for one. */
export interface Llm {
  readonly name: string
  /** The models it serves, by the names a request uses. */
  models(): readonly { readonly id: string; readonly ownedBy: string }[]
  missing(): Promise<Error | null>
  /** Streams chunks. A stream cut by the provider rejects; it never ends as if it were whole. */
  chat(request: ChatRequest, options: LlmOptions): AsyncIterable<ChatChunk>
  /** One whole `chat.completion` as the provider gives it, unknown fields and all. Where it is absent, the caller gathers the stream. */
  complete?(request: ChatRequest, options: LlmOptions): Promise<Readonly<Record<string, unknown>>>
  /** Where it is somebody else's server: the same in bytes, one try a call. */
  readonly wire?: LlmWire
  /** How long a failure before the first token is worth trying again. */
  readonly retryForMs?: number
}

export interface LlmOptions {
  /** Aborting it stops the provider too. */
  readonly signal: AbortSignal
}
