/** A text in pieces of at most `longest` characters, cut after a paragraph, a sentence, a clause, a word, whatever of these comes last in what fits; joined they are the text but for the white space at the cuts. */
export function speechPieces(text: string, longest: number): string[] {
  const pieces: string[] = []
  let rest = text.trim()
  while (rest.length > longest) {
    const at = cutIn(rest, longest)
    const piece = rest.slice(0, at).trim()
    if (piece !== '') pieces.push(piece)
    rest = rest.slice(at).trim()
  }
  if (rest !== '') pieces.push(rest)
  return pieces
}

const ENDS = [/\n\s*\n/g, /[.!?…]["'»”)\]]*\s/g, /[,;:—–]\s/g, /\s/g] as const

/** A cut that leaves less than this share of what fits is too early. */
const WORTH = 0.4

function cutIn(text: string, longest: number): number {
  const fits = text.slice(0, longest)
  for (const end of ENDS) {
    const last = [...fits.matchAll(end)].at(-1)
    if (last && last.index + last[0].length >= longest * WORTH) return last.index + last[0].length
  }
  // Between halves of one character nothing is cut.
  const before = fits.charCodeAt(longest - 1)
  return before >= 0xd800 && before <= 0xdbff ? longest - 1 : longest
}
