import decode, { type StreamDecoder } from 'audio-decode'
import { fileTypeFromBuffer } from 'file-type'
import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { isOutOfMemory } from '../workers/out-of-memory.ts'
import { type Container, isCutShort } from './container.ts'
import { decodeWithFfmpeg } from './ffmpeg.ts'
import { createResampler, type Resampler } from './resample.ts'

/** Sound as the speech engines want it: one channel at 16 kHz, -1…1. */
export interface DecodedAudio {
  readonly pcm: Float32Array
  readonly durationMs: number
}

export interface DecodeOptions {
  /** Longer recordings are refused as soon as that shows. */
  readonly maxSeconds: number
}

export const SAMPLE_RATE = 16_000

/**
 * A whole file as a browser, a messenger or a camera sends it (ogg, webm, mp3, m4a, wav, flac, aac, amr, wma, caf, aiff, the sound of mp4, mov,
 * 3gp, mkv; what else ffmpeg knows, where it is installed) as sound. Foreign bytes: call it in a child process alone. Rejects with `file.empty`,
 * `file.wrong_type`, `file.unsupported` (only ffmpeg could read it), `file.unreadable` (damaged or cut short), `file.no_audio`, `file.too_long`.
 */
export async function decodeAudio(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedAudio> {
  const { durationMs, parts } = await walk(bytes, options, true)
  const pcm = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    pcm.set(part, at)
    at += part.length
  }
  return { pcm, durationMs }
}

/** How long a recording lasts, found by decoding it to the end without keeping the sound. Rejects as `decodeAudio` does. */
export async function audioDuration(
  bytes: Uint8Array,
  options: DecodeOptions,
): Promise<{ durationMs: number }> {
  const { durationMs } = await walk(bytes, options, false)
  return { durationMs }
}

interface Walked {
  readonly parts: readonly Float32Array[]
  readonly durationMs: number
}

async function walk(bytes: Uint8Array, options: DecodeOptions, keep: boolean): Promise<Walked> {
  if (bytes.length === 0) throw engineError('file.empty')
  const type = (await fileTypeFromBuffer(bytes)) ?? appleType(bytes)
  if (!type) throw engineError('file.unreadable')
  if (!/^(audio|video)\//.test(type.mime)) throw engineError('file.wrong_type', { mime: type.mime })
  const format = FORMATS[type.ext]
  if (format?.container && isCutShort(bytes, format.container)) throw engineError('file.unreadable')
  const taken = createTaken(options.maxSeconds, keep)
  try {
    if (!format) throw new Error(`no decoder of our own for ${type.ext}`)
    await decodeInSlices(bytes, await format.open(), taken)
    if (taken.samples() === 0) throw new Error('our own decoder found nothing')
  } catch (cause) {
    if (cause instanceof AppError || isOutOfMemory(cause)) throw cause
    // Unknown to our decoders, or damaged: ffmpeg, where there is one, knows more formats and forgives more.
    taken.restart()
    const decoded = await decodeWithFfmpeg(bytes, options.maxSeconds, taken.push)
    if (decoded === 'absent' && !format) throw engineError('file.unsupported', { mime: type.mime }, { cause })
    const silent = decoded === 'soundless' || isSilentFilm(cause, bytes, format)
    if (decoded !== 'done') throw engineError(silent ? 'file.no_audio' : 'file.unreadable', {}, { cause })
  }
  if (taken.samples() === 0) throw engineError('file.no_audio')
  return { parts: taken.parts(), durationMs: Math.round((taken.samples() / SAMPLE_RATE) * 1000) }
}

/** Apple's Core Audio Format, which the library of types does not know. */
const appleType = (bytes: Uint8Array) =>
  Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'caff'
    ? { ext: 'caf', mime: 'audio/x-caf' }
    : undefined

/** A film that has no track of sound, by our decoder's word or Matroska's names of codecs, which stand before the first picture. */
function isSilentFilm(cause: unknown, bytes: Uint8Array, format: Format | undefined): boolean {
  const said = cause instanceof Error && /no audio track|found nothing/i.test(cause.message)
  if (said || format?.container !== 'webm') return said
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1')
  return /V_(VP|AV1|MPEG|MS)/.test(head) && !/A_[A-Z]{3}/.test(head)
}

const HEAD_BYTES = 64 * 1024

/** What has been decoded so far. */
interface Taken {
  /** Samples at 16 kHz, when `share` of the file has been read; throws when they last too long. */
  push(part: Float32Array, share?: number): void
  parts(): readonly Float32Array[]
  samples(): number
  restart(): void
}

function createTaken(maxSeconds: number, keep: boolean): Taken {
  let parts: Float32Array[] = []
  let count = 0
  return {
    push: (part, share = 1) => {
      count += part.length
      if (count > maxSeconds * SAMPLE_RATE) {
        const minutes = Math.ceil(count / SAMPLE_RATE / 60 / Math.max(share, 0.001))
        throw engineError('file.too_long', { minutes, limit: Math.round(maxSeconds / 60) })
      }
      if (keep) parts.push(part)
    },
    parts: () => parts,
    samples: () => count,
    restart: () => {
      parts = []
      count = 0
    },
  }
}

const SLICE_BYTES = 64 * 1024

async function decodeInSlices(bytes: Uint8Array, decoder: StreamDecoder, out: Taken): Promise<void> {
  let resampler: Resampler | undefined
  let rate = 0
  const take = ({ channelData, sampleRate }: Awaited<ReturnType<StreamDecoder>>, share: number): void => {
    if (channelData.length === 0) return
    if (!resampler || rate !== sampleRate) {
      if (resampler) out.push(resampler.flush(), share)
      rate = sampleRate
      resampler = createResampler(rate, SAMPLE_RATE)
    }
    const mono = mixed(channelData)
    for (let at = 0; at < mono.length; at += BLOCK)
      out.push(resampler.push(mono.subarray(at, at + BLOCK)), share)
  }
  try {
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      const end = Math.min(bytes.length, at + SLICE_BYTES)
      take(await decoder(bytes.slice(at, end)), end / bytes.length)
    }
    take(await decoder(), 1)
    if (resampler) out.push(resampler.flush())
  } finally {
    decoder.free()
  }
}

/** Samples at the old rate taken at once: bounds what resampling holds. */
const BLOCK = 1 << 18

function mixed(channels: readonly Float32Array[]): Float32Array {
  const [first, ...others] = channels
  if (!first || others.length === 0) return first ?? new Float32Array(0)
  const mono = Float32Array.from(first)
  for (const channel of others)
    for (let i = 0; i < mono.length; i++) mono[i] = (mono[i] ?? 0) + (channel[i] ?? 0)
  for (let i = 0; i < mono.length; i++) mono[i] = (mono[i] ?? 0) / channels.length
  return mono
}

interface Format {
  open(): Promise<StreamDecoder>
  readonly container?: Container
}

/** By the extension that the file's own bytes call for. */
const FORMATS: Readonly<Record<string, Format | undefined>> = {
  opus: { open: () => decode.opus(), container: 'ogg' },
  ogg: { open: () => decode.oga(), container: 'ogg' },
  oga: { open: () => decode.oga(), container: 'ogg' },
  mp3: { open: () => decode.mp3(), container: 'mp3' },
  m4a: { open: () => decode.m4a(), container: 'mp4' },
  mp4: { open: () => decode.m4a(), container: 'mp4' },
  mov: { open: () => decode.m4a(), container: 'mp4' },
  '3gp': { open: () => decode.m4a(), container: 'mp4' },
  webm: { open: () => decode.webm(), container: 'webm' },
  mkv: { open: () => decode.webm(), container: 'webm' },
  wav: { open: () => decode.wav(), container: 'wav' },
  flac: { open: () => decode.flac() },
  aac: { open: () => decode.aac() },
  aif: { open: () => decode.aiff() },
  amr: { open: () => decode.amr() },
  asf: { open: () => decode.wma() },
  caf: { open: () => decode.caf() },
}
