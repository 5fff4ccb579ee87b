import { z } from 'zod'
import type { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { toHits } from './hits.ts'
import { openJson } from './open-json.ts'
import type { OpenAddress, WebSearch } from './web-search.ts'

export interface TavilyNeeds {
  readonly open: OpenAddress
  readonly key: Secret
  readonly url?: string
}

const URL_OF = 'https://api.tavily.com'
const NAME = 'tavily'
const MOST = 20

const Answer = z.object({
  results: z.array(
    z.object({ title: z.string().nullish(), url: z.string().nullish(), content: z.string().nullish() }),
  ),
})

/** Tavily's search, with a key; it takes no language, but finds in that of the query. https://docs.tavily.com/documentation/api-reference/endpoint/search */
export function createTavily({ key, open, url = URL_OF }: TavilyNeeds): WebSearch {
  const engine = new URL(url).host
  return {
    name: NAME,
    paid: [NAME],
    missing: () => Promise.resolve(null),
    async search(query, { freshness, limit, onUsed, safe = 'moderate', signal }) {
      const body = {
        query: query.slice(0, 400),
        max_results: Math.min(limit, MOST),
        search_depth: 'basic',
        include_answer: false,
        safe_search: safe !== 'off',
        ...(freshness && { time_range: freshness }),
      }
      const headers = { authorization: `Bearer ${key.reveal()}` }
      const answer = await openJson(open, new URL('/search', url), { engine, headers, body, signal })
      onUsed?.({ by: NAME, unit: 'searches', amount: 1 })
      const read = Answer.safeParse(answer)
      if (!read.success) throw engineError('engine.cut', { engine })
      const hits = toHits(
        read.data.results.map(({ content, title, url }) => ({ title, url, text: content })),
        limit,
      )
      return { engine: 'Tavily', hits }
    },
  }
}
