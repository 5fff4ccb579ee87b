import { isFigures, median, rows, type Segment } from './pdf-segments.ts'

const MIN_LINES = 6

/** Splits at a gutter: what lies above and below a line that crosses it is read apart, in each band the left side before the right. */
export function columns(segments: readonly Segment[], depth = 0): readonly (readonly Segment[])[] {
  if (depth > 3 || segments.length < 2 * MIN_LINES) return [segments]
  const gutter = findGutter(segments)
  if (gutter === null) return depth === 0 ? splitAtGap(segments) : [segments]
  const parts: (readonly Segment[])[] = []
  let left: Segment[] = []
  let right: Segment[] = []
  let across: Segment[] = []
  const closeBand = (): void => {
    for (const side of [left, right]) if (side.length > 0) parts.push(...columns(side, depth + 1))
    left = []
    right = []
  }
  const closeAcross = (): void => {
    if (across.length > 0) parts.push(across)
    across = []
  }
  for (const { isAcross, members } of bands(segments, gutter))
    if (isAcross) {
      closeBand()
      across.push(...members)
    } else {
      closeAcross()
      for (const segment of members) (segment.right <= gutter ? left : right).push(segment)
    }
  closeBand()
  closeAcross()
  return parts
}

/** Columns under something that fills the page, such as a listing: found once the page is cut between the two. */
function splitAtGap(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const lines = rows(segments)
  const heights = lines.map((row) => row[0]?.y ?? 0)
  const gaps = heights.slice(1).map((y, index) => ({ index: index + 1, gap: y - (heights[index] ?? y) }))
  const pitch = median(gaps.map(({ gap }) => gap))
  const widest = gaps.filter(({ gap }) => gap > 1.4 * pitch).sort((a, b) => b.gap - a.gap)
  for (const { index } of widest.slice(0, 8)) {
    const parts = [lines.slice(0, index), lines.slice(index)].map((part) => columns(part.flat(), 1))
    if (parts.some((part) => part.length > 1)) return parts.flat()
  }
  return [segments]
}

interface Band {
  readonly isAcross: boolean
  readonly members: readonly Segment[]
}

/** Rows from above, each with whether it runs over the gutter; three rows of figures on both sides are a table that does. */
function bands(segments: readonly Segment[], gutter: number): readonly Band[] {
  const all = rows(segments).map((members) => ({
    members,
    crosses: members.some(({ right, x }) => x < gutter && right > gutter),
    isTable:
      members.some((s) => s.x >= gutter) && members.some((s) => s.right <= gutter) && members.some(isFigures),
  }))
  const heights = all.map(({ members }) => members[0]?.y ?? 0)
  const pitch = median(heights.slice(1).map((y, index) => y - (heights[index] ?? y)))
  // The number of the page and what stands over every page.
  const isApart = (at: number): boolean =>
    (at === 0 && (heights[1] ?? 0) - (heights[0] ?? 0) > 2 * pitch) ||
    (at === all.length - 1 && (heights[at] ?? 0) - (heights[at - 1] ?? 0) > 2 * pitch)
  return all.flatMap(({ crosses, isTable, members }, at): readonly Band[] => {
    if (isApart(at)) return [{ isAcross: true, members }]
    const isInTable =
      isTable && [0, 1, 2].some((back) => at >= back && [0, 1, 2].every((on) => all[at - back + on]?.isTable))
    if (isInTable) return [{ isAcross: true, members }]
    // Baselines of two columns need not agree: a line of one beside a heading over both is still its own.
    const over = members.filter(({ right, x }) => x < gutter && right > gutter)
    const rest = members.filter((segment) => !over.includes(segment))
    return crosses
      ? [{ isAcross: true, members: over }, ...(rest.length > 0 ? [{ isAcross: false, members: rest }] : [])]
      : [{ isAcross: false, members }]
  })
}

const MAX_BANDS = 5

/** Where a straight gap parts two columns of prose. A table has gaps too, but its cells do not fill their columns. */
function findGutter(segments: readonly Segment[]): number | null {
  const starts = [...new Set(segments.map(({ x }) => Math.round(x)))]
  let best: { at: number; score: number } | null = null
  for (const start of starts) {
    const at = start - 2
    const left = segments.filter(({ right }) => right <= at + 1)
    const right = segments.filter(({ x }) => x >= at)
    const crossing = segments.length - left.length - right.length
    if (left.length < MIN_LINES || right.length < MIN_LINES) continue
    if (crossing > 0.1 * segments.length && countBands(segments, at + 1) > MAX_BANDS) continue
    if (!isProse(left) || !isProse(right) || !standBeside(left, right)) continue
    const score = Math.min(left.length, right.length) - 3 * crossing
    if (!best || score > best.score) best = { at: at + 1, score }
  }
  return best?.at ?? null
}

function countBands(segments: readonly Segment[], gutter: number): number {
  let count = 0
  let was = false
  for (const { right, x } of [...segments].sort((a, b) => a.y - b.y)) {
    const is = x < gutter && right > gutter
    if (is && !was) count++
    was = is
  }
  return count
}

/** Half of the letters stand in lines that are long, and fill the column. Labels of a figure weigh little. */
function isProse(segments: readonly Segment[]): boolean {
  const from = Math.min(...segments.map(({ x }) => x))
  const to = Math.max(...segments.map(({ right }) => right))
  const byLength = [...segments].sort((a, b) => b.text.length - a.text.length)
  const half = byLength.reduce((sum, { text }) => sum + text.length, 0) / 2
  let passed = 0
  const typical = byLength.find(({ text }) => {
    passed += text.length
    return passed >= half
  })
  return typical !== undefined && typical.text.length >= 18 && typical.right - typical.x > 0.5 * (to - from)
}

function standBeside(left: readonly Segment[], right: readonly Segment[]): boolean {
  const [a, b] = [left, right]
    .map((side) => side.map(({ y }) => y))
    .map((ys) => [Math.min(...ys), Math.max(...ys)] as const)
  if (!a || !b) return false
  const shared = Math.min(a[1], b[1]) - Math.max(a[0], b[0])
  return shared > 0.4 * Math.min(a[1] - a[0], b[1] - b[0])
}
