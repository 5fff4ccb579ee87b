import { createCanvas } from '@napi-rs/canvas'
import { OPS, type PDFPageProxy, Util } from 'pdfjs-dist/legacy/build/pdf.mjs'
import type { ParsedPicture } from './parser.ts'
import type { Rule } from './pdf-tables.ts'
import type { PictureTray } from './pictures.ts'

const IMAGES: readonly number[] = [
  OPS.paintImageXObject,
  OPS.paintInlineImageXObject,
  OPS.paintImageMaskXObject,
  OPS.paintImageXObjectRepeat,
  OPS.paintImageMaskXObjectRepeat,
  OPS.paintImageMaskXObjectGroup,
  OPS.paintInlineImageXObjectGroup,
]
const STROKES: readonly number[] = [
  OPS.stroke,
  OPS.closeStroke,
  OPS.fillStroke,
  OPS.eoFillStroke,
  OPS.closeFillStroke,
  OPS.closeEOFillStroke,
]
const PAINTS: ReadonlySet<number> = new Set([
  ...IMAGES,
  ...STROKES,
  OPS.shadingFill,
  OPS.constructPath,
  OPS.fill,
  OPS.eoFill,
  OPS.showText,
])

type Matrix = readonly number[]

/** Every operator with the matrix in force. */
async function eachOperator(
  page: PDFPageProxy,
  look: (operator: number, matrix: Matrix, given: unknown) => void,
): Promise<void> {
  const { argsArray, fnArray } = await page.getOperatorList()
  const stack: Matrix[] = []
  let current: Matrix = [1, 0, 0, 1, 0, 0]
  for (const [index, operator] of fnArray.entries()) {
    const given: unknown = argsArray[index]
    if (operator === OPS.save || operator === OPS.paintFormXObjectBegin) stack.push(current)
    if (operator === OPS.restore || operator === OPS.paintFormXObjectEnd) current = stack.pop() ?? current
    const matrix =
      operator === OPS.transform
        ? given
        : operator === OPS.paintFormXObjectBegin && Array.isArray(given)
          ? given[0]
          : null
    if (isMatrix(matrix)) current = Util.transform([...current], matrix)
    look(operator, current, given)
  }
}

const isMatrix = (value: unknown): value is number[] =>
  (Array.isArray(value) || value instanceof Float32Array) && value.length === 6

/** How many things are painted, and the share of the page that pictures cover. */
export async function paintOf(page: PDFPageProxy): Promise<{ paints: number; imageShare: number }> {
  const { height, width } = page.getViewport({ scale: 1 })
  let covered = 0
  let paints = 0
  await eachOperator(page, (operator, [a = 0, b = 0, c = 0, d = 0]) => {
    if (PAINTS.has(operator)) paints++
    if (IMAGES.includes(operator)) covered += Math.abs(a * d - b * c)
  })
  return { paints, imageShare: covered / Math.max(1, width * height) }
}

const THIN = 2.5
const SHORTEST = 6
const MAX_RULES = 4_000

/** Level and upright lines that are drawn, and boxes so thin that they are lines, in points from the upper left corner. */
export async function rulesOf(page: PDFPageProxy): Promise<readonly Rule[]> {
  const { transform } = page.getViewport({ scale: 1 })
  const rules: Rule[] = []
  await eachOperator(page, (operator, matrix, given) => {
    if (operator !== OPS.constructPath || !Array.isArray(given) || rules.length > MAX_RULES) return
    const path: unknown = Array.isArray(given[1]) ? given[1][0] : null
    if (!(path instanceof Float32Array || Array.isArray(path))) return
    const isStroke = STROKES.includes(Number(given[0]))
    if (!isStroke && given[0] !== OPS.fill && given[0] !== OPS.eoFill) return
    const toPage = Util.transform(transform, [...matrix])
    for (const points of figures(path, toPage)) rules.push(...(isStroke ? strokes(points) : thinBox(points)))
  })
  return rules
}

type Point = readonly [x: number, y: number]

/** The corners of each figure of a path; one with a curve is none. */
function figures(
  path: ArrayLike<number>,
  [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0]: Matrix,
): readonly Point[][] {
  const all: Point[][] = []
  let figure: Point[] | null = null
  for (let at = 0; at < path.length; ) {
    const kind = path[at++]
    if (kind === MOVE || kind === LINE) {
      const [x = 0, y = 0] = [path[at], path[at + 1]]
      at += 2
      const point: Point = [a * x + c * y + e, b * x + d * y + f]
      if (kind === MOVE) {
        figure = [point]
        all.push(figure)
      } else figure?.push(point)
    } else if (kind === CLOSE) {
      const first = figure?.[0]
      if (first) figure?.push(first)
    } else {
      at += kind === QUADRATIC ? 4 : 6
      if (figure) all.splice(all.indexOf(figure), 1)
      figure = null
    }
  }
  return all
}
const MOVE = 0
const LINE = 1
const QUADRATIC = 3
const CLOSE = 4

const strokes = (points: readonly Point[]): readonly Rule[] =>
  points.slice(1).flatMap((to, index) => {
    const rule = between(points[index] ?? to, to)
    const isStraight = rule.x1 - rule.x0 < 1 || rule.y1 - rule.y0 < 1
    return isStraight && Math.max(rule.x1 - rule.x0, rule.y1 - rule.y0) >= SHORTEST ? [rule] : []
  })

function thinBox(points: readonly Point[]): readonly Rule[] {
  const xs = points.map(([x]) => x)
  const ys = points.map(([, y]) => y)
  const box = between([Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)])
  const [width, height] = [box.x1 - box.x0, box.y1 - box.y0]
  if (Math.min(width, height) > THIN || Math.max(width, height) < SHORTEST) return []
  const [x, y] = [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]
  return [width < height ? { ...box, x0: x, x1: x } : { ...box, y0: y, y1: y }]
}

const between = ([ax, ay]: Point, [bx, by]: Point): Rule => ({
  x0: Math.min(ax, bx),
  y0: Math.min(ay, by),
  x1: Math.max(ax, bx),
  y1: Math.max(ay, by),
})

const SMALLEST_PICTURE = 32
const MAX_PICTURE_PIXELS = 12_000_000

/** Pictures on a page as PNG; those that are hardly larger than a letter are left out. */
export async function picturesOf(page: PDFPageProxy, tray: PictureTray): Promise<readonly ParsedPicture[]> {
  const names = new Set<string>()
  await eachOperator(page, (operator, _, given) => {
    const name: unknown = Array.isArray(given) ? given[0] : undefined
    if (operator === OPS.paintImageXObject && typeof name === 'string') names.add(name)
  })
  const pictures: ParsedPicture[] = []
  for (const name of names) {
    const image = imageOf(page, name)
    const bytes = image && (await drawn(image))
    const picture = bytes && tray.take(bytes)
    if (picture) pictures.push(picture)
  }
  return pictures
}

interface RawImage {
  readonly width: number
  readonly height: number
  readonly kind: number
  readonly data: Uint8Array
}

function imageOf(page: PDFPageProxy, name: string): RawImage | null {
  const objects = name.startsWith('g_') ? page.commonObjs : page.objs
  const found: unknown = objects.has(name) ? objects.get(name) : null
  return isRaw(found) ? found : null
}

const isRaw = (value: unknown): value is RawImage =>
  typeof value === 'object' &&
  value !== null &&
  'data' in value &&
  value.data instanceof Uint8Array &&
  'kind' in value &&
  'width' in value &&
  'height' in value &&
  Number(value.width) * Number(value.height) <= MAX_PICTURE_PIXELS &&
  Math.min(Number(value.width), Number(value.height)) >= SMALLEST_PICTURE

/** pdf.js' kinds: 1 is a bit a pixel, 2 is RGB, 3 RGBA. */
async function drawn({ data, height, kind, width }: RawImage): Promise<Uint8Array | null> {
  const channels = kind === 2 ? 3 : kind === 3 ? 4 : 0
  if (channels === 0 || data.length < width * height * channels) return null
  const canvas = createCanvas(width, height)
  const context = canvas.getContext('2d')
  const target = context.createImageData(width, height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++)
      target.data[pixel * 4 + channel] = data[pixel * channels + channel] ?? 0
    target.data[pixel * 4 + 3] = channels === 4 ? (data[pixel * 4 + 3] ?? 255) : 255
  }
  context.putImageData(target, 0, 0)
  return new Uint8Array(await canvas.encode('png'))
}
