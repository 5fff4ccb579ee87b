import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { bytesOf } from '../foreign-file.ts'
import type { Ocr, OcrText } from './ocr.ts'

export interface FakeOcrScript {
  /** What stands in an image; by default one line of two words. */
  text?: string | ((bytes: Uint8Array) => string)
  failure?: Error | undefined
  missing?: Error | undefined
}

/** Reads from a script, never from the image, and remembers what it was asked. */
export function createFakeOcr(script: FakeOcrScript = {}): Ocr & {
  readonly script: FakeOcrScript
  readonly calls: readonly { readonly mime: string; readonly languages: readonly string[] | undefined }[]
} {
  const calls: { mime: string; languages: readonly string[] | undefined }[] = []
  return {
    script,
    calls,
    name: 'fake',
    missing: async () => script.missing ?? null,
    read: async (image, { languages, signal } = {}) => {
      if (signal?.aborted) throw AppError.from(signal.reason)
      calls.push({ mime: image.mime, languages })
      const failure = script.missing ?? script.failure
      if (failure) throw failure
      const bytes = await bytesOf(image)
      if (bytes.length === 0) throw engineError('file.empty')
      const { text = 'Площа Ринок' } = script
      return laidOut(typeof text === 'string' ? text : text(bytes))
    },
  }
}

/** Words on a grid of 10 × 20 pixels a letter. */
function laidOut(text: string): OcrText {
  const words = text.split('\n').flatMap((line, row) =>
    [...line.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
      text: word,
      confidence: 0.9,
      box: { x0: index * 10, y0: row * 20, x1: (index + word.length) * 10, y1: row * 20 + 18 },
      line: row + 1,
      block: 1,
      page: 1,
    })),
  )
  const width = Math.max(1, ...words.map(({ box }) => box.x1))
  const height = Math.max(1, ...words.map(({ box }) => box.y1))
  const pages = [{ width, height, turned: 0 as const }]
  return { text, confidence: words.length > 0 ? 0.9 : 0, engine: 'fake', words, pages }
}
