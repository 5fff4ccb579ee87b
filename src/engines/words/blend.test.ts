import { describe, expect, it } from 'vitest'
import { blend, phraseBonus } from './blend.ts'

describe('blend', () => {
  it('puts what two rankings find above what one finds first', () => {
    const scores = blend([
      { ids: ['a', 'b'], weight: 1 },
      { ids: ['c', 'b'], weight: 1 },
    ])
    const order = [...scores].sort((x, y) => y[1] - x[1]).map(([id]) => id)
    expect(order[0]).toBe('b')
  })

  it('believes a lighter ranking less', () => {
    const scores = blend([
      { ids: ['a'], weight: 1 },
      { ids: ['b'], weight: 0.4 },
    ])
    expect(scores.get('a')).toBeGreaterThan(scores.get('b') ?? 0)
  })
})

describe('phraseBonus', () => {
  it('is for words that stand side by side as asked, in any form', () => {
    const bonus = phraseBonus('trace trees')
    expect(bonus('Each trace tree has a root.')).toBeGreaterThan(0)
    expect(bonus('Trees are walked; a trace is kept.')).toBe(0)
    expect(phraseBonus('trace')('a trace')).toBe(0)
  })
})
