import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFakeOcr } from '../../engines/ocr/fake.ts'
import { createFakeTts } from '../../engines/tts/fake.ts'
import { kernelError } from '../../kernel/errors.ts'
import { Scope } from '../../kernel/scope.ts'
import { ground, HEARD, type House, ocr, openHouse, READ, scripted, stt, WAV } from './gateway.fixture.ts'

const { OPENAI_PYTHON = '' } = process.env
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
const picture = (n: number) => Buffer.concat([PNG, Buffer.from(`picture ${n}`)])
const sound = (n: number) => Buffer.concat([WAV, Buffer.from(`sound ${n}`)])
const WORDS = [
  { word: 'Ask', start: 0, end: 0.7 },
  { word: 'not.', start: 0.7, end: 1.5 },
]
const SEGMENTS = [
  { start: 0, end: 0.7, text: 'Ask', speaker: 'A', words: WORDS.slice(0, 1) },
  { start: 0.7, end: 1.5, text: 'not.', speaker: 'B', words: WORDS.slice(1) },
]

const scope = new Scope()
const read = scripted(READ)
const hear = scripted(HEARD)
const voice = createFakeTts()
const opened: string[] = []
let house: House
let client: OpenAI

beforeAll(async () => {
  const site = await ground(scope)
  const { Readable } = await import('node:stream')
  const stored = await site.files.put(Readable.from([picture(2)]), { maxBytes: 1e6 })
  house = await openHouse(scope, site, {
    // The first tells the text alone, the second also where it stands.
    ocr: [{ ...ocr(read), places: false }, createFakeOcr()],
    stt: [
      {
        ...stt(hear),
        async transcribe(_, options) {
          const heard = await hear.answer(options?.signal)
          for (const segment of SEGMENTS) options?.onPartial?.(segment)
          if (options?.task === 'translate') return { ...heard, text: 'Translated.' }
          return { ...heard, segments: SEGMENTS }
        },
      },
    ],
    tts: [voice],
    open: async (address) => {
      opened.push(address)
      const about = { url: address, headers: {} }
      return {
        ...about,
        mime: 'image/png',
        status: address.endsWith('gone.png') ? 404 : 200,
        bytes: picture(3),
      }
    },
    city: () => ({
      file: async ({ file }) => {
        if (file !== 'file_mine') throw kernelError('http.not_found')
        return { id: file, name: 'b.png', ...stored }
      },
    }),
  })
  client = new OpenAI({ baseURL: `${house.url}/v1`, apiKey: 'dk_test', maxRetries: 0 })
}, 60_000)
afterAll(() => scope[Symbol.asyncDispose]())

const json = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${house.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
const form = (bytes: Buffer, name: string, fields: Record<string, string> = {}) => {
  const body = new FormData()
  for (const [key, value] of Object.entries(fields)) body.append(key, value)
  body.append('file', new Blob([new Uint8Array(bytes)]), name)
  return body
}

test('a file comes as an upload, a stored file, an address or a data URL, and each is read once', async () => {
  const upload = () =>
    fetch(`${house.url}/api/multimodal/ocr`, { method: 'POST', body: form(picture(1), 'a.png') })
  const first = await upload()
  expect([first.status, first.headers.get('x-cache'), first.headers.get('x-usage')]).toEqual([
    200,
    'miss',
    'images=1',
  ])
  expect(first.headers.get('x-engine')).toBe('scripted/1')
  expect(await first.json()).toEqual(READ)
  expect((await upload()).headers.get('x-cache')).toBe('hit')
  const data = `data:image/png;base64,${picture(4).toString('base64')}`
  for (const source of ['file_mine', 'https://pictures.test/a.png', data]) {
    const answer = await json('/api/multimodal/ocr', { source, languages: 'uk' })
    expect([source.slice(0, 9), answer.status]).toEqual([source.slice(0, 9), 200])
  }
  expect(opened).toEqual(['https://pictures.test/a.png'])
  expect(read.calls.length).toBe(4)
  const refusals: [object, number, string][] = [
    [{ source: 'file_another' }, 404, 'http.not_found'],
    [{ source: 'https://pictures.test/gone.png' }, 502, 'gateway.source_refused'],
    [{ source: 'ftp://pictures.test/a' }, 400, 'gateway.bad_source'],
    [{ source: 'data:image/png,abc' }, 400, 'gateway.bad_source'],
    [{ source: 'file_mine', languages: 'de' }, 400, 'input.invalid'],
    [{ source: 'file_mine', webhook: 'https://listener.test/' }, 400, 'gateway.webhook_alone'],
    [{}, 400, 'gateway.no_file'],
  ]
  for (const [body, status, code] of refusals) {
    const answer = await json('/api/multimodal/ocr', body)
    expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }])
  }
})

test('a reading in the format that is asked for, by an engine that has what the format needs', async () => {
  const source = `data:image/png;base64,${picture(40).toString('base64')}`
  const ask = (format: string) => json('/api/multimodal/ocr', { source, format })
  const text = await ask('text')
  expect([text.headers.get('x-engine'), await text.text()]).toEqual(['scripted/1', 'Площа'])
  const formats = [
    ['hocr', 'text/vnd.hocr+html; charset=utf-8', '<span class="ocrx_word" id="word_1_1_1_2"'],
    ['tsv', 'text/tab-separated-values; charset=utf-8', '\t90.000000\tРинок\n'],
    ['alto', 'application/xml; charset=utf-8', ' CONTENT="Ринок" '],
    ['pdf', 'application/pdf', '%PDF-1.5'],
  ] as const
  for (const [format, mime, part] of formats) {
    const answer = await ask(format)
    expect([format, answer.status, answer.headers.get('x-engine')]).toEqual([format, 200, 'fake'])
    expect(answer.headers.get('content-type')).toBe(mime)
    expect(await answer.text()).toContain(part)
  }
  // One reading serves all that want places; a job answers in its format too.
  expect((await ask('tsv')).headers.get('x-cache')).toBe('hit')
  const queued = await json(
    '/api/multimodal/ocr',
    { source: source.replace('base64,', 'base64,AAAA'), format: 'nothing' },
    { prefer: 'respond-async' },
  )
  expect(queued.status).toBe(400)
  const job = await json(
    '/api/multimodal/ocr',
    { source: `data:image/png;base64,${picture(41).toString('base64')}`, format: 'pdf' },
    { prefer: 'respond-async, wait=60' },
  )
  expect([job.status, job.headers.get('content-type')]).toEqual([200, 'application/pdf'])
  expect((await job.text()).slice(0, 5)).toBe('%PDF-')
})

test('fifty that ask for the same at once wait for one piece of work', async () => {
  const before = read.calls.length
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      json('/api/multimodal/ocr', { source: `data:image/png;base64,${picture(5).toString('base64')}` }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
  expect(answers.filter(({ headers }) => headers.get('x-cache') === 'miss').length).toBe(1)
  expect(read.calls.length).toBe(before + 1)
  expect(await house.metrics()).toMatch(/multimodal_cache_hits_total\{type="ocr"\} \d\d/)
})

test('the official client hears by the word, by the voice, as it goes and in English', async () => {
  const { transcriptions, translations } = client.audio
  const ask = async (n: number) => ({ file: await toFile(sound(n), 'a.wav'), model: 'whisper-1' })
  const verbose = await transcriptions.create({
    ...(await ask(1)),
    response_format: 'verbose_json',
    timestamp_granularities: ['word'],
  })
  expect(verbose.words).toEqual(WORDS)
  expect(verbose.segments).toBeUndefined()
  const diarized = await transcriptions.create({ ...(await ask(2)), response_format: 'diarized_json' })
  expect(diarized).toMatchObject({ segments: [{ speaker: 'A' }, { speaker: 'B' }] })
  const events: unknown[] = []
  for await (const event of await transcriptions.create({ ...(await ask(3)), stream: true }))
    events.push(event)
  expect(events).toEqual([
    { type: 'transcript.text.delta', delta: 'Ask' },
    { type: 'transcript.text.delta', delta: ' not.' },
    { type: 'transcript.text.done', text: 'Ask not.', usage: { type: 'duration', seconds: 2 } },
  ])
  expect((await translations.create(await ask(3))).text).toBe('Translated.')
  const odd = transcriptions.create({ ...(await ask(4)), stream: true, response_format: 'srt' as 'json' })
  await expect(odd).rejects.toMatchObject({
    status: 400,
    code: 'gateway.bad_option',
    param: 'response_format',
  })
})

test.skipIf(!OPENAI_PYTHON)(
  'so does the official client for Python',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openai-'))
    scope.defer(() => rm(folder, { recursive: true, force: true }))
    const path = join(folder, 'a.wav')
    await writeFile(path, sound(5))
    const script = resolve(import.meta.dirname, '../../../test/kit/openai-client.py')
    const { stdout } = await promisify(execFile)(
      OPENAI_PYTHON,
      [script, `${house.url}/v1`, 'dk_test', path],
      {
        timeout: 60_000,
      },
    )
    expect(JSON.parse(stdout)).toEqual({
      text: 'Ask not.',
      segments: ['Ask', 'not.'],
      words: ['Ask', 'not.'],
      events: ['transcript.text.delta', 'transcript.text.delta', 'transcript.text.done'],
      translation: 'Translated.',
      refused: 'gateway.unknown_model',
      speech: ['audio/wav', true],
    })
  },
  70_000,
)

test('the official client speaks, and is told how it sounds', async () => {
  const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Доброго ранку.' })
  expect(answer.headers.get('content-type')).toBe('audio/wav')
  expect(answer.headers.get('x-speech-quality')).toBe('robotic')
  expect(
    Buffer.from(await answer.arrayBuffer())
      .subarray(0, 4)
      .toString(),
  ).toBe('RIFF')
  await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Доброго ранку.' })
  expect(voice.spoken.filter((text) => text === 'Доброго ранку.').length).toBe(1)
  const voices = await fetch(`${house.url}/api/multimodal/voices`)
  expect(await voices.json()).toEqual({
    items: [{ engine: 'fake', id: 'tone', name: 'Tone', languages: [], quality: 'robotic' }],
  })
})

test('an engine that is not there says what brings it', async () => {
  for (const [path, body, mend] of [
    ['/api/multimodal/describe', { source: 'file_mine' }, 'PEER_VISION'],
    ['/api/multimodal/read', { url: 'https://pages.test/' }, 'PEER_READER'],
    ['/api/multimodal/rerank', { query: 'q', texts: ['a'] }, 'PEER_RERANK'],
  ] as const) {
    const answer = await json(path, body)
    const { error } = (await answer.json()) as { error: { code: string; message: string } }
    expect([answer.status, error.code]).toEqual([503, 'gateway.engine_missing'])
    expect(error.message).toContain(mend)
  }
})
