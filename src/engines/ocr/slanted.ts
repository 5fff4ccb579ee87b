import type { GreyImage } from './prepare.ts'
import type { Box } from './read-image.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

/** A box about `x`, `y` whose width runs at `angle` (radians, clockwise as seen; more than -π/4, at most π/4 where it comes of `slantedAround`). */
export interface Slanted extends Point {
  readonly width: number
  readonly height: number
  readonly angle: number
}

/** The smallest slanted box that holds all the points; at least three of them. */
export function slantedAround(points: readonly Point[]): Slanted {
  const hull = hullOf(points)
  let best: Slanted | undefined
  for (const [index, from] of hull.entries()) {
    const to = hull[(index + 1) % hull.length]
    if (!to) continue
    // A box is the same each quarter turn: the one whose width runs most nearly level is told.
    const along = Math.atan2(to.y - from.y, to.x - from.x)
    const angle = along - Math.round(along / (Math.PI / 2)) * (Math.PI / 2)
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    const us = hull.map(({ x, y }) => x * cos + y * sin)
    const vs = hull.map(({ x, y }) => y * cos - x * sin)
    const [u0, u1, v0, v1] = [Math.min(...us), Math.max(...us), Math.min(...vs), Math.max(...vs)]
    const [u, v] = [(u0 + u1) / 2, (v0 + v1) / 2]
    const box = { x: u * cos - v * sin, y: u * sin + v * cos, width: u1 - u0, height: v1 - v0, angle }
    if (!best || box.width * box.height < best.width * best.height - 1e-6) best = box
  }
  const [{ x, y } = { x: 0, y: 0 }] = points
  return best ?? { x, y, width: 0, height: 0, angle: 0 }
}

/** The corners of what the points span, in order (Andrew's monotone chain). */
function hullOf(points: readonly Point[]): readonly Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y)
  const half = (list: readonly Point[]): Point[] => {
    const chain: Point[] = []
    for (const point of list) {
      for (;;) {
        const [a, b] = [chain.at(-2), chain.at(-1)]
        if (!a || !b || (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) > 0) break
        chain.pop()
      }
      chain.push(point)
    }
    return chain.slice(0, -1)
  }
  return [...half(sorted), ...half(sorted.reverse())]
}

/** The part of a slanted box between two shares of its width, upright. */
export function boundsOf(box: Slanted, from = 0, to = 1): Box {
  const [cos, sin] = [Math.cos(box.angle), Math.sin(box.angle)]
  const corners = [from, to].flatMap((share) =>
    [-0.5, 0.5].map((down) => {
      const [u, v] = [(share - 0.5) * box.width, down * box.height]
      return { x: box.x + u * cos - v * sin, y: box.y + u * sin + v * cos }
    }),
  )
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)]
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) }
}

/** What is in a slanted box, laid straight and made `height` high, at most `maxWidth` wide. White beyond the image. */
export function cutSlanted(
  image: GreyImage,
  box: Slanted,
  height: number,
  maxWidth: number,
): { pixels: Uint8Array; width: number } {
  const width = Math.max(1, Math.min(maxWidth, Math.round((box.width * height) / Math.max(1, box.height))))
  const pixels = new Uint8Array(width * height)
  const [cos, sin] = [Math.cos(box.angle), Math.sin(box.angle)]
  // Of a large letter several samples a pixel are taken, so that it is smoothed rather than thinned.
  const samples = Math.max(1, Math.min(4, Math.round(box.height / height)))
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      let sum = 0
      for (let n = 0; n < samples * samples; n++) {
        const u = ((column + ((n % samples) + 0.5) / samples) / width - 0.5) * box.width
        const v = ((row + (Math.floor(n / samples) + 0.5) / samples) / height - 0.5) * box.height
        sum += toneAt(image, box.x + u * cos - v * sin - 0.5, box.y + u * sin + v * cos - 0.5)
      }
      pixels[row * width + column] = sum / (samples * samples)
    }
  return { pixels, width }
}

/** Between the four pixels around. */
function toneAt({ height, pixels, width }: GreyImage, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [fx, fy] = [x - left, y - top]
  const tone = (cx: number, cy: number): number =>
    cx < 0 || cy < 0 || cx >= width || cy >= height ? 255 : (pixels[cy * width + cx] ?? 255)
  const upper = tone(left, top) * (1 - fx) + tone(left + 1, top) * fx
  const lower = tone(left, top + 1) * (1 - fx) + tone(left + 1, top + 1) * fx
  return upper * (1 - fy) + lower * fy
}
