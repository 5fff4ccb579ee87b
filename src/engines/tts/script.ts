/** The language a text is read in where nobody said: Ukrainian for Cyrillic, English for Latin, by what most of its letters are; null where it has neither. */
export function languageOfText(text: string): 'uk' | 'en' | null {
  const cyrillic = count(text, /\p{Script=Cyrillic}/gu)
  const latin = count(text, /\p{Script=Latin}/gu)
  if (cyrillic === 0 && latin === 0) return null
  // Latin words in a Ukrainian text are names and terms; they count less.
  return cyrillic * 2 >= latin ? 'uk' : 'en'
}

const count = (text: string, letters: RegExp): number => text.match(letters)?.length ?? 0
