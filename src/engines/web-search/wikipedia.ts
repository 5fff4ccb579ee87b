import { z } from 'zod'
import { engineError } from '../engine.errors.ts'
import { toHits } from './hits.ts'
import { openJson } from './open-json.ts'
import type { OpenAddress, WebLanguage, WebSearch } from './web-search.ts'

export interface WikipediaNeeds {
  readonly open: OpenAddress
  /** The address of a MediaWiki, with `LANG` where the language goes. */
  readonly url?: string
}

const URL_OF = 'https://LANG.wikipedia.org'
const MAX_EXCERPT = 400
const SITES: Readonly<Record<WebLanguage, string>> = { uk: 'Вікіпедія', en: 'Wikipedia' }

const Answer = z.object({
  error: z.object({ code: z.string() }).optional(),
  query: z
    .object({
      pages: z.array(
        z.object({
          title: z.string(),
          index: z.number().optional(),
          fullurl: z.string().optional(),
          extract: z.string().optional(),
        }),
      ),
    })
    .optional(),
})

/** Articles of Wikipedia, or of another MediaWiki with TextExtracts, by its action API; no key. https://www.mediawiki.org/wiki/API:Search */
export function createWikipedia({ open, url = URL_OF }: WikipediaNeeds): WebSearch {
  const host = (language: WebLanguage) => new URL(url.replace('LANG', language)).host

  const ask = async (
    query: string,
    language: WebLanguage,
    limit: number,
    signal: AbortSignal | undefined,
  ) => {
    const address = new URL('/w/api.php', url.replace('LANG', language))
    address.search = new URLSearchParams({
      action: 'query',
      format: 'json',
      formatversion: '2',
      generator: 'search',
      gsrsearch: query.slice(0, 300),
      gsrlimit: String(limit),
      prop: 'extracts|info',
      inprop: 'url',
      exintro: '1',
      explaintext: '1',
      exlimit: 'max',
      exchars: String(MAX_EXCERPT),
      redirects: '1',
      maxlag: '5',
    }).toString()
    const engine = host(language)
    const read = Answer.safeParse(await openJson(open, address, { engine, signal }))
    if (!read.success) throw engineError('engine.cut', { engine })
    // It says so where its database lags; that passes.
    if (read.data.error)
      throw engineError(
        'engine.refused',
        { engine, status: read.data.error.code.slice(0, 60) },
        { retryable: true },
      )
    const pages = (read.data.query?.pages ?? []).sort((a, b) => (a.index ?? 0) - (b.index ?? 0))
    return toHits(
      pages.map(({ title, fullurl, extract }) => ({
        title,
        url: fullurl,
        site: SITES[language],
        text: extract,
      })),
      limit,
      { plain: true },
    )
  }

  return {
    name: 'wikipedia',
    missing: () => Promise.resolve(null),
    async search(query, { languages, limit, signal }) {
      for (const language of languages) {
        const hits = await ask(query, language, limit, signal)
        if (hits.length > 0) return { engine: SITES[language], hits }
      }
      return { engine: languages.map((language) => SITES[language]).join(', '), hits: [] }
    },
  }
}
