import type { SafeFetch } from '../../platform/fetch/fetch.ts'
import { knowledgeError } from './knowledge.errors.ts'

/** Of one site. */
export const MAX_SITE_PAGES = 200
/** Sitemaps that name sitemaps: so many are opened in all. */
const MAX_MAPS = 12
const MAX_BYTES = 10_000_000
const TIMEOUT_MS = 20_000

/** The pages of a site below an address, by its sitemap (sitemaps.org): of the same host, each once, 200 at most. Rejects with `knowledge.no_sitemap`, and as `open` does where the site's own file of robots cannot be reached. */
export async function pagesOfSite(open: SafeFetch, address: string, signal: AbortSignal): Promise<string[]> {
  const start = new URL(address)
  const folder = start.pathname.replace(/[^/]*$/, '')
  const read = async (url: string): Promise<string | null> => {
    const answer = await open(url, { signal, maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS })
    return answer.status === 200 ? new TextDecoder().decode(answer.bytes) : null
  }
  const robots = (await read(`${start.origin}/robots.txt`)) ?? ''
  const named = [...robots.matchAll(/^\s*sitemap:\s*(\S+)/gim)].map(([, url = '']) => url)
  const ahead = named.length > 0 ? named : [`${start.origin}/sitemap.xml`]
  const pages = new Set<string>()
  const seen = new Set<string>()
  while (ahead.length > 0 && seen.size < MAX_MAPS && pages.size < MAX_SITE_PAGES) {
    const map = ahead.shift() ?? ''
    if (seen.has(map) || !sameHost(map, start)) continue
    seen.add(map)
    const text = await read(map).catch((cause: unknown) => {
      signal.throwIfAborted()
      if (seen.size === 1 && ahead.length === 0) throw cause
      return null
    })
    if (text === null) continue
    const isIndex = /<sitemapindex[\s>]/i.test(text)
    for (const [, raw = ''] of text.matchAll(/<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]+)/gi)) {
      const url = raw.replaceAll('&amp;', '&')
      if (!sameHost(url, start)) continue
      if (isIndex) ahead.push(url)
      else if (new URL(url).pathname.startsWith(folder)) pages.add(url)
      if (pages.size >= MAX_SITE_PAGES) break
    }
  }
  if (pages.size === 0) throw knowledgeError('knowledge.no_sitemap', { host: start.host })
  return [...pages]
}

const sameHost = (url: string, { host }: URL): boolean => URL.canParse(url) && new URL(url).host === host
