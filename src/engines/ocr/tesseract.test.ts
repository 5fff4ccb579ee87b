import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { createFakeOcr } from './fake.ts'
import { ocrConformance } from './ocr.conformance.ts'
import { accuracy, drawn } from './ocr.fixture.ts'
import { createTesseractOcr, type TesseractOcr } from './tesseract.ts'

let ocr: TesseractOcr
beforeAll(() => {
  ocr = createTesseractOcr({ clock: systemClock })
})
afterAll(() => ocr.close())

const MINUTES = { timeout: 120_000 }

describe('conformance', () => {
  ocrConformance(
    'tesseract',
    () => ocr,
    () => drawn(['The quick brown fox']),
  )
  ocrConformance(
    'fake',
    () => createFakeOcr(),
    () => drawn([]),
  )
})

test('a blank sheet, and one with the dust of a scanner, hold nothing', MINUTES, async () => {
  const sheet = sharp({ create: { width: 1200, height: 900, channels: 3, background: '#f4f2ee' } })
  expect(await ocr.read({ bytes: await sheet.png().toBuffer(), mime: 'image/png' })).toMatchObject({
    text: '',
    confidence: 0,
    words: [],
  })
  const pixels = Buffer.alloc(600 * 400, 244)
  for (let n = 0; n < 40; n++) pixels[(n * 7919 * 31) % pixels.length] = 20
  const raw = { width: 600, height: 400, channels: 1 as const }
  const dusty = await sharp(pixels, { raw }).png().toBuffer()
  expect((await ocr.read({ bytes: dusty, mime: 'image/png' })).text).toBe('')
})

test('noise is not words', MINUTES, async () => {
  const pixels = Buffer.alloc(500 * 400)
  let state = 7
  for (let at = 0; at < pixels.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    pixels[at] = state >>> 24
  }
  const bytes = await sharp(pixels, { raw: { width: 500, height: 400, channels: 1 } })
    .png()
    .toBuffer()
  expect((await ocr.read({ bytes, mime: 'image/png' })).text).toBe('')
})

test('white words on nothing', MINUTES, async () => {
  const black = await sharp(await drawn(['Transparent letters here']))
    .greyscale()
    .toBuffer()
  const mask = await sharp(black).negate().extractChannel(0).toBuffer()
  const white = { create: { width: 900, height: 124, channels: 3 as const, background: '#fff' } }
  const bytes = await sharp(white).joinChannel(mask).png().toBuffer()
  expect((await ocr.read({ bytes, mime: 'image/png' })).text).toContain('Transparent letters')
})

test('a language may be told', MINUTES, async () => {
  const bytes = await drawn(['Hello dear world'])
  const { text } = await ocr.read({ bytes, mime: 'image/png' }, { languages: ['en'] })
  expect(text).toBe('Hello dear world')
})

test('words of both alphabets on one page are each in their own', MINUTES, async () => {
  const lines = [
    'Кава Americano 45 грн, Cappuccino 60',
    'Docker запускає Redis однією командою',
    'The word for square is площа',
    'Call the office before noon',
  ]
  const { text } = await ocr.read({ bytes: await drawn(lines), mime: 'image/png' })
  expect(accuracy(text, lines.join(' '))).toBeGreaterThan(0.97)
  expect(text).toContain('Americano')
  expect(text).toContain('площа')
})

test.each([
  ['a document', Buffer.from('%PDF-1.7 and more of it, quite a lot more'), 'file.wrong_type'],
  ['half a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'file.unreadable'],
])('%s is refused', MINUTES, async (_, bytes, code) => {
  await expect(ocr.read({ bytes, mime: 'image/png' })).rejects.toMatchObject({ code })
})

const isSideways = (turned: unknown): boolean => turned === 90 || turned === 270

const fixtures = process.env.FIXTURES_DIR ?? ''
describe.skipIf(!fixtures)('real images', MINUTES, () => {
  const read = (name: string) => ocr.read({ path: join(fixtures, name), mime: '' })
  const truth = (name: string) => readFile(join(fixtures, 'images', name), 'utf8')

  test('a Ukrainian notice, photographed', async () => {
    const { confidence, text } = await read('images/uk-notice.jpg')
    expect(accuracy(text, await truth('uk-notice.txt'))).toBeGreaterThan(0.96)
    expect(text).not.toMatch(/\p{Script=Latin}/u)
    expect(confidence).toBeGreaterThan(0.85)
  })

  test('clean English print', async () => {
    const { text } = await read('images/phototest.tif')
    expect(accuracy(text, await truth('phototest.gold.txt'))).toBeGreaterThan(0.98)
  })

  test('the same on its side; places are those of the upright page', async () => {
    const { pages, text, words } = await read('images/phototest-rotated-R.png')
    const { height = 0, width = 0 } = await sharp(join(fixtures, 'images/phototest-rotated-R.png')).metadata()
    expect(pages).toEqual([{ width: height, height: width, turned: expect.toSatisfy(isSideways) }])
    expect(words.at(-1)?.line).toBe(text.split(/\n+/).length)
    expect(words.at(-1)?.block).toBe(text.split('\n\n').length)
    expect(accuracy(text, await truth('phototest.gold.txt'))).toBeGreaterThan(0.98)
    expect(words[0]?.text).toBe('This')
    expect(words[0]?.box.x0).toBeLessThan(words[1]?.box.x0 ?? 0)
    expect(words[0]?.box.y0).toBeLessThan(words.at(-1)?.box.y0 ?? 0)
  })

  test('the same upside down', async () => {
    const bytes = await sharp(join(fixtures, 'images/phototest.tif')).rotate(180).png().toBuffer()
    const { text } = await ocr.read({ bytes, mime: 'image/png' })
    expect(accuracy(text, await truth('phototest.gold.txt'))).toBeGreaterThan(0.95)
  })

  test('the same as a camera turns it', async () => {
    const lying = await sharp(join(fixtures, 'images/phototest.tif'))
      .rotate(270)
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer()
    const { text } = await ocr.read({ bytes: lying, mime: 'image/jpeg' })
    expect(accuracy(text, await truth('phototest.gold.txt'))).toBeGreaterThan(0.95)
  })

  test('a page laid askew; places are those of the page as it lay', async () => {
    const image = sharp(join(fixtures, 'images/uk-notice.jpg')).rotate(6, { background: '#fff' })
    const { data, info } = await image.png().toBuffer({ resolveWithObject: true })
    const { pages, text, words } = await ocr.read({ bytes: data, mime: 'image/png' })
    expect(accuracy(text, await truth('uk-notice.txt'))).toBeGreaterThan(0.96)
    expect(pages).toEqual([{ width: info.width, height: info.height, turned: 0 }])
    // The line runs down to the right, by a tenth of its length.
    const line = words.filter(({ line: own }) => own === 2)
    const [first, last] = [line[0]?.box, line.at(-1)?.box]
    if (!first || !last) throw new Error('no second line')
    const slope = (last.y0 + last.y1 - first.y0 - first.y1) / (last.x0 + last.x1 - first.x0 - first.x1)
    expect(slope).toBeGreaterThan(0.07)
    expect(slope).toBeLessThan(0.14)
  })

  test('a page with a deep shadow over half of it', async () => {
    const page = sharp(join(fixtures, 'images/phototest.tif')).toColourspace('srgb')
    const { height = 0, width = 0 } = await page.metadata()
    const shade = Buffer.from(
      `<svg width="${width}" height="${height}"><linearGradient id="g"><stop stop-color="#fff"/><stop offset="1" stop-color="#332f28"/></linearGradient><rect width="100%" height="100%" fill="url(#g)"/></svg>`,
    )
    const bytes = await page
      .composite([{ input: shade, blend: 'multiply' }])
      .jpeg()
      .toBuffer()
    const { text } = await ocr.read({ bytes, mime: 'image/jpeg' })
    expect(accuracy(text, await truth('phototest.gold.txt'))).toBeGreaterThan(0.98)
  })

  test('several languages in Latin letters stay in Latin letters', async () => {
    const { text } = await read('images/eurotext.tif')
    const [english] = (await truth('eurotext.txt')).split('Der ')
    expect(accuracy(text.split('Der ')[0] ?? '', english ?? '')).toBeGreaterThan(0.98)
    expect(text).not.toMatch(/\p{Script=Cyrillic}/u)
  })

  test('small slanted print', async () => {
    expect((await read('images/deslant.tif')).text).toBe('test\ndeslant\ncorrection')
  })

  test.each(['astronaut', 'cat-chelsea', 'coffee-cup', 'rocket'])(
    'no words are invented in %s',
    async (name) => {
      expect((await read(`photos/${name}.jpg`)).text.replace(/\s/g, '').length).toBeLessThan(6)
    },
  )
})
