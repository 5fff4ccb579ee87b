import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  getDocument,
  OPS,
  type PDFDocumentProxy,
  type PDFPageProxy,
  Util,
} from 'pdfjs-dist/legacy/build/pdf.mjs'
import { engineError } from '../engine.errors.ts'
import type { ParsedPage } from './parser.ts'
import { largestLine, readingOrder } from './pdf-layout.ts'
import { renderPage, scanPage } from './pdf-render.ts'
import type { TextRun } from './pdf-segments.ts'

/** A PDF opened in this process: only a child may. The caller closes it. */
export interface Pdf {
  readonly pages: number
  /** From the metadata, or the largest line of page 1; null where neither says anything. */
  title(): Promise<string | null>
  /** Never rejects because of the page: one that cannot be read is `failed`. */
  page(number: number): Promise<ParsedPage>
  /** A JPEG of a page, whatever is on it. Throws `file.unreadable`. */
  picture(number: number): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
}

/** Throws `file.encrypted` where a password is wanted, `file.wrong_password`, `file.unreadable` where it is broken, `file.too_many_pages`. */
export async function openPdf(bytes: Uint8Array, maxPages: number, password?: string): Promise<Pdf> {
  const document = await open(bytes, password)
  const { numPages: pages } = document
  if (pages > maxPages || pages < 1) {
    await document.destroy()
    throw pages < 1
      ? engineError('file.unreadable')
      : engineError('file.too_many_pages', { pages, limit: maxPages })
  }
  return {
    pages,
    title: () => titleOf(document),
    page: (number) => readPage(document, number),
    picture: (number) => drawPage(document, number),
    close: () => document.destroy(),
  }
}

async function open(bytes: Uint8Array, password?: string): Promise<PDFDocumentProxy> {
  const home = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
  try {
    return await getDocument({
      data: bytes,
      ...(password !== undefined && { password }),
      disableFontFace: true,
      isEvalSupported: false,
      stopAtErrors: false,
      useSystemFonts: false,
      verbosity: 0,
      cMapPacked: true,
      cMapUrl: join(home, 'cmaps/'),
      iccUrl: join(home, 'iccs/'),
      standardFontDataUrl: join(home, 'standard_fonts/'),
      wasmUrl: join(home, 'wasm/'),
    }).promise
  } catch (cause) {
    const refused = password === undefined ? 'file.encrypted' : 'file.wrong_password'
    throw engineError(isLocked(cause) ? refused : 'file.unreadable', {}, { cause })
  }
}

async function titleOf(document: PDFDocumentProxy): Promise<string | null> {
  try {
    const { info } = await document.getMetadata()
    const told = 'Title' in info && typeof info.Title === 'string' ? info.Title.trim() : ''
    if (told.length >= 3 && !/^untitled|^microsoft |\.(docx?|tex|dvi|odt|pdf|indd|rtf)$|\ufffd/i.test(told))
      return told
    return largestLine(await runsOf(await document.getPage(1)))
  } catch {
    return null
  }
}

async function drawPage(document: PDFDocumentProxy, number: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { canvas } = await renderPage(await document.getPage(number))
    return new Uint8Array(await canvas.encode('jpeg', 90))
  } catch (cause) {
    throw engineError('file.unreadable', {}, { cause })
  }
}

const FULL_PAGE_CHARS = 120
const MAX_RUNS = 20_000

async function readPage(document: PDFDocumentProxy, number: number): Promise<ParsedPage> {
  try {
    const page = await document.getPage(number)
    try {
      const runs = await runsOf(page)
      const { height, width } = page.getViewport({ scale: 1 })
      const text =
        runs.length > MAX_RUNS ? runs.map((run) => run.text).join(' ') : readingOrder(runs, width, height)
      if (text.length >= FULL_PAGE_CHARS && isLegible(text)) return { number, state: 'read', text }
      return await readSparsePage(page, isLegible(text) ? text : '')
    } finally {
      page.cleanup()
    }
  } catch (cause) {
    return { number, state: 'failed', text: '', error: reason(cause) }
  }
}

/** Little text over a picture of the page is a scan, with the scanner's stamp or a poor layer of text on it. */
async function readSparsePage(page: PDFPageProxy, text: string): Promise<ParsedPage> {
  const { pageNumber: number } = page
  const { imageShare, paints } = await paintOf(page)
  if (text !== '' && imageShare < 0.4) return { number, state: 'read', text }
  if (paints === 0) return { number, state: text === '' ? 'empty' : 'read', text }
  const image = await scanPage(page)
  if (image) return { number, state: 'scan', text, image }
  return { number, state: text === '' ? 'empty' : 'read', text }
}

/** Letters without a meaning (fonts that do not say which) come as controls, private or replacement characters. */
function isLegible(text: string): boolean {
  const strange = text.match(/[\ue000-\uf8ff\ufffd]|\p{Cc}(?<!\n)/gu)?.length ?? 0
  return strange <= text.length * 0.2
}

async function runsOf(page: PDFPageProxy): Promise<readonly TextRun[]> {
  const viewport = page.getViewport({ scale: 1 })
  const { items } = await page.getTextContent()
  const runs: TextRun[] = []
  for (const item of items) {
    if (!('str' in item) || item.str === '') continue
    const [a = 0, b = 0, c = 0, d = 0, x = 0, y = 0]: number[] = Util.transform(
      viewport.transform,
      item.transform,
    )
    const size = Math.hypot(c, d) || Math.hypot(a, b)
    runs.push({ text: item.str, x, y, width: item.width, size, angle: angleOf(a, b) })
  }
  return runs
}

function angleOf(a: number, b: number): TextRun['angle'] {
  if (Math.abs(a) >= Math.abs(b)) return a >= 0 ? 0 : 180
  return b > 0 ? 90 : 270
}

const IMAGES: readonly number[] = [
  OPS.paintImageXObject,
  OPS.paintInlineImageXObject,
  OPS.paintImageMaskXObject,
  OPS.paintImageXObjectRepeat,
  OPS.paintImageMaskXObjectRepeat,
  OPS.paintImageMaskXObjectGroup,
  OPS.paintInlineImageXObjectGroup,
]
const PAINTS: readonly number[] = [
  ...IMAGES,
  OPS.shadingFill,
  OPS.constructPath,
  OPS.stroke,
  OPS.fill,
  OPS.eoFill,
  OPS.fillStroke,
  OPS.showText,
]

/** How many things are painted, and the share of the page that pictures cover. */
async function paintOf(page: PDFPageProxy): Promise<{ paints: number; imageShare: number }> {
  const { argsArray, fnArray } = await page.getOperatorList()
  const { height, width } = page.getViewport({ scale: 1 })
  const stack: number[][] = []
  let current = [1, 0, 0, 1, 0, 0]
  let covered = 0
  let paints = 0
  for (const [index, operator] of fnArray.entries()) {
    if (operator === OPS.save || operator === OPS.paintFormXObjectBegin) stack.push(current)
    if (operator === OPS.restore || operator === OPS.paintFormXObjectEnd) current = stack.pop() ?? current
    const matrix: unknown =
      operator === OPS.transform
        ? argsArray[index]
        : operator === OPS.paintFormXObjectBegin
          ? argsArray[index]?.[0]
          : null
    if (isMatrix(matrix)) current = Util.transform(current, matrix)
    if (PAINTS.includes(operator)) paints++
    if (IMAGES.includes(operator)) {
      const [a = 0, b = 0, c = 0, d = 0] = current
      covered += Math.abs(a * d - b * c)
    }
  }
  return { paints, imageShare: covered / Math.max(1, width * height) }
}

const isMatrix = (value: unknown): value is number[] =>
  (Array.isArray(value) || value instanceof Float32Array) && value.length === 6

const isLocked = (cause: unknown): boolean => cause instanceof Error && cause.name === 'PasswordException'

const reason = (cause: unknown): string =>
  (cause instanceof Error ? `${cause.name}: ${cause.message}` : 'UnknownError').slice(0, 200)
