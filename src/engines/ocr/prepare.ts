import sharp, { type Sharp } from 'sharp'

/** Grey pixels, one byte each. */
export interface GreyImage {
  readonly pixels: Buffer
  readonly width: number
  readonly height: number
  /** Of the original image: a box in these pixels divided by it is a box in those. */
  readonly scale: number
  /** How far it was turned clockwise since it was upright by its EXIF. */
  readonly turned: Degrees
}

type Degrees = 0 | 90 | 180 | 270

/** An image ready to be read; `grey` is null where nothing but paper is to be seen. Width and height are those of the original, upright. */
interface Prepared {
  readonly width: number
  readonly height: number
  readonly grey: GreyImage | null
}

const MAX_EDGE = 3_200
const MAX_SCALE = 4

/** An image upright by its EXIF, on white, grey, with its full range of light. Page from 0. */
export async function prepare(bytes: Uint8Array, page: number): Promise<Prepared> {
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: false, sequentialRead: true, page })
  const { autoOrient } = await image.metadata()
  const { height, width } = autoOrient
  const edge = Math.max(width, height)
  const shrunk = edge > MAX_EDGE ? image.clone().resize(MAX_EDGE, MAX_EDGE, { fit: 'inside' }) : image
  for (const background of ['#fff', '#000']) {
    const onPaper = shrunk.clone().autoOrient().flatten({ background }).grayscale().toColourspace('b-w')
    const { data, info } = await onPaper.raw().toBuffer({ resolveWithObject: true })
    const levels = levelsOf(data)
    if (levels.span < MIN_SPAN) continue
    stretch(data, levels)
    const scale = info.width / width
    const grey = { pixels: data, width: info.width, height: info.height, scale, turned: 0 as const }
    return { width, height, grey }
  }
  return { width, height, grey: null }
}

const TURNS = [0, 90, 180, 270] as const

/** The same, turned clockwise. */
export async function turned(image: GreyImage, degrees: 90 | 180 | 270): Promise<GreyImage> {
  const result = await reworked(image, (pipeline) => pipeline.rotate(degrees), image.scale)
  return { ...result, turned: TURNS[((image.turned + degrees) / 90) % 4] ?? 0 }
}

/** The same, larger or smaller by `factor`. */
export async function resized(image: GreyImage, factor: number): Promise<GreyImage> {
  const width = Math.max(1, Math.round(image.width * factor))
  return await reworked(
    image,
    (pipeline) => pipeline.resize({ width, kernel: 'cubic' }),
    image.scale * (width / image.width),
  )
}

/** How much an image may still grow. */
export const growth = ({ height, width }: GreyImage): number =>
  Math.min(MAX_SCALE, MAX_EDGE / Math.max(width, height))

export function cut(
  image: GreyImage,
  box: { x0: number; y0: number; x1: number; y1: number },
  margin: number,
): GreyImage {
  const left = Math.max(0, Math.floor(box.x0 - margin))
  const top = Math.max(0, Math.floor(box.y0 - margin))
  const width = Math.max(1, Math.min(image.width, Math.ceil(box.x1 + margin)) - left)
  const height = Math.max(1, Math.min(image.height, Math.ceil(box.y1 + margin)) - top)
  const rows = Array.from({ length: height }, (_, row) => {
    const start = (top + row) * image.width + left
    return image.pixels.subarray(start, start + width)
  })
  return { ...image, pixels: Buffer.concat(rows), width, height }
}

/** Netpbm's P5, which costs nothing to write or read. */
export const toPgm = ({ height, pixels, width }: GreyImage): Buffer =>
  Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), pixels])

async function reworked(
  image: GreyImage,
  work: (pipeline: Sharp) => Sharp,
  scale: number,
): Promise<GreyImage> {
  const raw = { width: image.width, height: image.height, channels: 1 as const }
  const pipeline = work(sharp(image.pixels, { raw, limitInputPixels: false })).toColourspace('b-w')
  const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true })
  return { ...image, pixels: data, width: info.width, height: info.height, scale }
}

/** Less than this between dark and light is paper. */
const MIN_SPAN = 24

interface Levels {
  readonly dark: number
  readonly span: number
}

/** The range of light, without the darkest and lightest 0.05 %: the few letters of a large page are more than that. */
function levelsOf(pixels: Buffer): Levels {
  const counts = new Uint32Array(256)
  for (const level of pixels) counts[level] = (counts[level] ?? 0) + 1
  const spare = pixels.length * 0.0005
  const dark = reach(counts, spare)
  const light = 255 - reach(counts.reverse(), spare)
  return { dark, span: light - dark }
}

function reach(counts: Uint32Array, spare: number): number {
  let passed = 0
  const at = counts.findIndex((count) => {
    passed += count
    return passed > spare
  })
  return Math.max(0, at)
}

function stretch(pixels: Buffer, { dark, span }: Levels): void {
  if (span >= 250) return
  const map = Uint8Array.from({ length: 256 }, (_, level) =>
    Math.max(0, Math.min(255, Math.round(((level - dark) * 255) / span))),
  )
  for (let at = 0; at < pixels.length; at++) pixels[at] = map[pixels[at] ?? 0] ?? 0
}
