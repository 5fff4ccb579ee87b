import { z } from 'zod'

export const Has = z.enum(['file', 'image', 'voice', 'link'])
export type Has = z.infer<typeof Has>

/** What narrows a search. */
export interface Filters {
  /** A principal's id, or the beginning of a name. */
  readonly from?: string | undefined
  /** A room's id or slug. */
  readonly in?: string | undefined
  readonly has: readonly Has[]
  /** Milliseconds since 1970: earlier than this, and not earlier than this. */
  readonly before?: number | undefined
  readonly after?: number | undefined
}

export interface Typed {
  /** What is left to look for. */
  readonly words: string
  readonly filters: Filters
}

/** Takes `from:`, `in:`, `before:`, `after:` and `has:` out of what was typed, in English or Ukrainian, with values in quotes where they hold spaces. What is no filter stays words. */
export function readTyped(query: string): Typed {
  const filters: { -readonly [K in keyof Filters]: Filters[K] } & { has: Has[] } = { has: [] }
  const words = query.replace(
    FILTER,
    (whole, name: string, quoted: string | undefined, bare: string | undefined) => {
      const value = quoted ?? bare ?? ''
      const kind = NAMES[name.toLowerCase()]
      if (kind === 'from' || kind === 'in') filters[kind] = value.replace(/^[@#]/, '')
      else if (kind === 'has') {
        const has = HAS[value.toLowerCase()]
        if (!has) return whole
        filters.has.push(has)
      } else if (kind) {
        const time = readDay(value)
        if (time === undefined) return whole
        filters[kind] = time
      }
      return ' '
    },
  )
  return { words: words.replace(/\s+/g, ' ').trim(), filters }
}

/** A day (its beginning, UTC) or an instant, in ISO 8601; undefined for anything else. */
export function readDay(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

const NAMES: Readonly<Record<string, 'from' | 'in' | 'before' | 'after' | 'has'>> = {
  from: 'from',
  від: 'from',
  in: 'in',
  у: 'in',
  в: 'in',
  before: 'before',
  до: 'before',
  after: 'after',
  після: 'after',
  has: 'has',
  має: 'has',
}
const HAS: Readonly<Record<string, Has>> = {
  file: 'file',
  файл: 'file',
  image: 'image',
  фото: 'image',
  voice: 'voice',
  голос: 'voice',
  link: 'link',
  посилання: 'link',
}
const FILTER = new RegExp(
  `(?<=^|\\s)(${Object.keys(NAMES).join('|')}):(?:"([^"]{1,200})"|([^\\s"]{1,200}))(?=\\s|$)`,
  'giu',
)
