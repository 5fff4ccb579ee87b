/** The words of a text as stems, in order, so that «документі» finds «документ» and "trees" finds "tree". Ukrainian and English; the commonest words are left out. */
export function stems(text: string): string[] {
  const words = text
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('\u00AD', '')
    .replace(/(\p{L})[-‐]\s*\n\s*(\p{L})/gu, '$1$2')
    .match(WORD)
  return (words ?? [])
    .map((word) => word.replace(APOSTROPHES, ''))
    .filter((word) => !STOP.has(word))
    .map((word) => stem(word.slice(0, MAX_WORD)))
}

/** A word where it stands: characters `start…end` of the text, in UTF-16 units. */
export interface PlacedStem {
  readonly stem: string
  readonly start: number
  readonly end: number
}

/** The same words with their places. A word broken over two lines counts as two here. */
export function placedStems(text: string): PlacedStem[] {
  return [...text.matchAll(WORD)].flatMap(({ 0: word, index: start }) => {
    const [only] = stems(word)
    return only === undefined ? [] : [{ stem: only, start, end: start + word.length }]
  })
}

const WORD = /[\p{L}\p{N}]+(?:['’ʼ][\p{L}\p{N}]+)*/gu
const APOSTROPHES = /['’ʼ]/g
const MAX_WORD = 48

/** One lower-case word. What is cut is an ending, never the word: three letters stay. */
export const stem = (word: string): string =>
  /\p{Script=Cyrillic}/u.test(word) ? ukrainian(word) : english(word)

/** Endings of nouns and adjectives, and of the commonest verbs; cut once, the longest first. What nouns end in themselves (-ти, -ла) is not among them. */
const UK_ENDINGS = [
  'ування уванням ювання'.split(' '),
  'ється ються уться'.split(' '),
  'ими ові еві єві ами ями ого ому его ему ють уть'.split(' '),
  'ій ої ою ею єю ім їм им ом ем єм ам ям ах ях их іх їх ів їв ев єв ий їй ує ює ає яє'.split(' '),
  'а я о е є у ю и і ї й ь'.split(' '),
]
  .flat()
  .sort((a, b) => b.length - a.length)

function ukrainian(word: string): string {
  const plain = word.length > 6 ? word.replace(/(?:ся|сь)$/, '') : word
  const ending = UK_ENDINGS.find((end) => plain.endsWith(end) && plain.length - end.length >= 3)
  const base = (ending ? plain.slice(0, -ending.length) : plain)
    .replace(/(?<=.)ь$/, '')
    .replace(/([бвгґджзклмнпрстфхцчшщ])\1$/, '$1')
  // року and рік, ночі and ніч: і of a closed syllable is an о of an open one.
  return base.replace(/і([бвгґджзйклмнпрстфхцчшщ]{1,2})$/, 'о$1')
}

function english(word: string): string {
  if (word.length < 4 || /\d/.test(word)) return word
  let base = word
  if (/(?:ss|x|ch|sh)es$/.test(base)) base = base.slice(0, -2)
  else if (/[^aeiou]ies$/.test(base) && base.length > 4) base = `${base.slice(0, -3)}y`
  else if (/[^sui]s$/.test(base)) base = base.slice(0, -1)
  const cut = base.replace(/(?:ing|ed|ly)$/, '')
  if (cut !== base && cut.length >= 3 && /[aeiouy]/.test(cut)) base = cut.replace(/([bdfgmnprt])\1$/, '$1')
  if (base.length > 3) base = base.replace(/e$/, '')
  return base.replace(/y$/, 'i')
}

/** Words that say nothing about a page. */
const STOP = new Set(
  `а або але без би бо бути був була було були в вам вас ваш ви від він вона вони воно все всі де для до є є є ж за з зі із і й її їх його йому
  коли кого кому котрий ли мене мені ми мій може на над нам нас наш не ні них ну о об от по при про під та так також там те тебе ти то тобі того той тому тут у усе ці цей ця це цього через
  чи чим чого чому що щоб щодо як яка яке який якщо які якого
  a about an and are as at be been but by can could did do does for from had has have how i if in into is it its may me my no not of on or our so such than that the their them then there these they this to us was we were what
  when where which who why will with would you your`.split(/\s+/),
)
