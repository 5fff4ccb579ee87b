import { AppError, type ErrorEntry, type ErrorParams, fill, kernelError } from '../../../src/kernel/errors.ts'
import type { Language } from './language.ts'

/** By code. What the page itself may say is here at once; the city's own failures come when the page is at rest, or with the first of them. */
let sentences: ReadonlyMap<string, ErrorEntry> = new Map(Object.entries<ErrorEntry>(kernelError.entries))
let coming: Promise<void> | null = null
const listeners = new Set<() => void>()

/** Fetches the sentences of every failure, once. Where they do not come, the next wish for them tries again. */
export function fetchSentences(): Promise<void> {
  coming ??= import('./sentences.ts').then(
    ({ declared }) => {
      sentences = new Map([...sentences, ...declared])
      for (const listener of listeners) listener()
    },
    () => {
      coming = null
    },
  )
  return coming
}

/** Hears when more sentences are here; ends with what it returns. */
export function onSentences(changed: () => void): () => void {
  listeners.add(changed)
  return () => listeners.delete(changed)
}
export const knownSentences = (): unknown => sentences

/** A failure as it is kept in a part, a run or the outbox. */
export interface Failed {
  readonly code: string
  readonly message: string
  readonly params?: ErrorParams | undefined
}

/** The sentence of a failure in the reader's language; a code this page does not know, or not yet, keeps the sentence it came with. */
export function sentenceOf(failure: Failed, language: Language): string {
  const entry = sentences.get(failure.code)
  if (!entry) void fetchSentences()
  return entry ? fill(entry[language], failure.params ?? {}) : failure.message
}

/** Whether a code's sentence is here; asking brings those that are not. */
export function knownCode(code: string): boolean {
  const known = sentences.has(code)
  if (!known) void fetchSentences()
  return known
}

/** Anything caught, as a failure that can be put into words or kept. */
export function failureOf(cause: unknown): Failed & { readonly kind: string } {
  const { kind, code, message, params } = AppError.from(cause)
  return { kind, code, message, params }
}
