import { Parser } from 'htmlparser2'

/** What a page says it is; every field may be empty. */
export interface PageAbout {
  readonly title: string
  readonly description: string
  readonly site: string
  /** An address as the page names it, absolute or not. */
  readonly image: string
}

const MAX = { title: 160, description: 280, site: 60 } as const
/** Where a page has not said by then what it is, it does not say. */
const MAX_HTML = 400_000
const MAX_VALUE = 2_000

/** Reads the head of a page: Open Graph first, then what HTML itself has. Answers with plain text on one line, without signs that turn or hide what stands beside them. */
export function pageAbout(bytes: Uint8Array, contentType: string): PageAbout {
  const found: Record<string, string> = {}
  let inTitle = false
  let done = false
  const parser = new Parser({
    onopentag(name, { property, name: named, content }) {
      if (name === 'title') inTitle = found.title === undefined
      if (name === 'body') done = true
      const key = (property ?? named ?? '').toLowerCase()
      if (name === 'meta' && content && WANTED.has(key)) found[key] ??= content.slice(0, MAX_VALUE)
    },
    ontext(text) {
      if (inTitle) found.title = `${found.title ?? ''}${text}`.slice(0, MAX_VALUE)
    },
    onclosetag(name) {
      if (name === 'title') inTitle = false
      if (name === 'head') done = true
    },
  })
  const html = decode(bytes.subarray(0, MAX_HTML), contentType)
  for (let at = 0; at < html.length && !done; at += 16_384) parser.write(html.slice(at, at + 16_384))
  const first = (...keys: readonly string[]) =>
    keys.map((key) => found[key]).find((text) => text?.trim()) ?? ''
  return {
    title: oneLine(first('og:title', 'twitter:title', 'title'), MAX.title),
    description: oneLine(first('og:description', 'twitter:description', 'description'), MAX.description),
    site: oneLine(first('og:site_name', 'application-name'), MAX.site),
    image: first('og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image').trim(),
  }
}

const WANTED = new Set([
  'og:title',
  'og:description',
  'og:site_name',
  'og:image',
  'og:image:url',
  'og:image:secure_url',
  'twitter:image',
  'twitter:title',
  'twitter:description',
  'description',
  'application-name',
])

function decode(bytes: Uint8Array, contentType: string): string {
  const head = Buffer.from(bytes.subarray(0, 2048)).toString('latin1')
  const named = /charset=["']?([\w-]{1,40})/i
  const charset = named.exec(contentType)?.[1] ?? named.exec(head)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}

/** Controls, and signs that are not seen but change how others are: directions, joiners at the ends of nothing, tags. */
const UNSEEN =
  /[\p{Cc}\p{Co}\p{Cn}\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu

function oneLine(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ').replace(UNSEEN, '').trim()
  // By whole characters, so that none is cut in two.
  const signs = [...line]
  return signs.length > limit
    ? `${signs
        .slice(0, limit - 1)
        .join('')
        .trimEnd()}…`
    : line
}
