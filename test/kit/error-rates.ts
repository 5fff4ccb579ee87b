/** How much of what was said a transcript has wrong. */
export interface ErrorRates {
  /** Words changed, left out or put in, for each that was said. */
  readonly words: number
  /** The same of letters and digits alone. */
  readonly letters: number
}

/** Case, marks and the kinds of apostrophe do not count: they are how it is written, not what was said. */
export function errorRates(heard: string, said: string): ErrorRates {
  const [heardWords, saidWords] = [wordsOf(heard), wordsOf(said)]
  const [heardLetters, saidLetters] = [[...heardWords.join('')], [...saidWords.join('')]]
  return {
    words: distance(heardWords, saidWords) / Math.max(1, saidWords.length),
    letters: distance(heardLetters, saidLetters) / Math.max(1, saidLetters.length),
  }
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize('NFC')
    .replaceAll(/[’'ʼ`]/g, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .split(' ')
    .filter((word) => word !== '')

/** Levenshtein's distance. */
function distance(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (const [i, left] of a.entries()) {
    const next = [i + 1]
    for (const [j, right] of b.entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
