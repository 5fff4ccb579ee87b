import sharp from 'sharp'
import type { GreyImage } from './prepare.ts'

/** Pixels to a cell whose lightest tone is taken for paper: larger than letters, smaller than shadows. */
const CELL = 48
/** Paper whose darkest parts are lighter than this share of its lightest is lit evenly. */
const EVEN = 0.8

/** The image as if its paper were lit evenly: each tone as a share of the paper around it. Null where the light is even. For photos of paper, with a lamp to one side or a hand's shadow on it. */
export async function evenLight(image: GreyImage): Promise<GreyImage | null> {
  const columns = Math.ceil(image.width / CELL)
  const rows = Math.ceil(image.height / CELL)
  if (columns < 3 || rows < 3) return null
  const paper = Buffer.alloc(columns * rows)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      paper[row * columns + column] = lightest(image, column * CELL, row * CELL)
  const sorted = Uint8Array.from(paper).sort()
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  if (at(0.1) >= at(0.9) * EVEN) return null
  const raw = { width: columns, height: rows, channels: 1 as const }
  // A cell full of a picture or of bold print is as light as the cells around it.
  const ground = await sharp(paper, { raw })
    .median(3)
    .toColourspace('b-w')
    .raw()
    .toBuffer()
    .then((smooth) =>
      sharp(smooth, { raw })
        .resize(image.width, image.height, { fit: 'fill', kernel: 'cubic' })
        .toColourspace('b-w')
        .raw()
        .toBuffer(),
    )
  const pixels = Buffer.alloc(image.pixels.length)
  for (let index = 0; index < pixels.length; index++) {
    const share = (image.pixels[index] ?? 0) / Math.max(16, ground[index] ?? 0)
    pixels[index] = Math.min(255, Math.round(share * 255))
  }
  return { ...image, pixels }
}

const STEPS = 4

/** The tone that nine tenths of a cell are darker than: one bright speck is not paper. */
function lightest({ height, pixels, width }: GreyImage, left: number, top: number): number {
  const counts = new Uint32Array(256 / STEPS)
  const bottom = Math.min(height, top + CELL)
  const right = Math.min(width, left + CELL)
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const step = Math.floor((pixels[y * width + x] ?? 0) / STEPS)
      counts[step] = (counts[step] ?? 0) + 1
    }
  let spare = (bottom - top) * (right - left) * 0.1
  for (let step = counts.length - 1; step > 0; step--) {
    spare -= counts[step] ?? 0
    if (spare <= 0) return step * STEPS + STEPS / 2
  }
  return STEPS / 2
}
