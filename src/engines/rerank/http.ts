import { z } from 'zod'
import { engineError } from '../engine.errors.ts'
import { createOpenAiCalls, type OpenAiServer, refusal } from '../openai-http.ts'
import { tellTokens } from '../usage.ts'
import type { Rerank } from './rerank.ts'

export interface HttpRerankNeeds extends OpenAiServer {
  readonly model: string
}

const NAME = 'http'
/** A long text says in its beginning what it is about, and servers refuse what is too long. */
const MAX_TEXT = 8_000

const Answer = z.object({
  results: z.array(z.object({ index: z.number().int().nonnegative(), relevance_score: z.number() })),
})

/** Any server with `POST /rerank` in the shape that Jina, Cohere and vLLM share. Fails as `createOpenAiCalls` says, with `engine.refused`, and with `engine.cut` for an answer that does not fit. */
export function httpRerank(needs: HttpRerankNeeds): Rerank {
  const { engine, post } = createOpenAiCalls(needs)
  return {
    name: NAME,
    paid: [NAME],
    model: `http/${needs.model}`,
    missing: () => Promise.resolve(null),
    async rerank(query, texts, { limit = texts.length, onUsed, signal } = {}) {
      if (texts.length === 0) return []
      const documents = texts.map((text) => text.slice(0, MAX_TEXT))
      const body = { model: needs.model, query, documents, top_n: limit, return_documents: false }
      return await post('rerank', JSON.stringify(body), signal, async (response) => {
        if (!response.ok) throw refusal(response, engine)
        const told: unknown = await response.json().catch(() => undefined)
        tellTokens(told, NAME, onUsed)
        const answer = Answer.safeParse(told)
        const found = answer.data?.results ?? []
        const places = new Set(found.map(({ index }) => index))
        const fits =
          answer.success && places.size === found.length && found.every(({ index }) => index < texts.length)
        if (!fits) throw engineError('engine.cut', { engine }, { retryable: true })
        return found
          .map(({ index, relevance_score: score }) => ({ index, score }))
          .sort((a, b) => b.score - a.score || a.index - b.index)
          .slice(0, limit)
      })
    },
  }
}
