import { encodeAudio, type Samples } from '../audio/encode.ts'
import { SPEECH_MIMES, type Speech, type SpeechFormat } from './tts.ts'
import { wavOf } from './wav.ts'

/** Sound in the format that was asked for; `wav` where this machine cannot make that. */
export async function packed(
  sound: Samples,
  format: SpeechFormat,
  signal: AbortSignal | undefined,
): Promise<Pick<Speech, 'bytes' | 'mime' | 'format'>> {
  const encoded = format === 'wav' ? null : await encodeAudio(sound, format, signal)
  if (encoded) return { bytes: encoded, format, mime: SPEECH_MIMES[format] }
  const { pcm, rate } = sound
  const samples = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength)
  const bytes = wavOf(samples, { rate, channels: 1, bits: 16 })
  return { bytes, format: 'wav', mime: SPEECH_MIMES.wav }
}

/** Sounds one after the other. */
export function joined(parts: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
