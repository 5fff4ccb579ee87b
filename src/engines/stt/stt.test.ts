import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { createModels } from '../models/models.ts'
import { createFakeStt } from './fake.ts'
import { languageCode } from './languages.ts'
import { openAiStt } from './openai.ts'
import { sttConformance } from './stt.conformance.ts'
import { createWhisper } from './whisper.ts'

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )
const some = { bytes: new Uint8Array(2000), mime: 'audio/ogg' }

describe('fake', () => {
  sttConformance(() => {
    const stt = createFakeStt({
      script: ({ bytes }) => (bytes.length > 100 ? { text: 'Добрий день.', language: 'uk' } : {}),
      before: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
    })
    return { stt, speech: some, silence: { ...some, bytes: new Uint8Array(10) } }
  })

  test('fails as its script says, and where it is missing', async () => {
    const missing = engineError('engine.model_missing', { model: 'm', size: '1 MB', command: 'pull' })
    expect(await codeOf(createFakeStt({ missing }).transcribe(some))).toBe('engine.model_missing')
    const stt = createFakeStt({ script: [engineError('engine.crashed'), { text: 'and again' }] })
    expect(await codeOf(stt.transcribe(some))).toBe('engine.crashed')
    expect(await stt.transcribe(some)).toMatchObject({ text: 'and again', speech: true })
    expect(stt.calls()).toBe(2)
  })
})

describe('openai', () => {
  let server: Server
  let url = ''
  const requests: { url: string | undefined; authorization: string | undefined; body: string }[] = []
  /** What the server answers, by what is in the request. */
  let answer: (body: string) => {
    status?: number
    json?: unknown
    text?: string
    headers?: Record<string, string>
    wait?: boolean
  }

  const words = {
    text: ' Кам’янець-Подільський, місто.',
    language: 'ukrainian',
    duration: 3.5,
    segments: [
      { start: 0, end: 1.5, text: ' Кам’янець-Подільський,', no_speech_prob: 0.02 },
      { start: 1.5, end: 3.4, text: ' місто.', no_speech_prob: 0.02 },
    ],
  }
  const invented = {
    text: 'Thank you.',
    language: 'english',
    duration: 6,
    segments: [{ start: 0, end: 6, text: 'Thank you.', no_speech_prob: 0.9 }],
  }
  const byLength = (body: string) => ({ json: body.length > 1500 ? words : invented })

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('latin1')
        requests.push({ url: request.url, authorization: request.headers.authorization, body })
        const { headers, json, status = 200, text, wait } = answer(body)
        if (wait) return
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(text ?? JSON.stringify(json ?? { error: { message: 'no' } }))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`
    answer = byLength
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const open = (options = {}) => openAiStt({ url, model: 'whisper-1', key: new Secret('k-1'), ...options })

  sttConformance(() => ({ stt: open(), speech: some, silence: { ...some, bytes: new Uint8Array(10) } }))

  test('sends key, model, language and a named file; understands the language’s English name', async () => {
    const found = await open().transcribe({ ...some, mime: 'audio/webm;codecs=opus' }, { language: 'uk' })
    expect(found).toMatchObject({ language: 'uk', durationMs: 3500, text: 'Кам’янець-Подільський, місто.' })
    const { authorization, body } = requests.at(-1) ?? expect.fail('no request')
    expect(authorization).toBe('Bearer k-1')
    for (const part of [
      'filename="audio.webm"',
      'name="model"',
      'whisper-1',
      'name="language"',
      'verbose_json',
    ])
      expect(body).toContain(part)
  })

  test('asks again without times where the model has none', async () => {
    answer = (body) =>
      body.includes('verbose_json')
        ? { status: 400, json: { error: { message: "response_format 'verbose_json' is not compatible" } } }
        : { json: { text: 'hello' } }
    const found = await open().transcribe(some)
    expect(found).toMatchObject({ text: 'hello', speech: true, language: null })
    expect(found.segments).toHaveLength(1)
    answer = byLength
  })

  /** Servers as they are: what each refuses, and the shape of what it gives. */
  const refuse = (status: number, message: string) => ({ status, json: { error: { message, param: 'x' } } })
  const asks = (body: string, text: string) => body.includes(`\r\n\r\n${text}\r\n`)

  test('OpenAI’s gpt-4o-transcribe has no times: asked once for them, never again, and its tokens are told', async () => {
    answer = (body) =>
      asks(body, 'json')
        ? { json: { text: 'Добрий день.', usage: { type: 'tokens', input_tokens: 14, total_tokens: 59 } } }
        : refuse(400, "response_format 'verbose_json' is not compatible with model 'gpt-4o-transcribe'.")
    const stt = open({ model: 'gpt-4o-transcribe' })
    const before = requests.length
    const found = await stt.transcribe(some, { language: 'uk', words: true })
    expect(found).toMatchObject({
      text: 'Добрий день.',
      language: 'uk',
      usage: { unit: 'tokens', amount: 59 },
    })
    expect(found.segments).toEqual([{ start: 0, end: 0, text: 'Добрий день.' }])
    expect(requests.length - before).toBe(3)
    await stt.transcribe(some, { words: true })
    expect(requests.length - before).toBe(4)
    answer = byLength
  })

  test('a model that tells voices apart: whose turn it is', async () => {
    const turns = [
      { type: 'transcript.text.segment', id: 'seg_1', start: 0, end: 1.5, text: ' Привіт!', speaker: 'A' },
      { type: 'transcript.text.segment', id: 'seg_2', start: 1.5, end: 3, text: ' Вітаю.', speaker: 'B' },
    ]
    answer = (body) =>
      asks(body, 'diarized_json') && asks(body, 'auto')
        ? { json: { task: 'transcribe', duration: 3, text: 'Привіт! Вітаю.', segments: turns } }
        : refuse(400, 'chunking_strategy is required for diarization models')
    const { segments } = await open({ model: 'gpt-4o-transcribe-diarize' }).transcribe(some)
    expect(segments.map(({ speaker, text }) => [speaker, text])).toEqual([
      ['A', 'Привіт!'],
      ['B', 'Вітаю.'],
    ])
    answer = byLength
  })

  test('whisper-1 and Groq tell words of the whole, a faster-whisper server those of each segment: both are handed to their segments', async () => {
    const heard = [
      { word: 'Кам’янець', start: 0.1, end: 0.8 },
      { word: 'Подільський', start: 0.8, end: 1.5 },
      { word: 'місто', start: 1.6, end: 3.4 },
    ]
    const expected = [
      [{ word: 'Кам’янець-Подільський,', start: 0.1, end: 1.5 }],
      [{ word: 'місто.', start: 1.6, end: 3.4 }],
    ]
    answer = (body) => ({ json: { ...words, ...(asks(body, 'word') && { words: heard }) } })
    const groq = await open({ model: 'whisper-large-v3-turbo' }).transcribe(some, { words: true })
    expect(groq.segments.map((segment) => segment.words)).toEqual(expected)
    const segments = words.segments.map((segment, n) => ({
      ...segment,
      words: n === 0 ? heard.slice(0, 2) : heard.slice(2),
    }))
    answer = () => ({ json: { ...words, segments } })
    const faster = await open({ model: 'Systran/faster-whisper-small' }).transcribe(some, { words: true })
    expect(faster.segments.map((segment) => segment.words)).toEqual(expected)
    // Words that are not the text's are left out rather than guessed at.
    answer = () => ({ json: { ...words, words: [{ word: 'інше', start: 0, end: 1 }] } })
    const other = await open().transcribe(some, { words: true })
    expect(other.segments.every((segment) => segment.words === undefined)).toBe(true)
    answer = byLength
  })

  test('a server that says 422 of a format it does not know is asked for less; words invented in one silent segment are left out', async () => {
    const mixed = {
      ...words,
      text: `${words.text} Thank you.`,
      segments: [...words.segments, ...invented.segments],
    }
    answer = (body) =>
      asks(body, 'word')
        ? { status: 422, json: { detail: [{ loc: ['body', 'timestamp_granularities[]'], msg: 'no' }] } }
        : { json: mixed }
    const found = await open().transcribe(some, { words: true })
    expect(found.text).toBe('Кам’янець-Подільський, місто.')
    answer = byLength
  })

  test('English of another language has a door of its own, which takes no language', async () => {
    answer = (body) =>
      body.includes('name="language"') ? refuse(400, 'language') : { json: { ...words, language: 'english' } }
    const found = await open().transcribe(some, { task: 'translate', language: 'uk', prompt: 'Кам’янець' })
    expect(found).toMatchObject({ language: 'uk', speech: true })
    expect(requests.at(-1)).toMatchObject({ url: '/v1/audio/translations' })
    answer = byLength
  })

  test.each([
    [401, false],
    [400, false],
    [408, true],
    [429, true],
    [503, true],
  ])('a refusal with %i is retryable: %s', async (status, retryable) => {
    answer = () => ({ status, headers: { 'retry-after': '7' } })
    const error = await open()
      .transcribe(some)
      .catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'engine.refused', params: { status }, retryable, retryAfterMs: 7000 })
    answer = byLength
  })

  test('a broken answer, silence on the line, nobody there', async () => {
    answer = () => ({ text: '{"text": "hal' })
    expect(await codeOf(open().transcribe(some))).toBe('engine.cut')
    answer = () => ({ wait: true })
    expect(await codeOf(open({ deadlineMs: 100 }).transcribe(some))).toBe('call.timeout')
    answer = byLength
    const nobody = openAiStt({ url: 'http://127.0.0.1:1', model: 'm' })
    const error = await nobody.transcribe(some).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'engine.unreachable', retryable: true })
  })

  test('languages by code and by name', () => {
    expect(['uk', 'uk-UA', 'Ukrainian', 'english', 'ENG', ''].map(languageCode)).toEqual([
      'uk',
      'uk',
      'uk',
      'en',
      undefined,
      undefined,
    ])
  })
})

test('whisper without its model says which, how large it is and what brings it', async () => {
  const models = createModels({ dir: '/nowhere', clock: systemClock })
  const whisper = createWhisper({ models, clock: systemClock })
  const missing = await whisper.missing()
  expect(missing).toMatchObject({
    code: 'engine.model_missing',
    params: { model: 'whisper-base', size: '81 MB', command: 'npm run models -- pull whisper-base' },
  })
  await expect(whisper.transcribe(some)).rejects.toMatchObject({ code: 'engine.model_missing' })
  expect(whisper.state().children).toEqual([])
})
