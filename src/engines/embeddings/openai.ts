import { z } from 'zod'
import { engineError } from '../engine.errors.ts'
import { createOpenAiCalls, type OpenAiServer, refusal } from '../openai-http.ts'
import { type OnUsed, tellTokens } from '../usage.ts'
import type { Embeddings } from './embeddings.ts'

export interface OpenAiEmbeddingsNeeds extends OpenAiServer {
  readonly model: string
  /** How many numbers that model gives; an answer of another length is refused. */
  readonly dimensions: number
  /** Whether the server is asked for so many numbers: for models that can give fewer than they know. */
  readonly shorten?: boolean
  /** What the model wants before a question and before a passage, such as `query: `. */
  readonly prefixes?: { readonly query: string; readonly passage: string }
}

const NAME = 'openai'
const TEXTS_A_CALL = 64

const Answer = z.object({
  data: z.array(z.object({ index: z.number().int(), embedding: z.array(z.number()) })),
})

/** Any server with OpenAI's `POST /embeddings`. Fails as `createOpenAiCalls` says, with `engine.refused`, and with `engine.cut` for an answer that does not fit. */
export function openAiEmbeddings(needs: OpenAiEmbeddingsNeeds): Embeddings {
  const { dimensions, model, prefixes = { query: '', passage: '' }, shorten } = needs
  const { engine, post } = createOpenAiCalls(needs)

  const ask = (
    input: readonly string[],
    signal: AbortSignal | undefined,
    onUsed: OnUsed | undefined,
  ): Promise<Float32Array[]> =>
    post(
      'embeddings',
      JSON.stringify({ model, input, encoding_format: 'float', ...(shorten && { dimensions }) }),
      signal,
      async (response) => {
        if (!response.ok) throw refusal(response, engine)
        const told: unknown = await response.json().catch(() => undefined)
        tellTokens(told, NAME, onUsed)
        const answer = Answer.safeParse(told)
        const rows = answer.data?.data.toSorted((a, b) => a.index - b.index) ?? []
        const fits =
          rows.length === input.length && rows.every(({ embedding }) => embedding.length === dimensions)
        if (!fits) throw engineError('engine.cut', { engine }, { retryable: true })
        return rows.map(({ embedding }) => unit(embedding))
      },
    )

  return {
    name: NAME,
    paid: [NAME],
    model: `openai/${model}`,
    dimensions,
    semantic: true,
    missing: () => Promise.resolve(null),
    async embed(texts, { kind, onUsed, signal }) {
      const vectors: Float32Array[] = []
      for (let at = 0; at < texts.length; at += TEXTS_A_CALL)
        vectors.push(
          ...(await ask(
            texts.slice(at, at + TEXTS_A_CALL).map((text) => prefixes[kind] + text),
            signal,
            onUsed,
          )),
        )
      return vectors
    },
  }
}

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values) || 1
  return Float32Array.from(values, (value) => value / length)
}
