import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import type { Segment, Stt, SttOptions, Transcript } from './stt.ts'

/** What a scripted engine answers to one call. */
export type SttScript = Partial<Transcript> | AppError

export interface FakeSttNeeds {
  readonly name?: string
  /** Answers in turn, the last one repeated, or by what is sent. By default it hears nobody. */
  readonly script?: readonly SttScript[] | ((audio: { bytes: Uint8Array; mime: string }) => SttScript)
  readonly missing?: AppError
  /** Awaited before each answer: lets a test hold a call, or fail it. */
  before?(options: SttOptions | undefined): Promise<void> | void
}

/** A speech engine that says what its script says, for tests and demonstrations; `calls` counts them. Empty bytes, aborts and languages are treated as a real one does. */
export function createFakeStt(needs: FakeSttNeeds = {}): Stt & { calls(): number } {
  const { missing = null, name = 'fake', script = [{}] } = needs
  let calls = 0
  return {
    name,
    calls: () => calls,
    missing: () => Promise.resolve(missing),
    async transcribe(audio, options) {
      if (missing) throw missing
      if (audio.bytes.length === 0) throw engineError('file.empty')
      if (options?.signal?.aborted) throw AppError.from(options.signal.reason)
      const answer =
        typeof script === 'function' ? script(audio) : (script[Math.min(calls, script.length - 1)] ?? {})
      calls++
      await needs.before?.(options)
      if (options?.signal?.aborted) throw AppError.from(options.signal.reason)
      if (answer instanceof AppError) throw answer
      const text = answer.text ?? ''
      const segments = answer.segments ?? (text === '' ? [] : [spoken(text, options?.words ?? false)])
      for (const segment of segments) options?.onPartial?.(segment)
      options?.onProgress?.(1)
      return {
        text,
        language: text === '' ? null : (options?.language ?? 'en'),
        speech: text !== '',
        segments,
        engine: `${name}/script`,
        durationMs: audio.bytes.length,
        ...answer,
      }
    },
  }
}

/** One second of it; each word has its share. */
function spoken(text: string, timed: boolean): Segment {
  const said = text.split(' ')
  const words = said.map((word, n) => ({ word, start: n / said.length, end: (n + 1) / said.length }))
  return { start: 0, end: 1, text, ...(timed && { words }) }
}
