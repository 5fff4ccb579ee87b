import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas'
import type { PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'

const DPI = 200
const MAX_PIXELS = 10_000_000

/** A JPEG of the page as recognition wants it; null where nothing is to be seen on it. */
export async function scanPage(page: PDFPageProxy): Promise<Uint8Array<ArrayBuffer> | null> {
  const { canvas, context } = await renderPage(page)
  if (!hasInk(context, canvas.width, canvas.height)) return null
  return new Uint8Array(await canvas.encode('jpeg', 90))
}

/** The page drawn at 200 dpi, at most 10 megapixels. */
export async function renderPage(page: PDFPageProxy) {
  const { height, width } = page.getViewport({ scale: 1 })
  const scale = Math.min(DPI / 72, Math.sqrt(MAX_PIXELS / Math.max(1, width * height)))
  const viewport = page.getViewport({ scale })
  const canvas = createCanvas(
    Math.max(1, Math.floor(viewport.width)),
    Math.max(1, Math.floor(viewport.height)),
  )
  const context = canvas.getContext('2d')
  // pdf.js draws on the canvas of @napi-rs, whose types are not the DOM's.
  await page.render({ canvas: canvas as never, canvasContext: context as never, viewport }).promise
  return { canvas, context }
}

const INK_SHARE = 0.0001

/** Whether some pixels are clearly darker or lighter than the paper. Every 2nd row and column is looked at. */
function hasInk(context: SKRSContext2D, width: number, height: number): boolean {
  const counts = new Uint32Array(256)
  let seen = 0
  const STRIP = 256
  for (let top = 0; top < height; top += STRIP) {
    const { data } = context.getImageData(0, top, width, Math.min(STRIP, height - top))
    for (let y = 0; y * width * 4 < data.length; y += 2)
      for (let at = y * width * 4; at < (y + 1) * width * 4; at += 8) {
        const light = (2 * (data[at] ?? 0) + 5 * (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) >> 3
        counts[light] = (counts[light] ?? 0) + 1
        seen++
      }
  }
  let paper = 255
  for (let light = 0; light < 256; light++) if ((counts[light] ?? 0) > (counts[paper] ?? 0)) paper = light
  const ink = counts.reduce((sum, count, light) => (Math.abs(light - paper) > 70 ? sum + count : sum), 0)
  return ink > seen * INK_SHARE
}
