import { z } from 'zod'
import { engineError } from '../engine.errors.ts'
import { toHits } from './hits.ts'
import { openJson } from './open-json.ts'
import type { OpenAddress, SafeSearch, WebSearch } from './web-search.ts'

export interface SearxngNeeds {
  readonly open: OpenAddress
  /** The address of the instance; its settings must allow `format: json`. */
  readonly url: string
}

const SAFE: Readonly<Record<SafeSearch, string>> = { off: '0', moderate: '1', strict: '2' }

const Answer = z.object({
  results: z.array(
    z.object({ title: z.string().nullish(), url: z.string().nullish(), content: z.string().nullish() }),
  ),
})

/** A SearXNG of one's own: many engines, no key. https://docs.searxng.org/dev/search_api.html */
export function createSearxng({ open, url }: SearxngNeeds): WebSearch {
  const engine = new URL(url).host
  return {
    name: 'searxng',
    missing: () => Promise.resolve(null),
    async search(query, { freshness, languages, limit, safe = 'moderate', signal }) {
      for (const language of languages) {
        const address = new URL('search', url.endsWith('/') ? url : `${url}/`)
        address.search = new URLSearchParams({
          q: query,
          format: 'json',
          language,
          safesearch: SAFE[safe],
          ...(freshness && { time_range: freshness }),
        }).toString()
        const read = Answer.safeParse(await openJson(open, address, { engine, signal }))
        if (!read.success) throw engineError('engine.cut', { engine })
        const hits = toHits(
          read.data.results.map(({ content, title, url }) => ({ title, url, text: content })),
          limit,
        )
        if (hits.length > 0) return { engine: 'SearXNG', hits }
      }
      return { engine: 'SearXNG', hits: [] }
    },
  }
}
