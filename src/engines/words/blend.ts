import { stems } from './stems.ts'

/** One way of ranking: ids, the nearest first, and how much it is believed. */
export interface Ranking {
  readonly ids: readonly string[]
  readonly weight: number
}

/** Reciprocal rank fusion (Cormack, Clarke, Büttcher 2009), with their constant. */
const K = 60

/** Several rankings as one score an id: what several ways find stands above what one finds. The smaller `k`, the more a first place counts against two middling ones. */
export function blend(rankings: readonly Ranking[], k = K): Map<string, number> {
  const scores = new Map<string, number>()
  for (const { ids, weight } of rankings)
    for (const [rank, id] of ids.entries()) scores.set(id, (scores.get(id) ?? 0) + weight / (k + rank + 1))
  return scores
}

/** What a passage gains by holding words of the question side by side as they were asked: as much as a first place, for all of them. */
export function phraseBonus(query: string): (text: string) => number {
  const asked = pairs(stems(query))
  return (text) => {
    if (asked.size === 0) return 0
    const held = pairs(stems(text))
    let both = 0
    for (const pair of asked) if (held.has(pair)) both += 1
    return both / asked.size / (K + 1)
  }
}

function pairs(words: readonly string[]): Set<string> {
  const found = new Set<string>()
  for (let i = 1; i < words.length; i++) found.add(`${words[i - 1]} ${words[i]}`)
  return found
}
