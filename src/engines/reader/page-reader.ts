import type { Clock } from '../../kernel/clock.ts'
import { engineError } from '../engine.errors.ts'
import type { Parser } from '../parser/parser.ts'
import type { PageMarkup } from './page-markup.ts'
import type { Reader, ReadPage } from './reader.ts'
import { createRobots } from './robots.ts'

/** How a page is opened: handed in, so that what guards the city's own network is one piece of code. */
export type OpenPage = (
  address: string,
  options: {
    readonly signal?: AbortSignal
    readonly timeoutMs?: number
    readonly maxBytes?: number
    readonly headers?: Readonly<Record<string, string>>
  },
) => Promise<{
  /** Where it came from in the end. */
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** By its bytes where they tell, else as claimed. */
  readonly mime: string
  readonly bytes: Uint8Array
}>

export interface PageReaderNeeds {
  readonly open: OpenPage
  readonly parser: Parser
  readonly clock: Clock
  readonly maxBytes?: number
}

const MAX_BYTES = 20_000_000
const TIMEOUT_MS = 20_000
/** A site that says nothing of it is asked whether the page changed after a minute; none is believed for longer than an hour. */
const FRESH_MS = 60_000
const LONGEST_FRESH_MS = 60 * 60_000
const MAX_KEPT = 64
const MAX_KEPT_CHARACTERS = 16_000_000
const EXTENSIONS: Readonly<Record<string, string>> = { 'text/html': '.html', 'application/pdf': '.pdf' }

interface Kept {
  readonly page: ReadPage
  readonly until: number
  /** What the site recognises its version by. */
  readonly version: Readonly<Record<string, string>>
}

/** Pages of the internet, and whatever else stands at an address that the parser opens, as text. What sites ask of programs is kept to; a page is kept for as long as the site allows, and then asked for again only if it changed. */
export function createPageReader({ clock, maxBytes = MAX_BYTES, open, parser }: PageReaderNeeds): Reader {
  const allowed = createRobots(open, clock)
  const kept = new Map<string, Kept>()

  const keep = (address: string, one: Kept) => {
    kept.delete(address)
    kept.set(address, one)
    let characters = [...kept.values()].reduce((sum, { page }) => sum + page.markdown.length, 0)
    for (const [oldest, { page }] of kept) {
      if (kept.size <= MAX_KEPT && characters <= MAX_KEPT_CHARACTERS) break
      kept.delete(oldest)
      characters -= page.markdown.length
    }
  }

  return {
    name: 'page',
    missing: async () => (await parser.missing?.()) ?? null,
    async read(address, { signal } = {}) {
      const known = kept.get(address)
      if (known && known.until > clock.now()) return known.page
      if (URL.canParse(address)) await allowed(address, signal)
      const answer = await open(address, {
        maxBytes,
        timeoutMs: TIMEOUT_MS,
        headers: { accept: 'text/html,application/pdf,text/*;q=0.9,*/*;q=0.5', ...known?.version },
        ...(signal && { signal }),
      })
      const { headers, status } = answer
      if (known && status === 304) {
        keep(address, { ...known, until: freshUntil(headers, clock) })
        return known.page
      }
      const engine = new URL(answer.url).host
      if (status !== 200)
        throw engineError(
          'engine.refused',
          { engine, status },
          { retryable: status === 429 || status >= 500 },
        )
      const page = await asText(answer, parser, signal)
      if (!/no-store/i.test(headers['cache-control'] ?? ''))
        keep(address, { page, until: freshUntil(headers, clock), version: versionOf(headers) })
      return page
    },
  }
}

async function asText(
  { bytes, headers, mime, url }: Awaited<ReturnType<OpenPage>>,
  parser: Parser,
  signal: AbortSignal | undefined,
): Promise<ReadPage> {
  const html = mime === 'text/html' ? bytes : new Uint8Array()
  const { pageMarkup } = await import('./page-markup.ts')
  const markup = pageMarkup(html, headers['content-type'] ?? '', url)
  const pages: string[] = []
  const { engine, title } = await parser.parse(
    { bytes, mime, name: nameOf(url, mime) },
    { signal, onPage: ({ markdown, text }) => void pages.push(markdown ?? text) },
  )
  const markdown = pages.join('\n\n').trim()
  const byline = named(markup, 'author', 'article:author')
  const published = named(markup, 'article:published_time', 'date', 'dcterms.created')
  return {
    url,
    title: markup.title || title,
    markdown,
    links: markup.links,
    engine: `page/${engine}`,
    // An address says who wrote it to programs, not to people.
    ...(byline && !/^https?:/.test(byline) && { byline }),
    ...(published &&
      !Number.isNaN(Date.parse(published)) && { publishedAt: new Date(published).toISOString() }),
    ...(markup.language && { language: markup.language }),
  }
}

const named = ({ meta }: PageMarkup, ...keys: readonly string[]): string | undefined =>
  keys.map((key) => meta.get(key)?.replace(/\s+/g, ' ').trim()).find(Boolean)

/** The end of the address, with the ending of what it is. */
function nameOf(url: string, mime: string): string {
  const { host, pathname } = new URL(url)
  const last = pathname.split('/').findLast((part) => part !== '') ?? host
  const ending = EXTENSIONS[mime]
  return ending && !last.toLowerCase().endsWith(ending) ? `${last}${ending}` : last
}

function freshUntil(headers: Readonly<Record<string, string>>, clock: Clock): number {
  const said = headers['cache-control'] ?? ''
  const seconds = /no-cache/i.test(said) ? 0 : Number(/max-age=(\d{1,9})/i.exec(said)?.[1] ?? FRESH_MS / 1000)
  return clock.now() + Math.min(seconds * 1000, LONGEST_FRESH_MS)
}

const versionOf = ({ etag, 'last-modified': modified }: Readonly<Record<string, string>>) => ({
  ...(etag && { 'if-none-match': etag }),
  ...(modified && { 'if-modified-since': modified }),
})
