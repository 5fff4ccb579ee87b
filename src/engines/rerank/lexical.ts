import { kernelError } from '../../kernel/errors.ts'
import { phraseBonus } from '../words/blend.ts'
import { stems } from '../words/stems.ts'
import type { Rerank } from './rerank.ts'

/** The usual constants of BM25 (Robertson, Zaragoza 2009). */
const K1 = 1.2
const B = 0.75
/** What words side by side as they were asked weigh beside the words alone. */
const PHRASE = 15

/**
 * By words alone, in Ukrainian and English, on this machine: BM25 among the texts at hand, and more where words stand side by side as they were
 * asked. Scores are 0…1, 0 where a text holds no word of the query; equals keep their order.
 */
export const lexicalRerank: Rerank = {
  name: 'lexical',
  model: 'lexical/bm25',
  missing: () => Promise.resolve(null),
  async rerank(query, texts, { limit = texts.length, signal } = {}) {
    if (signal?.aborted) throw kernelError('call.cancelled')
    const asked = [...new Set(stems(query))]
    const words = texts.map(stems)
    const mean = words.reduce((sum, { length }) => sum + length, 0) / texts.length || 1
    const rarity = new Map(
      asked.map((word) => {
        const holding = words.filter((held) => held.includes(word)).length
        return [word, Math.log(1 + (texts.length - holding + 0.5) / (holding + 0.5))]
      }),
    )
    const most = asked.reduce((sum, word) => sum + (rarity.get(word) ?? 0) * (K1 + 1), 0) || 1
    const phrase = phraseBonus(query)
    const scores = texts.map((text, index) => {
      const held = words[index] ?? []
      let score = 0
      for (const word of asked) {
        const times = held.filter((one) => one === word).length
        const length = K1 * (1 - B + (B * held.length) / mean)
        score += ((rarity.get(word) ?? 0) * times * (K1 + 1)) / (times + length)
      }
      return { index, score: Math.min(1, (score / most) * (1 + PHRASE * phrase(text)) * 0.8) }
    })
    return scores.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, limit)
  },
}
