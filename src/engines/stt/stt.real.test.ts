import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorRates } from '../../../test/kit/error-rates.ts'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { createModels } from '../models/models.ts'
import { sttConformance } from './stt.conformance.ts'
import { createWhisper, type Whisper } from './whisper.ts'

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )
const some = { bytes: new Uint8Array(2000), mime: 'audio/ogg' }

const { FIXTURES_DIR, MODELS_DIR } = process.env
describe.skipIf(!FIXTURES_DIR || !MODELS_DIR)('whisper on real speech', { timeout: 240_000 }, () => {
  let whisper: Whisper
  const sound = async (name: string) => ({
    bytes: await readFile(join(FIXTURES_DIR ?? '', 'speech', name)),
    mime: 'application/octet-stream',
  })
  let speech = some
  let silence = some
  beforeAll(async () => {
    const models = createModels({ dir: MODELS_DIR ?? '', clock: systemClock })
    whisper = createWhisper({ models, clock: systemClock })
    speech = await sound('uk-reading.wav')
    silence = await sound('silence.ogg')
  })
  afterAll(() => whisper.close())

  sttConformance(() => ({ stt: whisper, speech, silence }))

  test('another model by configuration is loaded from the folder of its own name', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'daarion-stt-'))
    await symlink(join(MODELS_DIR ?? '', 'whisper-base'), join(dir, 'whisper-small'))
    const models = { dir, missing: async () => null }
    const other = createWhisper({ models, clock: systemClock, model: 'whisper-small' })
    try {
      const found = await other.transcribe(await sound('en-jfk.wav'), { language: 'en' })
      expect(found).toMatchObject({ engine: 'whisper/whisper-small', speech: true })
      expect(errorRates(found.text, JFK).words).toBeLessThan(0.05)
    } finally {
      await other.close()
      await rm(dir, { recursive: true, force: true })
    }
  })

  const JFK =
    'and so my fellow americans ask not what your country can do for you ask what you can do for your country'
  test.each(['en-jfk.ogg', 'en-jfk.m4a'])('%s: English, word for word', async (name) => {
    const found = await whisper.transcribe(await sound(name))
    expect(found).toMatchObject({ language: 'en', speech: true, durationMs: 11_000 })
    expect(errorRates(found.text, JFK).words).toBeLessThan(0.05)
    expect(found.segments[0]?.start).toBeLessThan(1)
    expect(found.segments.at(-1)?.end).toBeGreaterThan(10)
  })

  test('words have the times at which they are said, without the pauses between', async () => {
    const { segments } = await whisper.transcribe(await sound('en-jfk.wav'), { words: true })
    const words = segments.flatMap((segment) => segment.words ?? [])
    expect(words).toHaveLength(JFK.split(' ').length)
    const last = words.at(-1) ?? expect.fail('no words')
    expect(last.word).toBe('country.')
    expect(last.start).toBeGreaterThan(10)
    expect(last.end).toBeLessThanOrEqual(11)
    const ask = words.filter(({ word }) => word === 'ask')
    // Before the second one he is silent from 7.7 to 8.2.
    expect(ask[1]?.start).toBeGreaterThan(8)
    expect(words.find(({ word }) => word.startsWith('you'))?.end).toBeLessThan(8)
  })

  test('names to expect are heard as they are written; a translation is English, and says what was spoken', async () => {
    const kamianets = await sound('uk-kamianets.ogg')
    const found = await whisper.transcribe(kamianets, { prompt: 'Кам’янець-Подільський' })
    expect(found.text).toContain('Подільськ')
    const english = await whisper.transcribe(kamianets, { task: 'translate', words: true })
    expect(english.language).toBe('uk')
    expect(english.text).toMatch(/^[^\p{Script=Cyrillic}]+$/u)
    expect(english.segments.every(({ words }) => words === undefined)).toBe(true)
  })

  test.each(['uk-kamianets.webm', 'uk-kamianets.wav'])(
    '%s: found to be Ukrainian, four letters of five right',
    async (name) => {
      const found = await whisper.transcribe(await sound(name))
      const written = await readFile(join(FIXTURES_DIR ?? '', 'speech', 'uk-kamianets.txt'), 'utf8')
      expect(found.language).toBe('uk')
      expect(errorRates(found.text, written).letters).toBeLessThan(0.2)
    },
  )

  test('a quiet voice is told from silence', async () => {
    const found = await whisper.transcribe(speech, { language: 'uk' })
    expect(found).toMatchObject({ language: 'uk', speech: true })
    expect(errorRates(found.text, 'Не питайте мене').letters).toBeLessThan(0.4)
  })

  test.each(['silence.ogg', 'noise.ogg'])('%s: no words', async (name) => {
    expect(await whisper.transcribe(await sound(name))).toMatchObject({
      text: '',
      speech: false,
      segments: [],
    })
  })

  test('a long recording is cut at pauses: every word once, times over the whole, progress on the way', async () => {
    const one = await sound('en-jfk.wav')
    const times = 7
    const shares: number[] = []
    const found = await whisper.transcribe(repeated(one.bytes, times), {
      onProgress: (share) => shares.push(share),
    })
    expect(found.durationMs).toBe(77_000)
    expect(errorRates(found.text, `${JFK} `.repeat(times)).words).toBeLessThan(0.05)
    expect(found.segments.at(-1)?.end).toBeGreaterThan(70)
    expect(shares.filter((share) => share > 0.1).length).toBeGreaterThanOrEqual(3)
  })

  test('refuses what is no sound', async () => {
    const text = { bytes: Buffer.from('no sound at all, only words'), mime: 'audio/ogg' }
    expect(await codeOf(whisper.transcribe(text))).toBe('file.unreadable')
    const short = createWhisper({
      models: createModels({ dir: MODELS_DIR ?? '', clock: systemClock }),
      clock: systemClock,
      maxSeconds: 5,
    })
    expect(await codeOf(short.transcribe(await sound('en-jfk.ogg')))).toBe('file.too_long')
    await short.close()
  })

  test('a voice that is called off is gone at once', async () => {
    const abort = new AbortController()
    const job = codeOf(
      whisper.transcribe(await sound('en-jfk.wav'), {
        signal: abort.signal,
        onProgress: () => abort.abort(),
      }),
    )
    expect(await job).toBe('call.cancelled')
    expect(await whisper.transcribe(speech)).toMatchObject({ speech: true })
  })
})

/** The same sound several times over, half a second apart being in the recording itself. */
function repeated(wav: Buffer, times: number): { bytes: Uint8Array; mime: string } {
  const data = wav.indexOf('data')
  const sound = wav.subarray(data + 8)
  const header = Buffer.from(wav.subarray(0, data + 8))
  header.writeUInt32LE(sound.length * times, data + 4)
  return { bytes: Buffer.concat([header, ...Array.from({ length: times }, () => sound)]), mime: 'audio/wav' }
}
