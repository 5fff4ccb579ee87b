import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { createLocalMedia } from '../../engines/media/local.ts'
import { createModels } from '../../engines/models/models.ts'
import { createTesseractOcr } from '../../engines/ocr/tesseract.ts'
import { createLocalParser } from '../../engines/parser/local.ts'
import { createWhisper } from '../../engines/stt/whisper.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import { Scope } from '../../kernel/scope.ts'
import { Secret } from '../../kernel/secret.ts'
import { createSafeFetch } from '../../platform/fetch/fetch.ts'
import { openDisk } from '../../platform/files/disk.ts'
import { createHttp } from '../../platform/http/http.ts'
import { createLogger } from '../../platform/logger.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { createMultimodalGateway } from './multimodal-gateway.ts'

const { FIXTURES_DIR = '', MODELS_DIR } = process.env
const LIMITS = { maxBytes: 25 * 1024 * 1024, maxPixels: 1e8, maxSeconds: 3600, maxPages: 500 }

describe.skipIf(!FIXTURES_DIR)('real files through the real engines', () => {
  const scope = new Scope()
  let url = ''

  beforeAll(async () => {
    const clock = systemClock
    const db = await testDatabase()
    scope.defer(() => db[Symbol.asyncDispose]())
    const folder = await mkdtemp(join(tmpdir(), 'gateway-real-'))
    scope.defer(() => rm(folder, { recursive: true, force: true }))
    const models = createModels({ dir: MODELS_DIR ?? folder, clock })
    const whisper = createWhisper({ models, clock, maxSeconds: LIMITS.maxSeconds })
    const ocr = createTesseractOcr({ clock })
    const parser = createLocalParser({ clock })
    const media = createLocalMedia({ clock, limits: LIMITS })
    scope.defer(() => Promise.all([whisper, ocr, parser, media].map((engine) => engine.close())))
    const metrics = createMetrics()
    const gateway = createMultimodalGateway({
      db,
      events: testEvents(db),
      files: await openDisk({ folder }),
      jobFiles: await openDisk({ folder: join(folder, 'jobs') }),
      engines: {
        stt: [whisper],
        tts: [],
        ocr: [ocr],
        vision: [],
        parser: [parser],
        search: [],
        reader: [],
        embeddings: [],
        rerank: [],
        vectors: [],
      },
      city: () => undefined,
      open: createSafeFetch(),
      secret: new Secret('a secret of thirty-two characters or more'),
      media,
      models,
      clock,
      ids: createIds(clock),
      limits: LIMITS,
      metrics,
    })
    const app = await createHttp({
      logger: createLogger('silent'),
      metrics,
      publicUrl: 'http://127.0.0.1',
      trustProxy: false,
      maxUploadBytes: LIMITS.maxBytes,
    })
    const principal = { id: 'person_1', kind: 'person', name: 'Олена', role: 'resident' } as const
    gateway.routes?.(app, async () => ({ principal, service: null, credential: null }))
    url = await app.listen({ host: '127.0.0.1', port: 0 })
    scope.defer(() => app.close())
  }, 60_000)
  afterAll(() => scope[Symbol.asyncDispose]())

  const post = async (path: string, name: string, as = name) => {
    const body = new FormData()
    body.append('file', new Blob([await readFile(join(FIXTURES_DIR, name))]), as)
    const response = await fetch(`${url}${path}`, { method: 'POST', body })
    return { status: response.status, body: await response.json() }
  }

  it.skipIf(!MODELS_DIR)(
    'speech is heard by the official client, and silence stays silent',
    async () => {
      const { transcriptions } = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'dk_test', maxRetries: 0 }).audio
      const hear = (name: string) =>
        transcriptions.create({
          file: createReadStream(join(FIXTURES_DIR, 'speech', name)),
          model: 'whisper-1',
          response_format: 'verbose_json',
        })
      const english = await hear('en-jfk.ogg')
      expect(english).toMatchObject({ language: 'english', task: 'transcribe' })
      expect(english.text.toLowerCase()).toContain('what you can do for your country')
      expect(english.duration).toBeGreaterThan(10)
      expect(await hear('uk-kamianets.webm')).toMatchObject({ language: 'ukrainian' })
      expect(await hear('silence.ogg')).toMatchObject({ text: '', speech: false, segments: [] })
    },
    180_000,
  )

  it('a Ukrainian notice is read, with boxes', async () => {
    const { status, body } = await post('/api/multimodal/ocr', 'images/uk-notice.jpg')
    expect(status).toBe(200)
    expect(body).toMatchObject({ engine: expect.any(String), words: expect.any(Array) })
    const wanted = await readFile(join(FIXTURES_DIR, 'images/uk-notice.txt'), 'utf8')
    const words = (text: string) => text.toLowerCase().match(/\p{L}{4,}/gu) ?? []
    const found = new Set(words(JSON.stringify(body)))
    const share = words(wanted).filter((word) => found.has(word)).length / words(wanted).length
    expect(share).toBeGreaterThan(0.7)
  }, 120_000)

  it('a paper is parsed into pages that add up', async () => {
    const { status, body } = await post('/api/multimodal/parse', 'documents/tracemonkey.pdf')
    expect(status).toBe(200)
    expect(body).toMatchObject({ mime: 'application/pdf', pages: Array(14).fill({ state: 'read' }) })
  }, 120_000)

  it('a locked paper is opened by its password alone', async () => {
    const locked = await readFile(new URL('../../../test/fixtures/documents/locked.pdf', import.meta.url))
    const open = async (password?: string) => {
      const body = new FormData()
      body.append('file', new Blob([locked]), 'locked.pdf')
      if (password !== undefined) body.append('password', password)
      const response = await fetch(`${url}/api/multimodal/parse`, { method: 'POST', body })
      return { status: response.status, body: await response.json() }
    }
    expect(await open()).toMatchObject({ status: 400, body: { error: { code: 'file.encrypted' } } })
    expect(await open('інше')).toMatchObject({
      status: 400,
      body: { error: { code: 'file.wrong_password' } },
    })
    expect(await open('таємниця')).toMatchObject({
      status: 200,
      body: { pages: expect.arrayContaining([expect.objectContaining({ number: 1, state: 'read' })]) },
    })
  }, 120_000)

  it('what is not what the route takes is refused, whatever it is called', async () => {
    const refused = await post('/api/multimodal/ocr', 'documents/tracemonkey.pdf', 'photo.png')
    expect(refused).toMatchObject({ status: 415, body: { error: { kind: 'unsupported' } } })
    const sound = await post('/api/multimodal/parse', 'speech/en-jfk.ogg')
    expect(sound).toMatchObject({ status: 415, body: { error: { code: 'file.unsupported' } } })
  }, 60_000)
})
