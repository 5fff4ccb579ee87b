import type { WebHit } from './web-search.ts'

export interface RawHit {
  readonly title?: string | null | undefined
  readonly url?: string | null | undefined
  readonly text?: string | null | undefined
  /** The host of the address where nothing is said. */
  readonly site?: string | undefined
}

const MAX_TITLE = 200
const MAX_TEXT = 400

/** Hits as an engine sent them, as plain text; those without an address that a browser opens are left out. `plain`: the engine sends words, not fragments of HTML. */
export function toHits(raw: readonly RawHit[], limit: number, { plain = false } = {}): WebHit[] {
  const words = (text: string) => (plain ? text.replace(/\s+/g, ' ').trim() : plainText(text))
  return raw
    .flatMap(({ title, url, text, site }): WebHit[] => {
      if (!url || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return []
      const { href, host } = new URL(url)
      const where = site ?? host.replace(/^www\./, '')
      const name = cut(words(title ?? ''), MAX_TITLE)
      return [{ title: name || where, url: href, site: where, text: cut(words(text ?? ''), MAX_TEXT) }]
    })
    .slice(0, limit)
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

/** The words of a fragment of HTML as engines send them: `<strong>` around what was asked for, and entities. */
function plainText(html: string): string {
  return html
    .replace(/<\/?[a-z][^<>]*>/gi, '')
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,6}));/gi, (whole, decimal, hex, name) => {
      if (name) return ENTITIES[name.toLowerCase()] ?? whole
      const point = decimal ? Number(decimal) : Number.parseInt(hex, 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole
    })
    .replace(/<\/?[a-z][^<>]*>/gi, '')
    .replace(/\s+/g, ' ')
    .trim()
}

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`
