/** Words as the directory keeps them: small letters, each word after a space, so that a beginning can be looked for. */
export const searchable = (...texts: readonly string[]): string =>
  wordsOf(texts.join(' '))
    .map((word) => ` ${word}`)
    .join('')

/** What to look for, for a query: the beginnings of words, Ukrainian ones without their endings, so that «кімнати» finds «кімната». */
export const soughtIn = (query: string): string[] =>
  wordsOf(query)
    .slice(0, MAX_WORDS)
    .map((word) => ` ${word.length > 3 ? word.replace(ENDING, '') : word}`)

/** Names by their words, in the same way: whether each beginning sought is there. */
export const isFound = (text: string, sought: readonly string[]): boolean => {
  const kept = searchable(text)
  return sought.every((beginning) => kept.includes(beginning))
}

const MAX_WORDS = 8
const ENDING = /(?:ами|ями|ові|еві|єві|ого|ому|их|ій|ої|ою|ею|ів|їв|ах|ях|ам|ям|ом|ем|єм|[аяоеєуюиіїйь])$/

const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’ʼ]/g, '')
    .match(/[\p{L}\p{N}]+/gu) ?? []
