import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer'
import { systemClock } from '../../kernel/clock.ts'
import { Secret } from '../../kernel/secret.ts'
import { createModels } from '../models/models.ts'
import { dominantColours } from './colours.ts'
import { createFakeVision } from './fake.ts'
import { createLocalVision, type LocalVision } from './local.ts'
import { openAiVision } from './openai.ts'
import { visionConformance } from './vision.conformance.ts'

const { FIXTURES_DIR, MODELS_DIR } = process.env
const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)

describe('a scripted vision', () => {
  const vision = createFakeVision({ sight: { text: 'Кіт.', camera: { takenAt: '2026-11-23T10:00:00' } } })
  visionConformance(() => ({ vision, photo: dot, mime: 'image/png' }))
})

test('colours are counted over the whole picture, shades of one together', () => {
  const rows = [
    ...Array(60).fill([200, 10, 10]),
    ...Array(30).fill([210, 20, 12]),
    ...Array(10).fill([0, 0, 255]),
  ]
  expect(dominantColours(Uint8Array.from(rows.flat()))).toEqual([
    { hex: '#cb0d0b', share: 0.9 },
    { hex: '#0000ff', share: 0.1 },
  ])
})

describe('a model that sees, behind a server', () => {
  let asked: { authorization: string | undefined; body: { messages: { content: unknown }[] } }[] = []
  let answer: [number, unknown] = [200, { choices: [{ message: { content: 'A cat looks up.' } }] }]
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    asked.push({ authorization: request.headers.authorization, body: JSON.parse(text) })
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(JSON.stringify(answer[1]))
  })
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  })
  afterAll(() => void server.close())
  const beside = createFakeVision({ sight: { codes: [{ format: 'QRCode', text: 'https://x.example' }] } })
  const open = () => openAiVision({ url, key: new Secret('vk-1'), model: 'seeing-1', beside })
  visionConformance(() => ({ vision: open(), photo: dot, mime: 'image/png' }))

  test('gets the picture and the question, and answers with what was found beside', async () => {
    asked = []
    const seen = await open().describe(
      { bytes: dot, mime: 'image/png' },
      { question: 'Хто це?', language: 'uk' },
    )
    expect(seen).toMatchObject({ text: 'A cat looks up.', codes: [{ text: 'https://x.example' }] })
    expect(asked[0]?.authorization).toBe('Bearer vk-1')
    expect(asked[0]?.body.messages[1]?.content).toEqual([
      { type: 'text', text: 'Хто це?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${dot.toString('base64')}` } },
    ])
    expect(JSON.stringify(asked[0]?.body.messages[0])).toContain('Ukrainian')
  })

  test('says nothing where the model says nothing', async () => {
    answer = [200, { choices: [{ message: { content: '  ' } }] }]
    await expect(open().describe({ bytes: dot, mime: 'image/png' })).rejects.toMatchObject({
      code: 'engine.cut',
    })
    answer = [429, {}]
    await expect(open().describe({ bytes: dot, mime: 'image/png' })).rejects.toMatchObject({
      code: 'engine.refused',
      retryable: true,
    })
  })
})

test('without its models it says which, and how they come', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'models-'))
  const models = createModels({ dir: folder, clock: systemClock })
  const vision = createLocalVision({ models, clock: systemClock })
  expect(await vision.missing()).toMatchObject({
    code: 'engine.model_missing',
    params: { model: 'coco-ssd-mobilenet-v2', command: expect.stringContaining('pull') },
  })
  await rm(folder, { recursive: true })
})

describe.skipIf(!FIXTURES_DIR || !MODELS_DIR)('the models of this machine', () => {
  let vision: LocalVision
  const photo = (name: string) => readFile(join(FIXTURES_DIR ?? '', 'photos', name))
  let cat: Uint8Array
  beforeAll(async () => {
    const models = createModels({ dir: MODELS_DIR ?? '', clock: systemClock })
    vision = createLocalVision({ models, clock: systemClock, maxPixels: 100_000_000 })
    cat = await photo('cat-chelsea.jpg')
  })
  afterAll(() => vision?.close())
  visionConformance(() => ({ vision, photo: cat, mime: 'image/jpeg' }))

  test('find what is there, in both languages, and stay silent on what they do not know', async () => {
    const look = async (name: string) =>
      await vision.describe({ bytes: await photo(name), mime: 'image/jpeg' })
    const seen = await look('cat-chelsea.jpg')
    expect(seen.text).toBeNull()
    expect(seen.objects.map(({ label }) => label)).toEqual([{ en: 'cat', uk: 'кіт' }])
    expect(seen.tags.map(({ label }) => label).join()).toMatch(/cat/)
    expect(seen.safety?.score).toBeLessThan(0.2)
    const cup = await look('coffee-cup.jpg')
    expect(cup.objects.map(({ label }) => label.en)).toEqual(['cup', 'bowl'])
    expect(cup.tags[0]?.label).toBe('espresso')
    expect((await look('rocket.jpg')).objects).toEqual([])
  })

  test('read codes, and the camera’s time and place only where they are asked for', async () => {
    const writer = await readFile(
      createRequire(import.meta.url).resolve('zxing-wasm/writer/zxing_writer.wasm'),
    )
    await prepareZXingModule({
      overrides: { wasmBinary: new Uint8Array(writer).buffer },
      fireImmediately: true,
    })
    const { image } = await writeBarcode('https://daarion.city/welcome', { format: 'QRCode', scale: 6 })
    const qr = Buffer.from((await image?.arrayBuffer()) ?? new ArrayBuffer(0))
    const bytes = await sharp(qr)
      .extend({ top: 90, bottom: 40, left: 50, right: 70, background: '#d0e0d0' })
      .withExif({
        IFD0: { Make: 'x' },
        IFD2: { DateTimeOriginal: '2026:11:22 08:30:00', OffsetTimeOriginal: '+02:00' },
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '50/1 27/1 0/1',
          GPSLongitudeRef: 'E',
          GPSLongitude: '30/1 31/1 0/1',
        },
      })
      .jpeg()
      .toBuffer()
    const seen = await vision.describe({ bytes, mime: 'image/jpeg' }, { camera: true })
    expect(seen.codes).toEqual([{ format: 'QRCode', text: 'https://daarion.city/welcome' }])
    expect(seen.camera?.takenAt).toBe('2026-11-22T08:30:00+02:00')
    expect(seen.camera?.place?.latitude).toBeCloseTo(50.45, 2)
    expect(seen.camera?.place?.longitude).toBeCloseTo(30.5167, 2)
  })
})
