import type { LlmPassage } from './llm.ts'
import { isAside, STOP_WORDS } from './stop-words.ts'

/** A sentence worth quoting, and how well it answers: 0…1 for its words, somewhat more where its surroundings fit too. */
export interface Quote {
  readonly n: number
  readonly text: string
  readonly score: number
}

const WORD = /[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu
/** How much of a question's words a passage must hold to count as an answer. */
const ENOUGH = 0.34
const MAX_SENTENCE = 320
const MAX_ASKED = 40
const NEARBY = 0.25

/** The words of a text that carry meaning, lower case, in order; Ukrainian and English. */
const contentWords = (text: string): string[] => words(text).filter((word) => !STOP_WORDS.has(word))

export const words = (text: string): string[] =>
  text.normalize('NFKC').toLowerCase().replaceAll(/[’ʼ`]/g, "'").match(WORD) ?? []

/** How alike two words are, 0…1, by their common beginning: endings differ in both languages, and Ukrainian turns і into о or е when a syllable opens (рік, року). */
export function likeness(a: string, b: string): number {
  if (a === b) return 1
  if (/\d/.test(a) || /\d/.test(b)) return 0
  const [shorter, longer] = [Math.min(a.length, b.length), Math.max(a.length, b.length)]
  let common = 0
  while (common < shorter && (a[common] === b[common] || alternates(a, b, common))) common++
  const tail = longer - common
  if (common < 3 || common < 0.6 * shorter || tail > (common < 5 ? 2 : 4)) return 0
  return common / longer
}

function alternates(a: string, b: string, at: number): boolean {
  const closed = (x: string, y: string) =>
    x[at] === 'і' &&
    (y[at] === 'о' || y[at] === 'е') &&
    /^[бвгґджзйклмнпрстфхцчшщ]{1,2}ь?$/.test(x.slice(at + 1))
  return closed(a, b) || closed(b, a)
}

/** The sentences of a text; lines end sentences too, and a very long one is cut at a word. */
export function sentences(text: string): string[] {
  const segmenter = new Intl.Segmenter('uk', { granularity: 'sentence' })
  return text
    .split(/\n\s*\n|\n(?=\s*(?:[-•*–]|\d+[.)])\s)/)
    .flatMap((block) => [...segmenter.segment(block.replaceAll(/\s+/g, ' '))])
    .map(({ segment }) => shorten(segment.trim(), MAX_SENTENCE))
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
}

/** Cuts a text at a word, with an ellipsis. */
function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text
  const cut = text.slice(0, limit - 1)
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), limit / 2)).trimEnd()}…`
}

/** The sentences that answer a question best, best first, none twice; rare words weigh more than common ones. Empty where nothing is near enough. */
export function bestQuotes(question: string, passages: readonly LlmPassage[], limit: number): Quote[] {
  const asked = [...new Set(contentWords(question))].slice(0, MAX_ASKED)
  if (asked.length === 0) return []
  const candidates = passages.flatMap((passage) => {
    const around = match(asked, contentWords(`${passage.title} ${passage.text}`))
    return sentences(passage.text)
      .filter((text) => !text.endsWith('?'))
      .map((text) => ({ n: passage.n, text, around, hits: match(asked, contentWords(text)) }))
  })
  const weights = asked.map((_, i) => {
    const holding = candidates.filter(({ hits }) => (hits[i] ?? 0) > 0).length
    return Math.log(1 + candidates.length / (1 + holding))
  })
  const total = sum(weights) || 1
  const weigh = (hits: readonly number[]) => sum(hits.map((hit, i) => hit * (weights[i] ?? 0))) / total
  const ranked = candidates
    .filter(({ hits, around }) => sum(hits) > 0 && sum(around) / asked.length >= ENOUGH)
    .map(({ n, text, hits, around }) => ({ n, text, score: weigh(hits) + NEARBY * weigh(around) }))
    .sort((a, b) => b.score - a.score)
  const best = ranked[0]?.score ?? 0
  return distinct(ranked.filter(({ score }) => score >= best * 0.6)).slice(0, limit)
}

/** The sentence of a text that is nearest to a query, to show where a citation points; its first one where none is near. */
export function nearestSentence(text: string, query: string): string {
  const asked = contentWords(query)
  let best = { text: '', score: -1 }
  for (const sentence of sentences(text)) {
    const score = sum(match(asked, contentWords(sentence)))
    if (score > best.score) best = { text: sentence, score }
  }
  return best.text || shorten(text.trim(), MAX_SENTENCE)
}

/** How much of a question's words a text holds, 0…1. */
export function closeness(question: string, text: string): number {
  const asked = [...new Set(contentWords(question))].slice(0, MAX_ASKED)
  return asked.length === 0 ? 0 : sum(match(asked, contentWords(text))) / asked.length
}

/** Whether a question asks for no word in particular: "what is in this document?" */
export const asksForAll = (question: string): boolean => contentWords(question).every(isAside)

/** For each word asked for, how well the best of the words given meets it. */
const match = (asked: readonly string[], given: readonly string[]): number[] =>
  asked.map((word) => given.reduce((best, other) => Math.max(best, likeness(word, other)), 0))

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

function distinct(quotes: readonly Quote[]): Quote[] {
  const seen = new Set<string>()
  return quotes.filter(({ text }) => {
    const key = words(text).join(' ')
    return !seen.has(key) && seen.add(key)
  })
}
