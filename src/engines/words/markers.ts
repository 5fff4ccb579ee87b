/** An answer with its markers settled, and what is said before the first marker of each source that it names. */
export interface Marked {
  readonly text: string
  readonly used: ReadonlyMap<number, string>
}

const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)/
const MARKER = /([ \t]*)\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\](?!\()/g
const BEFORE_CHARS = 400

/** Settles the `[n]` of an answer: those of no known source are taken out; code is left as it is. */
export function settleMarkers(answer: string, known: ReadonlySet<number>): Marked {
  const used = new Map<number, string>()
  const pieces = answer.split(CODE).map((piece, i) => {
    // What a capturing split yields at odd places is code.
    if (i % 2 === 1) return piece
    return piece.replaceAll(MARKER, (marker: string, space: string, list: string, at: number) => {
      const numbers = list.split(/[,;]/).map(Number)
      const there = numbers.filter((n) => known.has(n))
      const said = lastSentence(piece.slice(Math.max(0, at - BEFORE_CHARS), at))
      for (const n of there) if (!used.has(n)) used.set(n, said)
      if (there.length === numbers.length) return marker
      return there.length === 0 ? '' : `${space}[${there.join(', ')}]`
    })
  })
  return { text: pieces.join('').trim(), used }
}

const lastSentence = (said: string): string => said.split(/(?<=[.!?…»”])\s|\n/).at(-1) || said
