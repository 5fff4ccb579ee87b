import type { CtcWord } from './ctc.ts'
import { evenLight } from './even-light.ts'
import type { Ppocr } from './ppocr-models.ts'
import { type GreyImage, turned } from './prepare.ts'
import type { Box, ReadLine } from './read-image.ts'
import { inReadingOrder } from './reading-order.ts'
import { boundsOf, type Slanted } from './slanted.ts'

/** Below this mean a line is texture, not writing. */
const SURE = 0.6
/** And a sign or two standing alone. */
const SURE_ALONE = 0.85
/** So many of the longest lines tell how a page lies; upright they are read better than this. */
const WITNESSES = 5
const UPRIGHT = 0.9

/** One page by PP-OCR: turned upright where its lines stand or hang, each line read where it lies. Boxes are those of the image handed back. */
export async function readByPpocr(
  image: GreyImage,
  models: Ppocr,
): Promise<{ lines: readonly ReadLine[]; image: GreyImage }> {
  const lit = (await evenLight(image)) ?? image
  const read = rememberedReading(models)
  const { lines: found, page } = await upright(lit, models, read)
  const lean = middleOf(found.map(({ angle }) => angle))
  const pieces: { box: Box; words: ReadLine['words'] }[] = []
  for (const line of found) {
    const written = await read(page, line)
    const letters = written.map(({ text }) => text).join('')
    if (sureness(written) < (letters.length < 3 ? SURE_ALONE : SURE) || !/[\p{L}\p{N}]/u.test(letters))
      continue
    const words = written.map(({ confidence, from, text, to }) => ({
      text,
      confidence: confidence * 100,
      box: within(boundsOf(line, from, to), page),
    }))
    pieces.push({ box: boundsOf(laidLevel(line, lean)), words })
  }
  const lines = inReadingOrder(pieces).flatMap((block, number) =>
    block.map((line): ReadLine => {
      const words = line.flatMap((piece) => piece.words)
      return { block: number, words, box: around(words.map(({ box }) => box)) }
    }),
  )
  return { lines, image: page }
}

/** Reads each line once: those that bore witness are not read again. */
function rememberedReading({ recognise }: Ppocr): Ppocr['recognise'] {
  const known = new Map<Slanted, ReturnType<Ppocr['recognise']>>()
  return (page, line) => {
    const reading = known.get(line) ?? recognise(page, line)
    known.set(line, reading)
    return reading
  }
}

/** The image as its lines are read, and where they are. */
async function upright(
  image: GreyImage,
  models: Ppocr,
  read: Ppocr['recognise'],
): Promise<{ page: GreyImage; lines: readonly Slanted[] }> {
  let page = image
  let lines = await models.find(page)
  const standing = lines.filter(({ height, width }) => height > width * 1.5)
  if (lengthOf(standing) > lengthOf(lines) / 2) {
    page = await turned(page, 90)
    lines = await models.find(page)
  }
  const asItIs = await legibility(page, lines, read)
  if (asItIs > UPRIGHT || lines.length === 0) return { page, lines }
  const over = await turned(page, 180)
  const other = await models.find(over)
  return (await legibility(over, other, read)) > asItIs ? { page: over, lines: other } : { page, lines }
}

/** How surely the longest lines are read, 0…1. */
async function legibility(
  page: GreyImage,
  lines: readonly Slanted[],
  read: Ppocr['recognise'],
): Promise<number> {
  const witnesses = [...lines].sort((a, b) => b.width - a.width).slice(0, WITNESSES)
  const words: CtcWord[] = []
  for (const line of witnesses) words.push(...(await read(page, line)))
  return sureness(words)
}

/** The mean confidence of letters, 0 where there are none. */
function sureness(words: readonly CtcWord[]): number {
  const letters = words.reduce((sum, { text }) => sum + text.length, 0)
  return words.reduce((sum, { confidence, text }) => sum + confidence * text.length, 0) / Math.max(1, letters)
}

const lengthOf = (lines: readonly Slanted[]): number =>
  lines.reduce((sum, { height, width }) => sum + Math.max(height, width), 0)

const middleOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** A box as it would lie on a page turned back by an angle: lines of a tilted page are ordered as those of a straight one. */
function laidLevel(box: Slanted, angle: number): Slanted {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return { ...box, x: box.x * cos + box.y * sin, y: box.y * cos - box.x * sin, angle: box.angle - angle }
}

const within = ({ x0, x1, y0, y1 }: Box, { height, width }: GreyImage): Box => ({
  x0: Math.max(0, Math.min(width - 1, x0)),
  y0: Math.max(0, Math.min(height - 1, y0)),
  x1: Math.max(1, Math.min(width, x1)),
  y1: Math.max(1, Math.min(height, y1)),
})

const around = (boxes: readonly Box[]): Box => ({
  x0: Math.min(...boxes.map(({ x0 }) => x0)),
  y0: Math.min(...boxes.map(({ y0 }) => y0)),
  x1: Math.max(...boxes.map(({ x1 }) => x1)),
  y1: Math.max(...boxes.map(({ y1 }) => y1)),
})
