import { expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { LONGEST_TEXT, SPEECH_MIMES, type Tts } from './tts.ts'

/** What every driver of text to speech does. `subject` is made once and shared; who calls closes it. */
export function ttsConformance(subject: () => Tts): void {
  test('has a name, is able, and tells its voices', async () => {
    const tts = subject()
    expect(tts.name).toMatch(/^[a-z]+$/)
    expect(await tts.missing()).toBeNull()
    const voices = await tts.voices()
    expect(voices.length).toBeGreaterThan(0)
    expect(new Set(voices.map(({ id }) => id)).size).toBe(voices.length)
  })

  test('speaks, and says who spoke, in which language, how it sounds and what the bytes are', async () => {
    const tts = subject()
    const shares: number[] = []
    const spoken = await tts.speak('Добрий вечір, сусіди.', {
      format: 'wav',
      onProgress: (share) => shares.push(share),
    })
    expect(Buffer.from(spoken.bytes.subarray(0, 4)).toString('latin1')).toBe('RIFF')
    expect(spoken.bytes.length).toBeGreaterThan(1000)
    expect(spoken).toMatchObject({ mime: SPEECH_MIMES.wav, format: 'wav', language: 'uk' })
    expect(['natural', 'robotic']).toContain(spoken.quality)
    expect(spoken.engine.startsWith(`${tts.name}/`)).toBe(true)
    expect(shares.at(-1)).toBe(1)
  })

  test('finds the language from the script, and reads in the one it is told', async () => {
    const tts = subject()
    expect((await tts.speak('Good evening, neighbours.', { format: 'wav' })).language).toBe('en')
    expect((await tts.speak('12', { format: 'wav', language: 'uk-UA' })).language).toBe('uk')
  })

  test('refuses what has nothing to read, and what is too long', async () => {
    const tts = subject()
    expect(await codeOf(tts.speak(' … '))).toBe('speech.empty')
    expect(await codeOf(tts.speak('а'.repeat(LONGEST_TEXT + 1)))).toBe('speech.too_long')
  })

  test('stops when it is told to, before and on the way', async () => {
    const tts = subject()
    expect(await codeOf(tts.speak('Ні.', { signal: AbortSignal.abort() }))).toBe('call.cancelled')
    const abort = new AbortController()
    const underWay = codeOf(tts.speak('Слово за словом. '.repeat(500), { signal: abort.signal }))
    setImmediate(() => abort.abort())
    expect(await underWay).toBe('call.cancelled')
  })
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )
