import { expect, test } from 'vitest'
import type { Rerank } from './rerank.ts'

const TEXTS = [
  'Зал зачинено до понеділка.',
  'Оренда зали коштує двісті гривень за годину.',
  'Ціна хліба зросла.',
]

/** What every driver of reranking does. */
export function rerankConformance(subject: () => Rerank): void {
  test('is able, and says which model it is', async () => {
    expect(await subject().missing()).toBeNull()
    expect(subject().model.startsWith(`${subject().name}/`)).toBe(true)
  })

  test('puts what answers first, each text once', async () => {
    const order = await subject().rerank('скільки коштує оренда зали', TEXTS)
    expect(order[0]?.index).toBe(1)
    expect(order.map(({ index }) => index).sort()).toEqual([0, 1, 2])
    const scores = order.map(({ score }) => score)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  })

  test('gives no more than asked for, and nothing for nothing', async () => {
    expect(await subject().rerank('оренда', TEXTS, { limit: 1 })).toHaveLength(1)
    expect(await subject().rerank('оренда', [])).toEqual([])
  })

  test('stops when it is told to', async () => {
    const work = subject().rerank('оренда', TEXTS, { signal: AbortSignal.abort() })
    await expect(work).rejects.toMatchObject({ code: 'call.cancelled' })
  })
}
