import type { Box } from './read-image.ts'

interface Placed {
  readonly box: Box
}

/** A gap so many times a line's height parts blocks, one under another. */
const BLOCK_GAP = 0.9
/** And so many times, columns. */
const COLUMN_GAP = 1
/** Fewer pieces than this to a side are words of a line or of a list, no column. */
const COLUMN_LINES = 3

/** Pieces of lines in the order they are read, as blocks of lines: columns one after another, what spans them before and after. For writing from left to right. */
export function inReadingOrder<P extends Placed>(
  pieces: readonly P[],
): readonly (readonly (readonly P[])[])[] {
  if (pieces.length === 0) return []
  const heights = pieces.map(({ box }) => box.y1 - box.y0).sort((a, b) => a - b)
  return parted(pieces, heights[Math.floor(heights.length / 2)] ?? 1)
}

function parted<P extends Placed>(pieces: readonly P[], height: number): (readonly (readonly P[])[])[] {
  const across = widestGap(pieces, ({ x0, x1 }) => [x0, x1])
  if (across && across.width >= height * COLUMN_GAP) {
    const left = pieces.filter(({ box }) => box.x1 <= across.at)
    const right = pieces.filter(({ box }) => box.x1 > across.at)
    if (Math.min(left.length, right.length) >= COLUMN_LINES)
      return [...parted(left, height), ...parted(right, height)]
  }
  const down = widestGap(pieces, ({ y0, y1 }) => [y0, y1])
  if (down && down.width >= height * BLOCK_GAP) {
    const upper = pieces.filter(({ box }) => box.y1 <= down.at)
    const lower = pieces.filter(({ box }) => box.y1 > down.at)
    return [...parted(upper, height), ...parted(lower, height)]
  }
  return [linesOf(pieces)]
}

/** The widest stretch that no piece reaches into, between two that do. */
function widestGap(
  pieces: readonly Placed[],
  sidesOf: (box: Box) => readonly [number, number],
): { readonly at: number; readonly width: number } | undefined {
  const sides = pieces.map(({ box }) => sidesOf(box)).sort((a, b) => a[0] - b[0])
  let reach = sides[0]?.[1] ?? 0
  let widest: { at: number; width: number } | undefined
  for (const [from, to] of sides) {
    if (from > reach && from - reach > (widest?.width ?? 0)) widest = { at: reach, width: from - reach }
    reach = Math.max(reach, to)
  }
  return widest
}

/** Pieces whose middles lie within one another's height share a line. */
function linesOf<P extends Placed>(pieces: readonly P[]): readonly (readonly P[])[] {
  const middle = ({ box }: Placed): number => (box.y0 + box.y1) / 2
  const lines: P[][] = []
  for (const piece of [...pieces].sort((a, b) => middle(a) - middle(b))) {
    const last = lines.at(-1)
    const [first] = last ?? []
    if (last && first && middle(piece) < first.box.y1 - (first.box.y1 - first.box.y0) * 0.2) last.push(piece)
    else lines.push([piece])
  }
  return lines.map((line) => line.sort((a, b) => a.box.x0 - b.box.x0))
}
