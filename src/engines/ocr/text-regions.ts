import { type Point, type Slanted, slantedAround } from './slanted.ts'

/** How likely writing is at each pixel, 0…1, row by row. */
export interface TextMap {
  readonly shares: Float32Array
  readonly width: number
  readonly height: number
}

/** A pixel above it is writing. */
const WRITING = 0.3
/** The mean of a region below which it is none. */
const SURE = 0.5
/** The map shows the core of letters; the region is grown by its area over its girth times this. */
const GROWN = 1.6
const LEAST_SIDE = 3
const MAX_REGIONS = 2_000

/**
 * The regions of writing in what a detector of the DB kind says (differentiable binarization): what hangs together above a threshold, as the
 * smallest slanted box about it, grown to the letters' edges. In the map's pixels, in no order.
 */
export function textRegions(map: TextMap): readonly Slanted[] {
  const regions: Slanted[] = []
  for (const { core, edge } of piecesOf(map)) {
    const box = slantedAround(edge)
    if (Math.min(box.width, box.height) < LEAST_SIDE || core < SURE) continue
    const grow = (box.width * box.height * GROWN) / (2 * (box.width + box.height))
    const grown = { ...box, width: box.width + 2 * grow, height: box.height + 2 * grow }
    if (Math.min(grown.width, grown.height) >= LEAST_SIDE + 2) regions.push(grown)
    if (regions.length === MAX_REGIONS) break
  }
  return regions
}

interface Piece {
  /** The mean share of its pixels. */
  readonly core: number
  /** The ends of each of its rows: they hold every corner it has. */
  readonly edge: readonly Point[]
}

/** What hangs together above the threshold, by side or corner. */
function* piecesOf({ height, shares, width }: TextMap): Generator<Piece> {
  const seen = new Uint8Array(shares.length)
  const stack: number[] = []
  for (let start = 0; start < shares.length; start++) {
    if (seen[start] || (shares[start] ?? 0) <= WRITING) continue
    const rows = new Map<number, { from: number; to: number }>()
    let sum = 0
    let count = 0
    seen[start] = 1
    stack.push(start)
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)]
      sum += shares[at] ?? 0
      count++
      const row = rows.get(y)
      if (!row) rows.set(y, { from: x, to: x })
      else if (x < row.from) row.from = x
      else if (x > row.to) row.to = x
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const [nx, ny] = [x + dx, y + dy]
          const next = ny * width + nx
          if (nx < 0 || ny < 0 || nx >= width || ny >= height || seen[next]) continue
          if ((shares[next] ?? 0) <= WRITING) continue
          seen[next] = 1
          stack.push(next)
        }
    }
    const edge = [...rows].flatMap(([y, { from, to }]) => [
      { x: from, y },
      { x: to + 1, y },
      { x: from, y: y + 1 },
      { x: to + 1, y: y + 1 },
    ])
    yield { core: sum / count, edge }
  }
}
