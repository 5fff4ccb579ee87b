import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { createModels } from '../models/models.ts'
import { ocrConformance } from './ocr.conformance.ts'
import { accuracy, drawn } from './ocr.fixture.ts'
import { createPpocrOcr, PPOCR_MODEL, type PpocrOcr } from './ppocr.ts'

const MINUTES = { timeout: 180_000 }
const folders = [process.env.PPOCR_DIR, process.env.MODELS_DIR].filter((dir) => dir !== undefined)
const dir = folders.find((one) => existsSync(join(one, PPOCR_MODEL, 'recognition.onnx')))
const fixtures = process.env.FIXTURES_DIR ?? ''
const make = (folder: string): PpocrOcr =>
  createPpocrOcr({
    models: createModels({ dir: folder, clock: systemClock, sources: [] }),
    clock: systemClock,
  })

test('without its model it says how to get it, and Ukrainian it refuses', async () => {
  const ocr = make('/nowhere')
  const image = { bytes: new Uint8Array([1]), mime: 'image/png' }
  await expect(ocr.read(image, { languages: ['en'] })).rejects.toMatchObject({
    code: 'engine.model_missing',
    message: expect.stringContaining(`pull ${PPOCR_MODEL}`),
  })
  for (const languages of [undefined, [], ['uk'], ['uk', 'en']] as const)
    await expect(ocr.read(image, { languages })).rejects.toMatchObject({ code: 'engine.no_language' })
  await ocr.close()
})

describe.skipIf(!dir)('PP-OCR', () => {
  let ocr: PpocrOcr
  beforeAll(() => {
    ocr = make(dir ?? '')
  })
  afterAll(() => ocr.close())

  const english = (): PpocrOcr => ({
    ...ocr,
    read: (image, options) => ocr.read(image, { languages: ['en'], ...options }),
  })
  ocrConformance('ppocr', english, () => drawn(['The quick brown fox']))

  const truth = (name: string) => readFile(join(fixtures, 'images', name), 'utf8')
  const read = (bytes: Uint8Array) => english().read({ bytes, mime: 'image/png' })

  test('columns are read one after another, and a heading before them', MINUTES, async () => {
    const [left, right] = await Promise.all([
      drawn(['alpha one', 'beta two', 'gamma three', 'delta four'], 30),
      drawn(['kappa five', 'lambda six', 'omega seven', 'sigma eight'], 30),
    ])
    const halves = await Promise.all(
      [left, right].map((half) =>
        sharp(half).extract({ left: 0, top: 0, width: 400, height: 250 }).toBuffer(),
      ),
    )
    const page = sharp({ create: { width: 1000, height: 420, channels: 3, background: '#fff' } })
    const bytes = await page
      .composite([
        {
          input: Buffer.from(await drawn(['A heading that is over both of the columns'], 40)),
          left: 0,
          top: 0,
        },
        { input: halves[0] ?? Buffer.from(left), left: 0, top: 160 },
        { input: halves[1] ?? Buffer.from(right), left: 500, top: 160 },
      ])
      .png()
      .toBuffer()
    const { text, words } = await read(bytes)
    expect(text).toBe(
      [
        'A heading that is over both of the columns',
        'alpha one\nbeta two\ngamma three\ndelta four',
        'kappa five\nlambda six\nomega seven\nsigma eight',
      ].join('\n\n'),
    )
    expect(words.find((word) => word.text === 'two')?.box.x0).toBeGreaterThan(
      words.find((word) => word.text === 'beta')?.box.x1 ?? Number.NaN,
    )
  })

  test.runIf(fixtures)('Latin letters of seven languages, with their marks', MINUTES, async () => {
    const { text } = await english().read({ path: join(fixtures, 'images/eurotext.tif'), mime: '' })
    expect(accuracy(text, await truth('eurotext.txt'))).toBeGreaterThan(0.99)
  })

  test.runIf(fixtures).each([
    ['on its side', 90],
    ['upside down', 180],
    ['askew', 6],
  ])('a page %s; places are those of the page as it is read', MINUTES, async (_, degrees) => {
    const image = sharp(join(fixtures, 'images/phototest.tif')).rotate(degrees, { background: '#fff' })
    const { data, info } = await image.png().toBuffer({ resolveWithObject: true })
    const { pages, text, words } = await read(data)
    expect(accuracy(text, await truth('phototest.gold.txt'))).toBeGreaterThan(0.98)
    const lies = degrees === 90
    const [width, height] = lies ? [info.height, info.width] : [info.width, info.height]
    expect(pages).toEqual([{ width, height, turned: degrees === 6 ? 0 : (360 - degrees) % 360 }])
    const [first, second] = words
    expect(first?.text).toBe('This')
    expect(second?.box.x0).toBeGreaterThan(first?.box.x1 ?? Number.NaN)
    expect(words.at(-1)?.box.y0).toBeGreaterThan(first?.box.y1 ?? Number.NaN)
    expect(words.at(-1)?.line).toBe(8)
  })

  test.runIf(fixtures).each(['astronaut', 'cat-chelsea'])(
    'no words are invented in %s',
    MINUTES,
    async (name) => {
      const { text } = await english().read({ path: join(fixtures, `photos/${name}.jpg`), mime: '' })
      expect(text.replace(/\s/g, '').length).toBeLessThan(6)
    },
  )
})
