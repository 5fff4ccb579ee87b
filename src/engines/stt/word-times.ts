import type { Segment, SpokenWord } from './stt.ts'
import type { Span } from './windows.ts'

interface Decoded {
  readonly text: string
  readonly timestamp: readonly (number | null)[]
}

/** Hands the words, which are the segments' text cut up, to the segment each stands in. Times in seconds, kept within `seconds` and in order. */
export function wordsBySegment(
  segments: readonly { readonly text: string }[],
  words: readonly Decoded[],
  seconds: number,
): SpokenWord[][] {
  let next = 0
  let at = 0
  return segments.map(({ text }) => {
    const own: SpokenWord[] = []
    for (let left = text.length; left > 0 && next < words.length; next++) {
      const { text: word = '', timestamp: [from, to] = [] } = words[next] ?? {}
      left -= word.length
      const start = Math.min(Math.max(at, from ?? at), seconds)
      const end = Math.min(Math.max(start, to ?? start), seconds)
      at = start
      const bare = word.trim()
      const last = own.at(-1)
      // A mark without a word belongs to the one before it.
      if (last && !/^\s/.test(word)) own[own.length - 1] = { ...last, word: last.word + bare, end }
      else if (bare !== '') own.push({ word: bare, start, end })
    }
    return own
  })
}

/** A word is in the first stretch of speech that it shares so much with. */
const ENOUGH_S = 0.08

/**
 * Takes the pauses out of words: attention has a word last until the next one begins, and lets the first after a pause begin in it. A segment
 * with words begins and ends with them, as OpenAI's reference has it. A word that nothing was heard of stays where attention put it.
 */
export function withoutPauses(segment: Segment, speech: readonly Span[]): Segment {
  if (!segment.words) return segment
  let at = 0
  const words = segment.words.map(({ end, start, word }) => {
    const heard = speech.find((span) => shared(span, start, end) >= Math.min(ENOUGH_S, end - start))
    at = Math.max(at, start, heard?.start ?? start)
    return { word, start: at, end: Math.max(at, Math.min(end, heard?.end ?? end)) }
  })
  const [first] = words
  return { ...segment, start: first?.start ?? segment.start, end: words.at(-1)?.end ?? segment.end, words }
}

const shared = (span: Span, start: number, end: number): number =>
  Math.min(span.end, end) - Math.max(span.start, start)
