/** Which way an arrow leads. */
export const WAYS = {
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
} as const
export type Way = keyof typeof WAYS
export const isWay = (key: string): key is Way => key in WAYS

interface Point {
  readonly x: number
  readonly y: number
}

/** How much farther a step aside counts than a step ahead. */
const ASIDE = 2

/** The nearest place that lies that way, not more aside than ahead; undefined where there is none. */
export function nextOn<P extends Point>(places: readonly P[], from: Point, way: Way): P | undefined {
  const { x, y } = WAYS[way]
  let best: { place: P; cost: number } | undefined
  for (const place of places) {
    const [dx, dy] = [place.x - from.x, place.y - from.y]
    const ahead = dx * x + dy * y
    const aside = Math.abs(dx * y) + Math.abs(dy * x)
    if (ahead <= 0 || aside > ahead * ASIDE) continue
    const cost = ahead + aside * ASIDE
    if (!best || cost < best.cost) best = { place, cost }
  }
  return best?.place
}
