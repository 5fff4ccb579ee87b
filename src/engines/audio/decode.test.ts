import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { audioDuration, decodeAudio } from './decode.ts'
import { createResampler } from './resample.ts'

const HOUR = { maxSeconds: 3600 }

/** A canonical 16-bit PCM WAV. */
function wav(rate: number, channels: number, samples: (t: number) => number, seconds: number): Uint8Array {
  const frames = Math.round(rate * seconds)
  const file = Buffer.alloc(44 + frames * channels * 2)
  file.write('RIFF', 0)
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(channels, 22)
  file.writeUInt32LE(rate, 24)
  file.writeUInt32LE(rate * channels * 2, 28)
  file.writeUInt16LE(channels * 2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(frames * channels * 2, 40)
  for (let n = 0; n < frames * channels; n++) {
    const value = samples(Math.floor(n / channels) / rate)
    file.writeInt16LE(Math.round(value * 32_767), 44 + n * 2)
  }
  return file
}

const tone = (hertz: number) => (t: number) => 0.5 * Math.sin(2 * Math.PI * hertz * t)
const loudness = (pcm: Float32Array): number =>
  Math.sqrt(pcm.reduce((sum, value) => sum + value * value, 0) / pcm.length)

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )

test.each([48_000, 44_100, 22_050, 8_000])(
  'from %i Hz: what is audible stays, what would fold is gone',
  (rate) => {
    const run = (hertz: number) => {
      const resampler = createResampler(rate, 16_000)
      const source = Float32Array.from({ length: rate }, (_, n) => tone(hertz)(n / rate))
      const parts: number[] = []
      for (let at = 0; at < rate; at += 1000) parts.push(...resampler.push(source.subarray(at, at + 1000)))
      parts.push(...resampler.flush())
      return Float32Array.from(parts)
    }
    const heard = run(1000)
    expect(heard.length).toBeGreaterThanOrEqual(15_990)
    expect(heard.length).toBeLessThanOrEqual(16_010)
    const error = heard.slice(200, 15_800).map((value, n) => value - tone(1000)((n + 200) / 16_000))
    expect(loudness(error)).toBeLessThan(0.001)
    if (rate > 20_000) expect(loudness(run(9500).slice(200, 15_800))).toBeLessThan(0.001)
  },
)

test('mixes channels and brings any rate to 16 kHz', async () => {
  const { durationMs, pcm } = await decodeAudio(wav(44_100, 2, tone(440), 2), HOUR)
  expect(durationMs).toBe(2000)
  expect(loudness(pcm)).toBeCloseTo(0.5 / Math.SQRT2, 2)
})

test('refuses what is empty, foreign, damaged, cut short, soundless or too long', async () => {
  const whole = wav(16_000, 1, tone(440), 90)
  expect(await codeOf(decodeAudio(new Uint8Array(0), HOUR))).toBe('file.empty')
  expect(await codeOf(decodeAudio(Buffer.from('these are words, not sounds'), HOUR))).toBe('file.unreadable')
  expect(await codeOf(decodeAudio(Buffer.from('%PDF-1.7\n%âãÏÓ\n1 0 obj'), HOUR))).toBe('file.wrong_type')
  expect(await codeOf(decodeAudio(Buffer.from(`OggS${'x'.repeat(5000)}`), HOUR))).toMatch(
    /^file\.(unreadable|wrong_type)$/,
  )
  expect(await codeOf(decodeAudio(whole.subarray(0, 1_000_000), HOUR))).toBe('file.unreadable')
  expect(await codeOf(decodeAudio(wav(16_000, 1, tone(440), 0), HOUR))).toBe('file.no_audio')
  const long = await decodeAudio(whole, { maxSeconds: 60 }).catch((error: unknown) => error)
  expect(long).toMatchObject({ code: 'file.too_long', params: { minutes: 2, limit: 1 } })
})

describe.skipIf(!process.env.FIXTURES_DIR)('recordings as messengers and browsers send them', () => {
  const speech = join(process.env.FIXTURES_DIR ?? '', 'speech')
  const files: readonly (readonly [string, number])[] = [
    ['en-jfk.wav', 11_000],
    ['en-jfk.ogg', 11_000],
    ['en-jfk.mp3', 11_000],
    ['en-jfk.m4a', 11_000],
    ['uk-kamianets.wav', 12_389],
    ['uk-kamianets.ogg', 12_389],
    ['uk-kamianets.webm', 12_389],
    ['uk-reading.wav', 4267],
  ]

  test.each(files)('%s lasts %i ms', async (name, durationMs) => {
    const bytes = await readFile(join(speech, name))
    const found = await audioDuration(bytes, HOUR)
    expect(Math.abs(found.durationMs - durationMs)).toBeLessThanOrEqual(100)
  })

  test.each(files)('%s cut in the middle is refused, not half heard', async (name) => {
    const bytes = await readFile(join(speech, name))
    expect(await codeOf(audioDuration(bytes.subarray(0, bytes.length * 0.6), HOUR))).toBe('file.unreadable')
  })

  test('the same speech sounds the same in every format', async () => {
    const levels = []
    for (const name of ['en-jfk.wav', 'en-jfk.ogg', 'en-jfk.mp3', 'en-jfk.m4a']) {
      const { pcm } = await decodeAudio(await readFile(join(speech, name)), HOUR)
      levels.push(loudness(pcm))
    }
    for (const level of levels) expect(Math.abs(level / (levels[0] ?? 0) - 1)).toBeLessThan(0.1)
  })
})

const ffmpeg = await promisify(execFile)('ffmpeg', ['-version']).then(
  () => true,
  () => false,
)
/** Two seconds of frames of 12.2 or 23 bytes, as telephones record them. */
const telephone = (head: string, frameBytes: number) =>
  Buffer.concat([Buffer.from(head), ...Array.from({ length: 100 }, () => Buffer.alloc(frameBytes, 0x04))])

test.each([
  ['amr', telephone('#!AMR\n', 13)],
  ['amr, wide band', telephone('#!AMR-WB\n', 18)],
])('a telephone’s recording: %s', async (_, bytes) => {
  expect((await audioDuration(bytes, HOUR)).durationMs).toBe(2000)
})

const made = async (...args: readonly string[]) => {
  const sine = ['-f', 'lavfi', '-i', 'sine=d=2:r=16000']
  const { stdout } = await promisify(execFile)('ffmpeg', ['-v', 'error', ...sine, ...args, 'pipe:1'], {
    encoding: 'buffer',
  })
  return stdout
}
const PICTURES = ['-f', 'lavfi', '-i', 'testsrc=s=64x48:r=5', '-t', '2', '-c:v', 'mpeg4']

test.skipIf(!ffmpeg).each([
  ['aac', ['-f', 'adts']],
  ['flac', ['-f', 'flac']],
  ['caf', ['-c:a', 'pcm_s16be', '-f', 'caf']],
  ['wma', ['-c:a', 'wmav2', '-f', 'asf']],
  ['spx, which only ffmpeg knows', ['-c:a', 'libspeex', '-f', 'ogg']],
  [
    'the sound of a film: mp4',
    [...PICTURES, '-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4'],
  ],
  ['the sound of a film: mkv', [...PICTURES, '-c:a', 'libmp3lame', '-f', 'matroska']],
  ['the sound of a film: avi', [...PICTURES, '-c:a', 'mp2', '-f', 'avi']],
] as const)('%s', async (_, how) => {
  const { durationMs } = await audioDuration(await made(...how), HOUR)
  expect(Math.abs(durationMs - 2000)).toBeLessThan(200)
})

test.skipIf(!ffmpeg)('a film without sound has none', async () => {
  const film = ['-f', 'lavfi', '-i', 'testsrc=s=64x48:r=5', '-t', '1', '-map', '1:v', '-f', 'matroska']
  expect(await codeOf(audioDuration(await made(...film), HOUR))).toBe('file.no_audio')
})
