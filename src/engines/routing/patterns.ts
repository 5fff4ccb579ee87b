import type { RE2JS } from 're2js'

/** What of a text is looked at. */
const MAX_TEXT = 8_000
const MAX_PATTERN = 400
/** Steps of one pattern, as RE2 counts them: so many are taken for each letter at most. */
export const MAX_STEPS = 500

export interface Pattern {
  readonly source: string
  readonly steps: number
  /** Whether it occurs in the first 8,000 characters, in any case of letters. Time grows with the text, never faster. */
  holds(text: string): boolean
}

const compiled = new Map<string, Pattern>()
const MAX_KEPT = 1_000

let re2: typeof RE2JS | undefined

/** Reads the library, which a city without patterns does without; to be awaited before the first `patternOf`. */
export async function readPatterns(): Promise<void> {
  re2 ??= (await import('re2js')).RE2JS
}

/** A regular expression in RE2's syntax. Throws an error that says what is wrong with it, or that it is too large. */
export function patternOf(source: string): Pattern {
  const known = compiled.get(source)
  if (known) return known
  if (source.length > MAX_PATTERN) throw new Error(`a pattern has at most ${MAX_PATTERN} characters`)
  if (!re2) throw new Error('readPatterns was not awaited')
  const expression = re2.compile(source, re2.CASE_INSENSITIVE)
  const steps = expression.programSize()
  if (steps > MAX_STEPS)
    throw new Error(`the pattern takes ${steps} steps a letter, at most ${MAX_STEPS} may be`)
  const pattern = {
    source,
    steps,
    holds: (text: string) => expression.matcher(text.slice(0, MAX_TEXT)).find(),
  }
  if (compiled.size >= MAX_KEPT) compiled.clear()
  compiled.set(source, pattern)
  return pattern
}
