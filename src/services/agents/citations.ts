import { nearestSentence } from '../../engines/llm/scoring.ts'
import type { Citation } from '../city/messages.contract.ts'
import type { Source } from './context.ts'

export interface Cited {
  /** The answer without markers that point nowhere. */
  readonly text: string
  /** The sources it really names, by number. */
  readonly citations: Citation[]
}

const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)/
const MARKER = /([ \t]*)\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?!\()/g
const BEFORE_CHARS = 400

/** Maps the [n] of an answer to its sources. Markers without a source are taken out; code is left as it is. */
export function cite(answer: string, sources: readonly Source[]): Cited {
  const byNumber = new Map(sources.map((source) => [source.n, source]))
  const used = new Map<number, Citation>()
  const pieces = answer.split(CODE).map((piece, i) => {
    // What a capturing split yields at odd places is code.
    if (i % 2 === 1) return piece
    return piece.replaceAll(MARKER, (marker: string, space: string, list: string, at: number) => {
      const numbers = list.split(/[,;]/).map(Number)
      const known = numbers.flatMap((n) => byNumber.get(n) ?? [])
      const said = piece.slice(Math.max(0, at - BEFORE_CHARS), at)
      for (const source of known) if (!used.has(source.n)) used.set(source.n, citation(source, said))
      if (known.length === numbers.length) return marker
      return known.length === 0 ? '' : `${space}[${known.map(({ n }) => n).join(', ')}]`
    })
  })
  const citations = [...used.values()].sort((a, b) => a.n - b.n)
  return { text: pieces.join('').trim(), citations }
}

function citation({ n, title, text, page, document, message, url }: Source, before: string): Citation {
  const sentence = before.split(/(?<=[.!?…»”])\s|\n/).at(-1) ?? before
  return {
    n,
    title,
    quote: nearestSentence(text, sentence || before),
    ...(page !== undefined && { page }),
    ...(document !== undefined && { document }),
    ...(message !== undefined && { message }),
    ...(url !== undefined && { url }),
  }
}
