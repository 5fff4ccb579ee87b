import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { bytesOf } from '../foreign-file.ts'
import { claimedType, kindOf, refusal } from './accepted.ts'
import { type Media, type MediaFacts, WAVEFORM_BARS } from './media.ts'

export interface FakeMediaScript {
  /** What a file is found to be; undefined: what its name says. */
  facts?: (file: { name: string; mime: string; bytes: Uint8Array }) => MediaFacts | undefined
  /** Every call fails with it. */
  failure?: Error | undefined
}

/** Believes names, for tests that are not about files. It never looks into them; `thumbnail` and `pages` answer the bytes it was given, and nothing needs cleaning. */
export function createFakeMedia(script: FakeMediaScript = {}): Media & {
  readonly script: FakeMediaScript
  readonly inspected: readonly string[]
} {
  const inspected: string[] = []
  const begin = async (
    file: Parameters<typeof bytesOf>[0],
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> => {
    if (signal?.aborted) throw AppError.from(signal.reason)
    if (script.failure) throw script.failure
    const bytes = await bytesOf(file)
    if (bytes.length === 0) throw engineError('file.empty')
    return bytes
  }
  return {
    script,
    inspected,
    inspect: async (file, signal) => {
      const bytes = await begin(file, signal)
      inspected.push(file.name)
      const { mime, name } = file
      const told = script.facts?.({ name, mime, bytes })
      if (told) return told
      const claimed = claimedType({ name, mime })
      if (claimed === undefined) throw refusal(mime, { name, mime })
      return { kind: kindOf(claimed), mime: claimed }
    },
    clean: async (image, signal) => {
      await begin(image, signal)
      return null
    },
    waveform: async (audio, signal) => {
      await begin(audio, signal)
      return Array.from({ length: WAVEFORM_BARS }, (_, bar) => bar)
    },
    thumbnail: (picture, _edge, signal) => begin(picture, signal),
    pages: async (image, turns, signal) => {
      const jpeg = await begin(image, signal)
      return turns.map(() => ({ jpeg, width: 1, height: 1, grey: false }))
    },
  }
}
