import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'

/** Words drawn black on white, in a font that comes with pdf.js: a machine may have none. */
export async function drawn(lines: readonly string[], size = 40): Promise<Uint8Array> {
  const fonts = join(
    dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json')),
    'standard_fonts',
  )
  GlobalFonts.registerFromPath(join(fonts, 'LiberationSans-Regular.ttf'), 'Test Sans')
  const canvas = createCanvas(900, 60 + lines.length * size * 1.6)
  const context = canvas.getContext('2d')
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = '#000'
  context.font = `${size}px "Test Sans"`
  for (const [row, line] of lines.entries()) context.fillText(line, 40, 60 + row * size * 1.6)
  return new Uint8Array(await canvas.encode('png'))
}

/** The share of letters that came out right: 1 less edits over length. */
export function accuracy(read: string, truth: string): number {
  const [a, b] = [read, truth].map((text) => text.replace(/\s+/g, ' ').trim())
  if (a === undefined || b === undefined) return 0
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      )
    row = next
  }
  return 1 - (row[b.length] ?? 0) / b.length
}
