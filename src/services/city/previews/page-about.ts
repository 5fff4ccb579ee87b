import { pageHead } from '../../../engines/page-head.ts'

/** What a page says it is; every field may be empty. */
export interface PageAbout {
  readonly title: string
  readonly description: string
  readonly site: string
  /** An address as the page names it, absolute or not. */
  readonly image: string
}

const MAX = { title: 160, description: 280, site: 60 } as const

/** Reads the head of a page: Open Graph first, then what HTML itself has. Answers with plain text on one line, without signs that turn or hide what stands beside them. */
export function pageAbout(bytes: Uint8Array, contentType: string): PageAbout {
  const { meta, title } = pageHead(bytes, contentType)
  const first = (...keys: readonly string[]) =>
    keys.map((key) => meta.get(key)).find((text) => text?.trim()) ?? ''
  return {
    title: oneLine(first('og:title', 'twitter:title') || title, MAX.title),
    description: oneLine(first('og:description', 'twitter:description', 'description'), MAX.description),
    site: oneLine(first('og:site_name', 'application-name'), MAX.site),
    image: first('og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image').trim(),
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
