import { expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import type { Embeddings } from './embeddings.ts'

/** What every driver of embeddings does. Who calls closes it. */
export function embeddingsConformance(subject: () => Embeddings): void {
  const texts = [
    'Рада міста ухвалила бюджет на 2026 рік.',
    'The cat sleeps on the sofa.',
    '',
    '👍',
    'a'.repeat(5000),
  ]

  test('is able, and names its model', async () => {
    expect(await subject().missing()).toBeNull()
    expect(subject().model).toMatch(/^[a-z\d]+\/\S+$/)
  })

  test('gives a unit vector of its dimensions for every text, in order', async () => {
    const all = await subject().embed(texts, { kind: 'passage' })
    expect(all).toHaveLength(texts.length)
    for (const vector of all) {
      expect(vector).toBeInstanceOf(Float32Array)
      expect(vector).toHaveLength(subject().dimensions)
      expect(Math.hypot(...vector)).toBeCloseTo(1, 4)
    }
    const [alone] = await subject().embed(texts.slice(1, 2), { kind: 'passage' })
    expect(alone).toEqual(all[1])
  })

  test('nothing for nothing', async () => {
    expect(await subject().embed([], { kind: 'query' })).toEqual([])
  })

  test('a question is nearer to its answer than to anything else', async () => {
    const [question] = await subject().embed(['Де спить кіт, на дивані? The cat, the sofa?'], {
      kind: 'query',
    })
    const [answer, other] = await subject().embed(
      ['The cat sleeps on the sofa. Кіт спить на дивані.', 'Бюджет ухвалено. Invoices are due in May.'],
      {
        kind: 'passage',
      },
    )
    expect(cosine(question, answer)).toBeGreaterThan(cosine(question, other))
  })

  test('stops when it is told to', async () => {
    const error = await subject()
      .embed(texts, { kind: 'passage', signal: AbortSignal.abort() })
      .catch((cause: unknown) => AppError.from(cause))
    expect(error).toMatchObject({ code: 'call.cancelled' })
  })
}

export const cosine = (a: Float32Array | undefined, b: Float32Array | undefined): number =>
  a?.reduce((sum, value, n) => sum + value * (b?.[n] ?? Number.NaN), 0) ?? Number.NaN
