import sharp from 'sharp'
import type { GreyImage } from './prepare.ts'
import type { Box } from './read-image.ts'

/** Trials are made on a picture of so many pixels. */
const TRIAL_EDGE = 800
/** Further than this nobody lays a page by mistake; a quarter turn is found otherwise. */
const MAX_DEGREES = 14
const COARSE = 1
const FINE = 0.25
/** Less is read as well as it stands. */
const LEAST_DEGREES = 0.75
/** How much sharper the lines must stand out than they do as it is. */
const LEAST_GAIN = 1.15

/** By how many degrees clockwise the lines of an image run down; 0 where it lies straight, or where there are no lines to tell by. */
export async function tiltOf(image: GreyImage): Promise<number> {
  const factor = Math.min(1, TRIAL_EDGE / Math.max(image.width, image.height))
  const raw = { width: image.width, height: image.height, channels: 1 as const }
  const small = await sharp(image.pixels, { raw, limitInputPixels: false })
    .resize({ width: Math.max(1, Math.round(image.width * factor)) })
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const ink = inkOf(small.data, small.info.width, small.info.height)
  if (ink.length === 0) return 0
  const height = small.info.height + small.info.width
  const score = (degrees: number): number => sharpness(ink, degrees, height)
  const best = (from: number, to: number, step: number): number => {
    let found = { degrees: 0, score: 0 }
    for (let degrees = from; degrees <= to; degrees += step) {
      const one = score(degrees)
      if (one > found.score) found = { degrees, score: one }
    }
    return found.degrees
  }
  const near = best(-MAX_DEGREES, MAX_DEGREES, COARSE)
  const tilt = best(near - COARSE, near + COARSE, FINE)
  const isClear = Math.abs(tilt) >= LEAST_DEGREES && score(tilt) > score(0) * LEAST_GAIN
  return isClear ? tilt : 0
}

interface Point {
  readonly x: number
  readonly y: number
}

const CELL = 16

/** Pixels much darker than the paper around them; of a picture without paper there would be too many to be writing. */
function inkOf(pixels: Buffer, width: number, height: number): readonly Point[] {
  const points: Point[] = []
  for (let top = 0; top < height; top += CELL)
    for (let left = 0; left < width; left += CELL) {
      let paper = 0
      const bottom = Math.min(height, top + CELL)
      const right = Math.min(width, left + CELL)
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) paper = Math.max(paper, pixels[y * width + x] ?? 0)
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++)
          if ((pixels[y * width + x] ?? 0) < paper * 0.65) points.push({ x, y })
    }
  return points.length > width * height * 0.4 ? [] : points
}

/** How unlike its neighbours each row is when the image is sheared by an angle: lines of writing and the gaps between them stand out when it is theirs. */
function sharpness(ink: readonly Point[], degrees: number, rows: number): number {
  const slope = Math.tan((degrees * Math.PI) / 180)
  const counts = new Float64Array(rows * 2)
  for (const { x, y } of ink) {
    const row = Math.round(y - x * slope) + Math.floor(rows / 2)
    counts[row] = (counts[row] ?? 0) + 1
  }
  let sum = 0
  for (let row = 1; row < counts.length; row++) sum += ((counts[row] ?? 0) - (counts[row - 1] ?? 0)) ** 2
  return sum
}

/** The image turned back by `tilt` degrees, on white. */
export async function straightened(image: GreyImage, tilt: number): Promise<GreyImage> {
  const raw = { width: image.width, height: image.height, channels: 1 as const }
  const { data, info } = await sharp(image.pixels, { raw, limitInputPixels: false })
    .rotate(-tilt, { background: '#fff' })
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { ...image, pixels: data, width: info.width, height: info.height }
}

/** Where a box of a straightened image, made larger or turned since, stands in the image as it lay. Turns commute, so it is one turn about the middle. */
export function boxAsItLay(
  { x0, x1, y0, y1 }: Box,
  straight: GreyImage,
  asItLay: GreyImage,
  tilt: number,
): Box {
  const radians = (tilt * Math.PI) / 180
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)]
  const grown = straight.scale / asItLay.scale
  const sides = [asItLay.width * grown, asItLay.height * grown] as const
  const [width, height] = (straight.turned - asItLay.turned) % 180 === 0 ? sides : [sides[1], sides[0]]
  const corners = [
    [x0, y0],
    [x1, y0],
    [x0, y1],
    [x1, y1],
  ].map(([x = 0, y = 0]) => {
    const [dx, dy] = [x - straight.width / 2, y - straight.height / 2]
    return { x: dx * cos - dy * sin + width / 2, y: dx * sin + dy * cos + height / 2 }
  })
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)]
  return {
    x0: Math.max(0, Math.min(...xs)),
    y0: Math.max(0, Math.min(...ys)),
    x1: Math.min(width, Math.max(...xs)),
    y1: Math.min(height, Math.max(...ys)),
  }
}
