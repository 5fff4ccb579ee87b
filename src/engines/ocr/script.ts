/** The alphabet a word is written in; `mixed` cannot be a word, `none` has no letters. */
export type Script = 'latin' | 'cyrillic' | 'mixed' | 'none'

export function scriptOf(text: string): Script {
  const latin = /\p{Script=Latin}/u.test(text)
  const cyrillic = /\p{Script=Cyrillic}/u.test(text)
  return latin && cyrillic ? 'mixed' : latin ? 'latin' : cyrillic ? 'cyrillic' : 'none'
}

/** The alphabet of most letters of a line. */
export function scriptOfLine(words: readonly string[]): 'latin' | 'cyrillic' {
  const text = words.join(' ')
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0
  const cyrillic = text.match(/\p{Script=Cyrillic}/gu)?.length ?? 0
  return cyrillic >= latin ? 'cyrillic' : 'latin'
}

const LATIN = 'aceiopxyABCEHIKMOPTXi'
const CYRILLIC = 'асеіорхуАВСЕНІКМОРТХі'

/** The word in the letters of the other alphabet that look the same; null where a letter has no such double. */
export function inScript(word: string, script: 'latin' | 'cyrillic'): string | null {
  const [from, to] = script === 'latin' ? [CYRILLIC, LATIN] : [LATIN, CYRILLIC]
  let result = ''
  for (const letter of word) {
    const own = scriptOf(letter)
    const at = from.indexOf(letter)
    if (own === 'none' || own === script) result += letter
    else if (at < 0) return null
    else result += to[at]
  }
  return result
}

/** What both alphabets make of the numero sign. */
export const isNumero = (word: string, next: string | undefined): boolean =>
  /^(?:[NМ][eoеоº°]\.?|Ле)$/.test(word) && next !== undefined && /^\d/.test(next)
