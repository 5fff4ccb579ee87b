import { AppError, type ErrorEntry, type ErrorParams, fill } from '../../../src/kernel/errors.ts'
import type { Language } from './language.ts'

/** Every part of the city declares its errors in a public `*.errors.ts`; their sentences are the page's too. */
const modules = import.meta.glob<Record<string, unknown>>(
  ['../../../src/kernel/errors.ts', '../../../src/**/*.errors.ts'],
  { eager: true },
)

const sentences = new Map<string, ErrorEntry>()
for (const module of Object.values(modules))
  for (const value of Object.values(module))
    if (typeof value === 'function' && 'entries' in value)
      // A catalogue is the only exported function that carries `entries`.
      for (const [code, entry] of Object.entries(value.entries as Record<string, ErrorEntry>))
        sentences.set(code, entry)

/** A failure as it is kept in a part, a run or the outbox. */
export interface Failed {
  readonly code: string
  readonly message: string
  readonly params?: ErrorParams | undefined
}

/** The sentence of a failure in the reader's language; a code this page does not know keeps the sentence it came with. */
export function sentenceOf(failure: Failed, language: Language): string {
  const entry = sentences.get(failure.code)
  return entry ? fill(entry[language], failure.params ?? {}) : failure.message
}

/** Anything caught, as a failure that can be put into words or kept. */
export function failureOf(cause: unknown): Failed & { readonly kind: string } {
  const { kind, code, message, params } = AppError.from(cause)
  return { kind, code, message, params }
}
