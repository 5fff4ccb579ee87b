import { z } from 'zod'
import type { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { toHits } from './hits.ts'
import { openJson } from './open-json.ts'
import type { Freshness, OpenAddress, WebSearch } from './web-search.ts'

export interface BraveNeeds {
  readonly open: OpenAddress
  readonly key: Secret
  readonly url?: string
}

const URL_OF = 'https://api.search.brave.com'
const NAME = 'brave'
const MOST = 20
const SINCE: Readonly<Record<Freshness, string>> = { day: 'pd', week: 'pw', month: 'pm', year: 'py' }

const Answer = z.object({
  web: z
    .object({
      results: z.array(
        z.object({
          title: z.string().nullish(),
          url: z.string().nullish(),
          description: z.string().nullish(),
        }),
      ),
    })
    .nullish(),
})

/** Brave's index, with a key. https://api-dashboard.search.brave.com/app/documentation/web-search/get-started */
export function createBrave({ key, open, url = URL_OF }: BraveNeeds): WebSearch {
  const engine = new URL(url).host
  return {
    name: NAME,
    paid: [NAME],
    missing: () => Promise.resolve(null),
    async search(query, { freshness, languages, limit, onUsed, safe = 'moderate', signal }) {
      for (const language of languages) {
        const address = new URL('/res/v1/web/search', url)
        address.search = new URLSearchParams({
          q: query.slice(0, 400),
          count: String(Math.min(limit, MOST)),
          search_lang: language,
          safesearch: safe,
          text_decorations: 'false',
          ...(freshness && { freshness: SINCE[freshness] }),
        }).toString()
        const headers = { 'x-subscription-token': key.reveal() }
        const answer = await openJson(open, address, { engine, headers, signal })
        onUsed?.({ by: NAME, unit: 'searches', amount: 1 })
        const read = Answer.safeParse(answer)
        if (!read.success) throw engineError('engine.cut', { engine })
        const found = read.data.web?.results ?? []
        const hits = toHits(
          found.map(({ description, title, url }) => ({ title, url, text: description })),
          limit,
        )
        if (hits.length > 0) return { engine: 'Brave', hits }
      }
      return { engine: 'Brave', hits: [] }
    },
  }
}
