import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isBlurhashValid } from 'blurhash'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { partTypeOf } from './accepted.ts'
import { createFakeMedia } from './fake.ts'
import { createLocalMedia, type LocalMedia } from './local.ts'
import { mediaConformance } from './media.conformance.ts'
import { WAVEFORM_BARS } from './media.ts'

let media: LocalMedia
beforeAll(() => {
  media = createLocalMedia({ clock: systemClock })
})
afterAll(() => media.close())

describe('conformance', () => {
  mediaConformance('local', () => media)
  mediaConformance('fake', () => createFakeMedia())
})

test('what a file may be posted as', () => {
  expect(
    ['audio/webm', 'image/avif', 'application/pdf', 'text/markdown', 'image/svg+xml'].map(partTypeOf),
  ).toEqual(['audio', 'image', 'file', 'file', null])
})

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#2a6' } })

test.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('a %s by its bytes', async (format) => {
  const bytes = await picture(60, 40).toFormat(format).toBuffer()
  const facts = await media.inspect({ bytes, mime: '', name: 'x' })
  expect(facts).toMatchObject({ kind: 'image', mime: `image/${format}`, width: 60, height: 40 })
  expect(isBlurhashValid(facts.blurhash ?? '').result).toBe(true)
})

test('a name that lies about an accepted file is no fault', async () => {
  const bytes = await picture(9, 9).png().toBuffer()
  const facts = await media.inspect({ bytes, mime: 'application/pdf', name: 'letter.pdf' })
  expect(facts).toMatchObject({ kind: 'image', mime: 'image/png' })
})

test('a phone held upright: size and thumbnail are upright, small, and say nothing of the place', async () => {
  const exif = { IFD0: { Copyright: 'secret owner' }, IFD3: { GPSLatitudeRef: 'N' } }
  const bytes = await picture(800, 400).jpeg().withExif(exif).withMetadata({ orientation: 6 }).toBuffer()
  expect(await media.inspect({ bytes, mime: 'image/jpeg', name: 'p.jpg' })).toMatchObject({
    width: 400,
    height: 800,
  })
  const small = await media.thumbnail({ bytes, mime: 'image/jpeg' }, 100)
  const facts = await sharp(small).metadata()
  expect(facts).toMatchObject({ format: 'webp', width: 50, height: 100 })
  expect(facts.exif).toBeUndefined()
  expect(Buffer.from(small).includes('secret')).toBe(false)
})

test('pages of a fax are JPEGs, each turned as told; what is clear stands on white', async () => {
  const clear = { create: { width: 40, height: 30, channels: 4 as const, background: '#0000' } }
  const bytes = await sharp(clear).tiff({ compression: 'lzw' }).toBuffer()
  const [upright, lying] = await Promise.all([
    media.pages({ bytes, mime: 'image/tiff' }, [0]),
    media.pages({ bytes, mime: 'image/tiff' }, [90]),
  ])
  expect([upright[0]?.width, lying[0]?.width]).toEqual([40, 30])
  const page = sharp(upright[0]?.jpeg)
  expect(await page.metadata()).toMatchObject({ format: 'jpeg', channels: 3 })
  expect((await page.stats()).channels[0]?.min).toBeGreaterThan(250)
  await expect(media.pages({ bytes, mime: 'image/tiff' }, [0, 0])).rejects.toMatchObject({
    code: 'file.unreadable',
  })
})

describe('what a camera wrote', () => {
  const exif = { IFD0: { Copyright: 'secret owner' }, IFD3: { GPSLatitudeRef: 'N' } }

  test.each(['jpeg', 'png', 'webp', 'tiff', 'avif'] as const)('is taken out of a %s', async (format) => {
    const bytes = await picture(60, 40).toFormat(format).withExif(exif).toBuffer()
    const clean = await media.clean({ bytes, mime: `image/${format}` })
    if (!clean) throw new Error('nothing was cleaned')
    expect(Buffer.from(clean).includes('secret')).toBe(false)
    const { exif: left, width, height } = await sharp(clean).metadata()
    expect({ left, width, height }).toEqual({ left: undefined, width: 60, height: 40 })
    if (format !== 'tiff') expect(await media.clean({ bytes: clean, mime: `image/${format}` })).toBeNull()
  })

  test('goes, and how the phone was held is kept in the picture itself', async () => {
    const bytes = await picture(80, 40).jpeg().withMetadata({ orientation: 6 }).toBuffer()
    const clean = await media.clean({ bytes, mime: 'image/jpeg' })
    if (!clean) throw new Error('nothing was cleaned')
    const { orientation = 1, width, height } = await sharp(clean).metadata()
    expect({ orientation, width, height }).toEqual({ orientation: 1, width: 40, height: 80 })
  })

  test('is not looked for in what moves frame by frame: the frames stay', async () => {
    const frame = await picture(10, 10).raw().toBuffer()
    const two = { width: 10, height: 20, channels: 3, pageHeight: 10 } as const
    const bytes = await sharp(Buffer.concat([frame, Buffer.alloc(frame.length)]), { raw: two })
      .webp({ lossless: true, delay: [100, 100] })
      .withExif(exif)
      .toBuffer()
    expect((await sharp(bytes).metadata()).pages).toBe(2)
    const clean = await media.clean({ bytes, mime: 'image/webp' })
    if (!clean) throw new Error('nothing was cleaned')
    expect(await sharp(clean).metadata()).toMatchObject({ pages: 2, width: 10 })
  })

  test('a picture that holds nothing is left as it is', async () => {
    expect(await media.clean({ bytes: await picture(9, 9).png().toBuffer(), mime: 'image/png' })).toBeNull()
  })
})

test('a small picture is not blown up', async () => {
  const small = await media.thumbnail(
    { bytes: await picture(20, 10).png().toBuffer(), mime: 'image/png' },
    100,
  )
  expect(await sharp(small).metadata()).toMatchObject({ width: 20, height: 10 })
})

test('a large photo within the limit is looked at in little memory', { timeout: 120_000 }, async () => {
  const bytes = await picture(12_000, 8_000).jpeg({ quality: 40 }).toBuffer()
  expect(await media.inspect({ bytes, mime: '', name: 'x.jpg' })).toMatchObject({
    width: 12_000,
    height: 8_000,
  })
})

test('old encodings of text are text', async () => {
  // «Привіт, світе. Як ся маєте?» in windows-1251
  const bytes = Buffer.from('cff0e8e2b3f22c20f1e2b3f2e52e20dfea20f1ff20ece0baf2e53f', 'hex')
  expect(await media.inspect({ bytes, mime: '', name: 'x.txt' })).toEqual({
    kind: 'document',
    mime: 'text/plain',
  })
})

const fixtures = process.env.FIXTURES_DIR ?? ''
/** ffmpeg is a foreign tool; where there is none, nothing is shown of films. */
const ffmpeg = spawnSync('ffmpeg', ['-version']).status === 0
test.skipIf(!ffmpeg).each([
  ['webm', 'video/webm'],
  ['mp4', 'video/mp4'],
])('a film as %s is a film', async (extension, mime) => {
  const folder = await mkdtemp(join(tmpdir(), 'film-'))
  try {
    const path = join(folder, `film.${extension}`)
    const made = spawnSync('ffmpeg', [
      ...['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=5:duration=1'],
      ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=1', '-shortest', path],
    ])
    expect(made.status, made.stderr.toString().slice(-500)).toBe(0)
    const facts = await media.inspect({ path, mime: '', name: `film.${extension}` })
    expect(facts).toMatchObject({ kind: 'audio', mime })
  } finally {
    await rm(folder, { recursive: true })
  }
})

describe.skipIf(!fixtures)('real files', { timeout: 120_000 }, () => {
  test('every recording has its length', async () => {
    const names = await readdir(join(fixtures, 'speech'))
    const SECONDS = { 'en-jfk': 11, 'uk-kamianets': 12.4, 'uk-reading': 4.3, silence: 6, noise: 6 }
    for (const [start, seconds] of Object.entries(SECONDS))
      for (const name of names.filter((file) => file.startsWith(start) && !file.endsWith('.txt'))) {
        const facts = await media.inspect({ path: join(fixtures, 'speech', name), mime: '', name })
        expect(facts.kind, name).toBe('audio')
        expect(Math.abs((facts.durationMs ?? 0) / 1000 - seconds), name).toBeLessThan(0.15)
      }
  })

  test('a paper has 14 pages', async () => {
    const path = join(fixtures, 'documents/tracemonkey.pdf')
    const facts = await media.inspect({ path, mime: '', name: 'a.pdf' })
    expect(facts).toEqual({ kind: 'document', mime: 'application/pdf', pages: 14 })
  })

  test('the first page of a paper is a picture', async () => {
    const path = join(fixtures, 'documents/tracemonkey.pdf')
    const page = sharp(await media.thumbnail({ path, mime: 'application/pdf' }, 640))
    expect(await page.metadata()).toMatchObject({ format: 'webp', height: 640, width: 495 })
    // Print on paper: mostly light, and something on it.
    const { channels } = await page.greyscale().stats()
    expect(channels[0]?.mean).toBeGreaterThan(180)
    expect(channels[0]?.min).toBeLessThan(80)
  })

  test('a recording has a shape, and silence has none', async () => {
    const waveform = (name: string) =>
      media.waveform({ path: join(fixtures, 'speech', name), mime: 'audio/ogg' })
    const speech = await waveform('en-jfk.ogg')
    expect(speech).toHaveLength(WAVEFORM_BARS)
    expect(Math.max(...speech)).toBe(100)
    expect(new Set(speech).size).toBeGreaterThan(15)
    expect(Math.max(...(await waveform('silence.ogg')))).toBeLessThan(20)
  })

  test('limits are those it was made with', async () => {
    const strict = createLocalMedia({
      clock: systemClock,
      limits: { maxPixels: 100_000, maxSeconds: 5, maxPages: 10 },
    })
    try {
      const inspect = (path: string) => strict.inspect({ path: join(fixtures, path), mime: '', name: path })
      await expect(inspect('documents/tracemonkey.pdf')).rejects.toMatchObject({
        code: 'file.too_many_pages',
        params: { pages: 14, limit: 10 },
      })
      await expect(inspect('photos/coffee-cup.jpg')).rejects.toMatchObject({ code: 'file.too_many_pixels' })
      for (const name of ['en-jfk.m4a', 'en-jfk.mp3', 'en-jfk.ogg', 'en-jfk.wav', 'uk-kamianets.webm'])
        await expect(inspect(`speech/${name}`), name).rejects.toMatchObject({ code: 'file.too_long' })
    } finally {
      await strict.close()
    }
  })

  test('what cannot be cut short unnoticed', async () => {
    for (const name of ['en-jfk.ogg', 'en-jfk.wav', 'en-jfk.m4a', 'uk-kamianets.webm', 'en-jfk.mp3']) {
      const whole = await readFile(join(fixtures, 'speech', name))
      const bytes = whole.subarray(0, Math.floor(whole.length * 0.6))
      await expect(media.inspect({ bytes, mime: '', name }), name).rejects.toMatchObject({
        code: 'file.unreadable',
      })
    }
  })
})
