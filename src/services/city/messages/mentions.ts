/** Whom a text calls: the agents whose name stands in it as a word of its own, written or as a recogniser may have heard it. */
export function mentioned<A extends Called>(text: string, agents: readonly A[]): readonly A[] {
  if (text.trim() === '') return []
  const words = wordsOf(text)
  return agents.filter((agent) => calls(words, agent))
}

/** What an agent answers to. */
export interface Called {
  readonly slug: string
  readonly name: string
  readonly names: readonly string[]
}

/** Below this many letters a name counts only as it is written: short names sound like too many words. */
const MIN_SOUND = 5

interface Word {
  readonly written: string
  readonly sound: string
}

function calls(words: readonly Word[], agent: Called): boolean {
  const names = new Set([agent.slug, agent.name, ...agent.names].map(plain).filter((name) => name !== ''))
  const sounds = new Set([...names].map((name) => soundOf(name)).filter((sound) => sound.length >= MIN_SOUND))
  return words.some((word, i) => {
    if (names.has(word.written)) return true
    const next = words[i + 1]
    const pair = next && `${word.written}${next.written}`
    if (pair !== undefined && names.has(pair)) return true
    for (const sound of sounds) {
      if (near(word.sound, sound)) return true
      if (next && declined(word.sound + next.sound, sound)) return true
    }
    return false
  })
}

/** Names of more than one word are matched without their gaps. */
const plain = (name: string): string => fold(name).replace(/[^\p{L}\p{N}]+/gu, '')
const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

/** Addresses name nobody: `https://daarwizz.example` and `info@daarwizz.example` call no one. */
const isAddress = (chunk: string): boolean =>
  chunk.includes('://') || /[\p{L}\p{N}]@[\p{L}\p{N}-]+\.[\p{L}\p{N}]/u.test(chunk)

/** No name is longer; what is, is no word. */
const MAX_WORD = 64

function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const chunk of fold(text).split(/\s+/)) {
    if (isAddress(chunk)) continue
    for (const written of chunk.match(/[\p{L}\p{N}]+/gu) ?? [])
      if (written.length <= MAX_WORD) words.push({ written, sound: soundOf(written) })
  }
  return words
}

/** The same sound, in a case of the Ukrainian declension, or off by one vowel: consonants carry a name, vowels are what recognisers miss. So `darvis` is heard in "дарвіс" and "dorviz", but not in "Darwin", "Jarvis", "Davis" or "Darius". */
const near = (heard: string, name: string): boolean =>
  declined(heard, name) || (bones(heard) === bones(name) && within(heard, name))

const ENDINGS = ['a', 'u', 'e', 'i', 'om', 'ovi', 'em']
const declined = (heard: string, name: string): boolean =>
  heard === name || (heard.startsWith(name) && ENDINGS.includes(heard.slice(name.length)))

const bones = (sound: string): string => sound.replace(/[aeiou]/g, '')

/** One letter more, less or other. */
function within(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  const rest = Math.min(a.length, b.length) - start
  while (end < rest && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return Math.max(a.length, b.length) - start - end <= 1
}

const LETTERS: Readonly<Record<string, string>> = {
  а: 'a',
  б: 'b',
  в: 'v',
  г: 'h',
  ґ: 'g',
  д: 'd',
  е: 'e',
  є: 'e',
  э: 'e',
  ё: 'e',
  ж: 'ж',
  з: 's',
  и: 'i',
  і: 'i',
  ї: 'i',
  й: 'i',
  ы: 'i',
  к: 'k',
  л: 'l',
  м: 'm',
  н: 'n',
  о: 'o',
  п: 'p',
  р: 'r',
  с: 's',
  т: 't',
  у: 'u',
  ф: 'f',
  х: 'h',
  ц: 'ts',
  ч: 'ч',
  ш: 'ш',
  щ: 'ш',
  ь: '',
  ъ: '',
  ю: 'iu',
  я: 'ia',
  w: 'v',
  z: 's',
  y: 'i',
  c: 'k',
  q: 'k',
  x: 'ks',
  j: 'ж',
}

/** One spelling for what sounds alike in Ukrainian and English. */
function soundOf(word: string): string {
  return word
    .replace(/sh/g, 'ш')
    .replace(/ch/g, 'ч')
    .replace(/zh/g, 'ж')
    .replace(/ph/g, 'f')
    .replace(/wh/g, 'w')
    .replace(/dz|дз/g, 'z')
    .replace(/./gu, (letter) => LETTERS[letter] ?? letter)
    .replace(/(.)\1+/gu, '$1')
}
