import { placedStems } from '../../../engines/words/stems.ts'
import type { Mark } from '../search.contract.ts'

const AROUND = 90
const LENGTH = 240

export interface Snippet {
  readonly text: string
  readonly marks: Mark[]
  /** The words that matched, as they stand in the text. */
  readonly words: string[]
  /** Where in the whole text the first of them stands. */
  readonly at: number | null
}

/** The piece of a text around the words that matched, or around the passage that is near in meaning; plain text with places to mark. */
export function snippetOf(
  whole: string,
  matched: ReadonlySet<string>,
  passage: { readonly start: number; readonly end: number } | null,
): Snippet {
  const places = placedStems(whole).filter(({ stem }) => matched.has(stem))
  const first = densest(places)
  const centre = first ?? passage
  const start = cutBefore(whole, Math.max(0, (centre?.start ?? 0) - (first ? AROUND : 0)))
  const end = cutAfter(whole, Math.min(whole.length, start + LENGTH))
  const lead = start > 0 ? '…' : ''
  const text = `${lead}${whole.slice(start, end).replace(/\s/g, ' ')}${end < whole.length ? '…' : ''}`
  const shift = lead.length - start
  const words = places
    .filter((place) => place.start >= start && place.end <= end)
    .map((place) => ({ start: place.start + shift, end: place.end + shift, by: 'word' as const }))
  const near =
    words.length === 0 && passage && passage.start < end && passage.end > start
      ? [
          {
            start: Math.max(passage.start, start) + shift,
            end: Math.min(passage.end, end) + shift,
            by: 'meaning' as const,
          },
        ]
      : []
  const spoken = new Set(places.map((place) => whole.slice(place.start, place.end).toLowerCase()))
  return { text, marks: [...words, ...near], words: [...spoken].slice(0, 8), at: first?.start ?? null }
}

interface Place {
  readonly stem: string
  readonly start: number
  readonly end: number
}

/** The place after which the most different words stand close together. */
function densest(places: readonly Place[]): Place | null {
  let best: Place | null = null
  let most = 0
  for (const [i, place] of places.entries()) {
    const within = new Set<string>()
    for (let j = i; j < places.length && (places[j]?.end ?? 0) - place.start < LENGTH - AROUND; j++)
      within.add(places[j]?.stem ?? '')
    if (within.size > most) {
      most = within.size
      best = place
    }
  }
  return best
}

/** Whole words and whole characters only, where a space is not far. */
function cutBefore(text: string, at: number): number {
  if (at === 0) return 0
  const space = text.slice(at, at + 20).search(/\s/)
  return space >= 0 ? at + space + 1 : whole(text, at)
}
function cutAfter(text: string, at: number): number {
  if (at >= text.length) return text.length
  const space = text.slice(Math.max(0, at - 20), at).search(/\s\S*$/)
  return space >= 0 ? Math.max(0, at - 20) + space : whole(text, at)
}
const whole = (text: string, at: number): number => (/[\uDC00-\uDFFF]/.test(text.charAt(at)) ? at - 1 : at)
