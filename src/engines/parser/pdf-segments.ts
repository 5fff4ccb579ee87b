/** A run of text on a page, in points from the upper left corner of the upright page; `y` is the baseline. */
export interface TextRun {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly width: number
  /** The size of the letters. */
  readonly size: number
  /** Which way it runs, clockwise. */
  readonly angle: 0 | 90 | 180 | 270
}

/** Words that stand together on one line. */
export interface Segment {
  text: string
  readonly x: number
  right: number
  readonly y: number
  readonly size: number
}

/** An upright line that parts what stands on either side of it. */
export interface Barrier {
  readonly x0: number
  readonly y0: number
  readonly y1: number
}

/** Joins runs of one baseline that are no further apart than words of a sentence, and have no barrier between them. */
export function toSegments(runs: readonly TextRun[], barriers: readonly Barrier[] = []): readonly Segment[] {
  const segments: Segment[] = []
  for (const run of [...runs].sort((a, b) => a.y - b.y || a.x - b.x)) {
    const right = run.x + run.width
    // A gap as wide as a cell's rest holds nothing together.
    if (run.text.trim() === '' && barriers.some((one) => crosses(one, run.x, right, run.y))) continue
    if (isPrintedTwice(run, segments)) continue
    segments.push({ text: run.text, x: run.x, right, y: run.y, size: run.size })
  }
  return mergeNeighbours(segments, barriers)
}

/** The same words a little apart are one bold print. */
function isPrintedTwice(run: TextRun, segments: readonly Segment[]): boolean {
  for (let at = segments.length - 1; at >= Math.max(0, segments.length - 60); at--) {
    const other = segments[at]
    if (other?.text !== run.text || Math.abs(other.x - run.x) >= 0.3 * run.size) continue
    if (Math.abs(other.y - run.y) < 0.45 * Math.max(other.size, run.size)) return true
  }
  return false
}

const crosses = ({ x0, y0, y1 }: Barrier, from: number, to: number, y: number): boolean =>
  x0 > from && x0 < to && y0 < y && y1 > y - 2

function mergeNeighbours(pieces: readonly Segment[], barriers: readonly Barrier[]): readonly Segment[] {
  const merged: Segment[] = []
  for (const row of rows(pieces)) {
    let last: Segment | undefined
    for (const piece of row.sort((a, b) => a.x - b.x)) {
      const gap = last ? piece.x - last.right : 0
      const end = last?.right ?? 0
      const isParted =
        last !== undefined && barriers.some((one) => crosses(one, end - 2, piece.x + 2, piece.y))
      const size = Math.max(piece.size, last?.size ?? 0)
      if (last && !isParted && gap < 0.9 * size && gap > -2 * size) {
        const isApart =
          gap > 0.15 * Math.min(piece.size, last.size) && !/\s$/.test(last.text) && !/^\s/.test(piece.text)
        last.text += (isApart ? ' ' : '') + piece.text
        last.right = Math.max(last.right, piece.right)
        if (piece.size > last.size)
          merged[merged.length - 1] = last = { ...last, size: piece.size, y: piece.y }
      } else {
        last = { ...piece }
        merged.push(last)
      }
    }
  }
  return merged
}

/** Groups by baseline; raised and lowered letters stay with their line. */
export function rows(segments: readonly Segment[]): Segment[][] {
  const result: { y: number; size: number; members: Segment[] }[] = []
  for (const segment of [...segments].sort((a, b) => b.size - a.size)) {
    const { y: at } = segment
    const row = result.find((one) => Math.abs(one.y - at) < 0.45 * one.size)
    if (row) row.members.push(segment)
    else result.push({ y: segment.y, size: segment.size, members: [segment] })
  }
  return result.sort((a, b) => a.y - b.y).map(({ members }) => members)
}

const letterShare = (text: string): number =>
  (text.match(/\p{L}/gu)?.length ?? 0) / Math.max(1, text.replace(/\s/g, '').length)

/** Mostly no letters: a row of a table, a formula. */
export const isFigures = ({ text }: { readonly text: string }): boolean =>
  text.trim().length >= 2 && letterShare(text) < 0.5

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
