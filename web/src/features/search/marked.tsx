import type { Mark } from '../../../../src/services/city/search.contract.ts'

interface Piece {
  readonly at: number
  readonly text: string
  readonly by: Mark['by'] | null
}

/** A snippet cut at its marks. Marks that overlap or lie outside are left out. */
export function pieces(text: string, marks: readonly Mark[]): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const { start, end, by } of [...marks].sort((a, b) => a.start - b.start)) {
    if (start < from || end <= start || end > text.length) continue
    if (start > from) found.push({ at: from, text: text.slice(from, start), by: null })
    found.push({ at: start, text: text.slice(start, end), by })
    from = end
  }
  if (from < text.length) found.push({ at: from, text: text.slice(from), by: null })
  return found
}

/** Text with what matched marked in it; the text itself is only ever text. */
export function Marked({ text, marks }: { text: string; marks: readonly Mark[] }) {
  return pieces(text, marks).map((piece) =>
    piece.by ? (
      <mark key={piece.at} className={piece.by === 'meaning' ? 'm' : undefined}>
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  )
}
