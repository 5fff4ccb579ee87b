import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { checkedText } from './checked-text.ts'
import { SPEECH_MIMES, type SpeakOptions, type Tts } from './tts.ts'
import { wavOf } from './wav.ts'

export interface FakeTtsNeeds {
  readonly name?: string
  readonly missing?: AppError
  /** What it fails with. */
  readonly fails?: AppError
  /** Awaited before each answer: lets a test hold a call. */
  before?(text: string, options: SpeakOptions | undefined): Promise<void> | void
}

/** A voice for tests: a quiet tone as long as the text, always `wav`; `spoken` has what it was asked to read. */
export function createFakeTts(needs: FakeTtsNeeds = {}): Tts & { readonly spoken: readonly string[] } {
  const { fails, missing = null, name = 'fake' } = needs
  const spoken: string[] = []
  return {
    name,
    spoken,
    missing: () => Promise.resolve(missing),
    voices: () => Promise.resolve([{ id: 'tone', name: 'Tone', languages: [], quality: 'robotic' }]),
    async speak(text, options) {
      if (missing) throw missing
      const { language, text: read } = checkedText(text, options)
      if (options?.signal?.aborted) throw AppError.from(options.signal.reason)
      if (language === 'xx') throw engineError('speech.no_voice', { language })
      await needs.before?.(text, options)
      if (options?.signal?.aborted) throw AppError.from(options.signal.reason)
      if (fails) throw fails
      spoken.push(read)
      options?.onProgress?.(1)
      const samples = Int16Array.from({ length: 100 * read.length }, (_, n) => 3000 * Math.sin(n / 6))
      const bytes = wavOf(new Uint8Array(samples.buffer), { rate: 16_000, channels: 1, bits: 16 })
      return {
        bytes,
        mime: SPEECH_MIMES.wav,
        format: 'wav',
        engine: `${name}/tone`,
        language,
        quality: 'robotic',
      }
    },
  }
}
