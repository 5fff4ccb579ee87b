import { z } from 'zod'
import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import type { OpenAddress, WebHit, WebLanguage, WebSearch } from './web-search.ts'

export interface WikipediaNeeds {
  readonly open: OpenAddress
  /** The address of a MediaWiki, with `LANG` where the language goes. */
  readonly url?: string
}

const URL_OF = 'https://LANG.wikipedia.org'
const TIMEOUT_MS = 8_000
const MAX_BYTES = 500_000
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
    const answer = await reach(engine, () =>
      open(address.href, {
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        headers: { accept: 'application/json' },
        ...(signal && { signal }),
      }),
    )
    if (answer.status !== 200) throw refused(engine, answer)
    const read = Answer.safeParse(parse(answer.bytes))
    if (!read.success) throw engineError('engine.cut', { engine })
    // It says so where its database lags; that passes.
    if (read.data.error)
      throw engineError(
        'engine.refused',
        { engine, status: read.data.error.code.slice(0, 60) },
        { retryable: true },
      )
    return (read.data.query?.pages ?? [])
      .sort((a, b) => (a.index ?? 0) - (b.index ?? 0))
      .flatMap(({ title, fullurl, extract = '' }): WebHit[] => {
        const there = fullurl !== undefined && /^https?:\/\//.test(fullurl) && URL.canParse(fullurl)
        return there
          ? [{ title, url: new URL(fullurl).href, site: SITES[language], text: plain(extract) }]
          : []
      })
      .slice(0, limit)
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

/** What went wrong on the way is the engine's failure; time and cancelling stay what they are. */
async function reach<T>(engine: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof AppError && cause.code.startsWith('call.')) throw cause
    throw engineError('engine.unreachable', { engine }, { cause })
  }
}

function refused(
  engine: string,
  { status, headers }: { status: number; headers: Readonly<Record<string, string>> },
) {
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  const wait = Number.isFinite(seconds) ? { retryAfterMs: Math.min(seconds, 3600) * 1000 } : {}
  return engineError(
    'engine.refused',
    { engine, status },
    { retryable: status === 429 || status >= 500, ...wait },
  )
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

const plain = (extract: string): string => extract.replace(/\s+/g, ' ').trim()
