import sharp from 'sharp'
import { expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { type Ocr, OcrText } from './ocr.ts'

const MINUTES = { timeout: 120_000 }

/** What every engine that reads images must do. `withText` shows words; a fake may be told which. */
export function ocrConformance(name: string, make: () => Ocr, withText: () => Promise<Uint8Array>): void {
  const codeOf = async (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'nothing failed',
      (error: unknown) => AppError.from(error).code,
    )

  test(`${name} reads words with their places, in the order of the text`, MINUTES, async () => {
    expect(await make().missing()).toBeNull()
    const read = OcrText.parse(await make().read({ bytes: await withText(), mime: 'image/png' }))
    expect(read.text).toMatch(/\p{L}/u)
    expect(read.confidence).toBeGreaterThan(0.5)
    expect(read.confidence).toBeLessThanOrEqual(1)
    expect(read.text.split(/\s+/)).toEqual(read.words.map(({ text }) => text))
    for (const { box, confidence } of read.words) {
      expect(box.x1).toBeGreaterThan(box.x0)
      expect(box.y1).toBeGreaterThan(box.y0)
      expect(confidence).toBeLessThanOrEqual(1)
    }
  })

  test(`${name} refuses nothing at all`, MINUTES, async () => {
    expect(await codeOf(make().read({ bytes: new Uint8Array(0), mime: 'image/png' }))).toBe('file.empty')
  })

  test(`${name} stops when told`, MINUTES, async () => {
    const bytes = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#fff' } })
      .png()
      .toBuffer()
    const reading = make().read({ bytes, mime: 'image/png' }, { signal: AbortSignal.abort() })
    expect(await codeOf(reading)).toBe('call.cancelled')
  })
}
