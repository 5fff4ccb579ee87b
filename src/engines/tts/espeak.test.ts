import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { audioDuration } from '../audio/decode.ts'
import { createEspeak } from './espeak.ts'
import { ttsConformance } from './tts.conformance.ts'

const has = (program: string, arg: string) =>
  promisify(execFile)(program, [arg]).then(
    () => true,
    () => false,
  )
const [espeak, ffmpeg] = await Promise.all([has('espeak-ng', '--version'), has('ffmpeg', '-version')])
const lasts = async (bytes: Uint8Array) => (await audioDuration(bytes, { maxSeconds: 600 })).durationMs

describe.skipIf(!espeak)('espeak-ng', { timeout: 60_000 }, () => {
  const tts = createEspeak()
  ttsConformance(() => tts)

  test('says that it is a robot, and reads Ukrainian and English by voices of their own', async () => {
    const voices = await tts.voices()
    expect(voices.some(({ languages }) => languages[0] === 'uk')).toBe(true)
    const uk = await tts.speak('Кава о восьмій.', { format: 'wav' })
    const en = await tts.speak('Coffee at eight.', { format: 'wav', voice: 'alloy' })
    expect([uk, en].map(({ engine, quality }) => [engine, quality])).toEqual([
      ['espeak/uk', 'robotic'],
      ['espeak/en-gb', 'robotic'],
    ])
    expect(await lasts(uk.bytes)).toBeGreaterThan(700)
  })

  test('a long text is read whole, in pieces; a slower speed lasts longer', async () => {
    const sentence = 'Двері зачинено о дев’ятій вечора. '
    const one = await lasts((await tts.speak(sentence, { format: 'wav' })).bytes)
    const many = await lasts((await tts.speak(sentence.repeat(80), { format: 'wav' })).bytes)
    expect(many / one).toBeGreaterThan(60)
    expect(await lasts((await tts.speak(sentence, { format: 'wav', speed: 0.6 })).bytes)).toBeGreaterThan(
      one * 1.3,
    )
  })

  test('what looks like an option, a command or phonemes is read as words', async () => {
    const spoken = await lasts((await tts.speak('--version', { format: 'wav', language: 'en' })).bytes)
    expect(spoken).toBeGreaterThan(400)
    const phonemes = await lasts(
      (await tts.speak("[[h@'loU h@'loU h@'loU h@'loU]]", { format: 'wav' })).bytes,
    )
    const letters = await lasts((await tts.speak("h@'loU h@'loU h@'loU h@'loU", { format: 'wav' })).bytes)
    expect(phonemes).toBeGreaterThanOrEqual(letters * 0.9)
    const command = await tts.speak('Це слово тут не команда: $(id); `id` <b>ні</b>', { format: 'wav' })
    expect(command.language).toBe('uk')
  })

  test.skipIf(!ffmpeg).each(['mp3', 'opus', 'aac', 'flac', 'pcm'] as const)('comes as %s', async (format) => {
    const spoken = await tts.speak('Кава о восьмій ранку.', { format })
    expect(spoken.format).toBe(format)
    if (format === 'pcm') expect(spoken.bytes.length / 48_000).toBeGreaterThan(0.7)
    else expect(await lasts(spoken.bytes)).toBeGreaterThan(700)
  })

  test('a language that nobody here reads is refused', async () => {
    await expect(tts.speak('Nuqneh', { language: 'zz' })).rejects.toMatchObject({ code: 'speech.no_voice' })
  })
})

test('without the program it says what brings it', async () => {
  const tts = createEspeak({ program: 'no-such-program' })
  expect(await tts.missing()).toMatchObject({ code: 'engine.program_missing' })
  await expect(tts.speak('Кава.')).rejects.toMatchObject({
    code: 'engine.program_missing',
    kind: 'unavailable',
  })
})
