import type { Config } from '../config.ts'
import type { Parser } from '../engines/parser/parser.ts'
import { createPageReader } from '../engines/reader/page-reader.ts'
import type { Reader } from '../engines/reader/reader.ts'
import { createBrave } from '../engines/web-search/brave.ts'
import { createSearxng } from '../engines/web-search/searxng.ts'
import { createTavily } from '../engines/web-search/tavily.ts'
import type { WebSearch } from '../engines/web-search/web-search.ts'
import { createWikipedia } from '../engines/web-search/wikipedia.ts'
import type { Clock } from '../kernel/clock.ts'
import type { SafeFetch } from '../platform/fetch/fetch.ts'

/** Opens addresses. It brings an HTTP client, which is read only where somebody looks into the internet. */
const opening =
  (internal: readonly string[]): SafeFetch =>
  async (address, options) => {
    const { createSafeFetch } = await import('../platform/fetch/fetch.ts')
    return await createSafeFetch({ internal })(address, options)
  }

/** What the configuration has to search the internet with. Addresses of the operator's own may be internal; what redirects name may not. */
export function webSearchOf({ secrets, webSearch }: Pick<Config, 'secrets' | 'webSearch'>): WebSearch[] {
  if (!webSearch) return []
  const { searxng, url } = webSearch
  const { braveKey, tavilyKey } = secrets
  const wikis = ['uk', 'en'].map((language) => url.replace('LANG', language))
  const open = opening([...wikis, ...(searxng ? [searxng] : [])])
  return [
    ...(searxng ? [createSearxng({ open, url: searxng })] : []),
    ...(braveKey ? [createBrave({ open, key: braveKey })] : []),
    ...(tavilyKey ? [createTavily({ open, key: tavilyKey })] : []),
    createWikipedia({ open, url }),
  ]
}

/** Reads public addresses alone. */
export const readerOf = (parser: Parser, clock: Clock): Reader =>
  createPageReader({ open: opening([]), parser, clock })
