import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { getDocument, type PDFDocumentProxy, type PDFPageProxy, Util } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { engineError } from '../engine.errors.ts'
import type { OutlineItem, Place } from './parser.ts'
import { largestLine, pageLayout } from './pdf-layout.ts'
import { labelsOf, outlineOf } from './pdf-outline.ts'
import { paintOf, picturesOf, rulesOf } from './pdf-paint.ts'
import { renderPage, scanPage } from './pdf-render.ts'
import type { TextRun } from './pdf-segments.ts'
import type { PictureTray } from './pictures.ts'
import { type Draft, draftOf } from './sections.ts'

/** A PDF opened in this process: only a child may. The caller closes it. */
export interface Pdf {
  readonly pages: number
  /** From the metadata, or the largest line of page 1; null where neither says anything. */
  title(): Promise<string | null>
  /** Of bookmarks that lead to pages of this document; absent where it has none. */
  outline(): Promise<readonly OutlineItem[] | undefined>
  /** Never rejects because of the page: one that cannot be read is `failed`. */
  page(number: number, tray?: PictureTray): Promise<Draft>
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
  let labels: Promise<readonly string[] | null> | undefined
  /** The largest line of page 1, where that has been read: to read it again costs as much as several pages. */
  let largest: string | null | undefined
  return {
    pages,
    title: () => titleOf(document, largest),
    outline: () => outlineOf(document),
    page: async (number, tray) => {
      labels ??= labelsOf(document)
      const place: Place = { kind: 'page', label: (await labels)?.[number - 1] || `${number}` }
      const hear = (runs: readonly TextRun[]) => {
        if (number === 1) largest = largestLine(runs)
      }
      return { ...(await readPage(document, number, hear, tray)), place }
    },
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

async function titleOf(
  document: PDFDocumentProxy,
  largest: string | null | undefined,
): Promise<string | null> {
  try {
    const { info } = await document.getMetadata()
    const told = 'Title' in info && typeof info.Title === 'string' ? info.Title.trim() : ''
    if (told.length >= 3 && !/^untitled|^microsoft |\.(docx?|tex|dvi|odt|pdf|indd|rtf)$|\ufffd/i.test(told))
      return told
    return largest === undefined ? largestLine(await runsOf(await document.getPage(1))) : largest
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

type Hear = (runs: readonly TextRun[]) => void

async function readPage(
  document: PDFDocumentProxy,
  number: number,
  hear: Hear,
  tray?: PictureTray,
): Promise<Draft> {
  try {
    const page = await document.getPage(number)
    try {
      const draft = await layOut(page, hear)
      const isFull = draft.text.length >= FULL_PAGE_CHARS && isLegible(draft.text)
      const read = isFull ? draft : await readSparsePage(page, isLegible(draft.text) ? draft : NOTHING)
      const pictures = tray?.isOpen && read.state === 'read' ? await picturesOf(page, tray) : []
      return pictures.length > 0 ? { ...read, pictures: [...pictures] } : read
    } finally {
      page.cleanup()
    }
  } catch (cause) {
    return { state: 'failed', text: '', error: reason(cause) }
  }
}

const NOTHING: Draft = { state: 'empty', text: '' }

async function layOut(page: PDFPageProxy, hear: Hear): Promise<Draft> {
  const runs = await runsOf(page)
  hear(runs)
  if (runs.length > MAX_RUNS) return { state: 'read', text: runs.map((run) => run.text).join(' ') }
  const { height, width } = page.getViewport({ scale: 1 })
  const first = pageLayout(runs, width, height)
  const rules = first.wantsRules ? await rulesOf(page) : []
  const { blocks, text } = rules.length > 0 ? pageLayout(runs, width, height, rules) : first
  return { ...draftOf(blocks), text }
}

/** Little text over a picture of the page is a scan, with the scanner's stamp or a poor layer of text on it. */
async function readSparsePage(page: PDFPageProxy, draft: Draft): Promise<Draft> {
  const { imageShare, paints } = await paintOf(page)
  const asIs: Draft = { ...draft, state: draft.text === '' ? 'empty' : 'read' }
  if ((draft.text !== '' && imageShare < 0.4) || paints === 0) return asIs
  const image = await scanPage(page)
  return image ? { state: 'scan', text: draft.text, image } : asIs
}

/** Letters without a meaning (fonts that do not say which) come as controls, private or replacement characters. */
function isLegible(text: string): boolean {
  const strange = text.match(/[\ue000-\uf8ff\ufffd]|\p{Cc}(?<!\n)/gu)?.length ?? 0
  return strange <= text.length * 0.2
}

async function runsOf(page: PDFPageProxy): Promise<readonly TextRun[]> {
  const viewport = page.getViewport({ scale: 1 })
  // Letters are made plain once, where the page is put together.
  const { items } = await page.getTextContent({ disableNormalization: true })
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

const isLocked = (cause: unknown): boolean => cause instanceof Error && cause.name === 'PasswordException'

const reason = (cause: unknown): string =>
  (cause instanceof Error ? `${cause.name}: ${cause.message}` : 'UnknownError').slice(0, 200)
