import type { RE2JS } from 're2js'
import { stem } from '../../../engines/words/stems.ts'
import { cityError } from '../city.errors.ts'
import type { FilterRule } from '../moderation.contract.ts'

export type FilterAction = FilterRule['action']

/** Rules made ready to look. */
export interface Filter {
  /** The strictest of what the rules that match ask for; null where none matches. Time grows with the text, never faster. */
  look(text: string): FilterAction | null
}

export interface FilterLimits {
  readonly words: number
  readonly expressions: number
  /** Steps of all expressions together, as RE2 counts them: so many are taken for each letter at most. */
  readonly steps: number
}

export const ROOM_LIMITS: FilterLimits = { words: 100, expressions: 10, steps: 400 }
export const CITY_LIMITS: FilterLimits = { words: 400, expressions: 40, steps: 1200 }

const STRICTEST: readonly FilterAction[] = ['refuse', 'hold', 'report']

/** Makes a filter of rules. Refuses what cannot be run, saying which rule and where in it. The engine of expressions is read with the first rule that needs it. */
export async function createFilter(rules: readonly FilterRule[], limits: FilterLimits): Promise<Filter> {
  const phrases: { readonly phrase: readonly string[]; readonly action: FilterAction }[] = []
  const expressions: { readonly expression: RE2JS; readonly action: FilterAction }[] = []
  let steps = 0
  for (const [i, { kind, value, action }] of rules.entries()) {
    const index = i + 1
    if (kind === 'words') {
      const [phrase = []] = tokens(value)
      if (phrase.length === 0) throw cityError('city.rule_empty', { index })
      phrases.push({ phrase, action })
    } else {
      const expression = await compiled(value, index)
      steps += expression.programSize()
      expressions.push({ expression, action })
    }
  }
  if (phrases.length > limits.words)
    throw cityError('city.too_many_rules', { kind: 'words', limit: limits.words })
  if (expressions.length > limits.expressions)
    throw cityError('city.too_many_rules', { kind: 'expression', limit: limits.expressions })
  if (steps > limits.steps) throw cityError('city.rules_costly', { steps, limit: limits.steps })

  const byFirst = new Map<string, typeof phrases>()
  for (const one of phrases) {
    const first = one.phrase[0] ?? ''
    byFirst.set(first, [...(byFirst.get(first) ?? []), one])
  }
  return {
    look(text) {
      const found = new Set<FilterAction>()
      if (phrases.length > 0)
        for (const said of tokens(text))
          said.forEach((word, at) => {
            for (const { phrase, action } of byFirst.get(word) ?? [])
              if (phrase.every((one, i) => said[at + i] === one)) found.add(action)
          })
      if (expressions.length > 0) {
        const plain = bare(text)
        for (const { expression, action } of expressions)
          if (!found.has(action) && expression.test(plain)) found.add(action)
      }
      return STRICTEST.find((action) => found.has(action)) ?? null
    },
  }
}

async function compiled(value: string, index: number): Promise<RE2JS> {
  const { RE2JS } = await import('re2js')
  try {
    // Once without flags, which the engine would show as a part of what is wrong.
    RE2JS.compile(value)
    return RE2JS.compile(value, RE2JS.CASE_INSENSITIVE)
  } catch (cause) {
    const piece = cause instanceof Error && 'input' in cause ? String(cause.input ?? '') : ''
    const at = piece === '' ? 1 : Math.max(0, value.indexOf(piece)) + 1
    throw cityError('city.expression_invalid', { index, at, piece: piece || value }, { cause })
  }
}

/** Without what is not seen, such as joiners and soft hyphens, and without strokes put over letters. */
const bare = (text: string): string => text.normalize('NFKC').replace(/[\p{Cf}\p{M}]/gu, '')

/** Latin letters that look like Cyrillic ones, lower case. */
const ALIKE: Readonly<Record<string, string>> = {
  a: 'а',
  b: 'в',
  c: 'с',
  e: 'е',
  h: 'н',
  i: 'і',
  k: 'к',
  m: 'м',
  o: 'о',
  p: 'р',
  t: 'т',
  x: 'х',
  y: 'у',
  ï: 'ї',
}

/** What all forms of a word share. Coarser than the stems of search, for here a missed form is worse than a near one: «лотерея, лотерею», «дурень, дурня». */
function core(word: string): string {
  const base = stem(word)
  if (!/\p{Script=Cyrillic}/u.test(base)) return base
  const bare = base.replace(/(?<=^.{3,})[аеєиіїоуюяь]+$/u, '')
  return bare.replace(/(?<=^.{2,})[еєо](?=[бвгґджзйклмнпрстфхцчшщ]$)/u, '')
}

/** The words by their cores in order: as they are written, and, where it differs, as whoever swaps letters for look-alikes wants them read. */
function tokens(text: string): string[][] {
  const words =
    bare(text)
      .toLowerCase()
      .match(/[\p{L}\p{N}][\p{L}\p{N}'’ʼ]*/gu) ?? []
  const plain = words.map(core)
  const unmasked = words.map((word) =>
    /[abcehikmoptxyï]/u.test(word) && !/[dfgjlnqrsuvwz]/u.test(word)
      ? core(word.replace(/[abcehikmoptxyï]/gu, (letter) => ALIKE[letter] ?? letter))
      : core(word),
  )
  return unmasked.some((word, i) => word !== plain[i]) ? [plain, unmasked] : [plain]
}
