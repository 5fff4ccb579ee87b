import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../kernel/secret.ts'
import { httpRerank } from './http.ts'
import { lexicalRerank } from './lexical.ts'
import { rerankConformance } from './rerank.conformance.ts'
import type { Rerank } from './rerank.ts'

describe('by words', () => {
  rerankConformance(() => lexicalRerank)

  test('words side by side as they were asked come before the same words apart', async () => {
    const [first] = await lexicalRerank.rerank('water main', [
      'The main gate and the water tower.',
      'The water main broke.',
    ])
    expect(first?.index).toBe(1)
  })

  test('a text without a word of the query has nothing', async () => {
    const order = await lexicalRerank.rerank('оренда зали', ['Ціна хліба.', 'Оренда зали.'])
    expect(order[1]).toEqual({ index: 0, score: 0 })
    expect(order[0]?.score).toBeLessThanOrEqual(1)
  })
})

describe('by a server', () => {
  const asked: { path: string; key: string | undefined; body: Record<string, unknown> }[] = []
  let answer: (body: { query: string; documents: string[]; top_n: number }) => Promise<[number, unknown]>
  const honest: typeof answer = async ({ documents, query, top_n }) => {
    const order = await lexicalRerank.rerank(query, documents, { limit: top_n })
    // In the order of the texts, not of the scores: nothing promises the latter.
    const results = order
      .map(({ index, score }) => ({ index, relevance_score: score, document: null }))
      .sort((a, b) => a.index - b.index)
    return [200, { model: 'reranker-1', results, usage: { total_tokens: 9 } }]
  }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const body = JSON.parse(text)
    asked.push({ path: request.url ?? '', key: request.headers.authorization, body })
    const [status, json] = await answer(body)
    response
      .writeHead(status, { 'content-type': 'application/json', 'retry-after': '3' })
      .end(JSON.stringify(json))
  })
  let subject: Rerank
  beforeAll(async () => {
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    subject = httpRerank({ url, key: new Secret('rk-1'), model: 'reranker-1' })
    answer = honest
  })
  afterAll(() => void server.close())
  rerankConformance(() => subject)

  test('is asked in the shape that Jina, Cohere and vLLM share', async () => {
    asked.length = 0
    await subject.rerank('оренда', ['а', 'б'], { limit: 1 })
    expect(asked).toEqual([
      {
        path: '/v1/rerank',
        key: 'Bearer rk-1',
        body: {
          model: 'reranker-1',
          query: 'оренда',
          documents: ['а', 'б'],
          top_n: 1,
          return_documents: false,
        },
      },
    ])
  })

  test.each([
    ['places that are not there', [200, { results: [{ index: 7, relevance_score: 1 }] }], 'engine.cut'],
    [
      'the same place twice',
      [200, { results: [1, 1].map((index) => ({ index, relevance_score: 1 })) }],
      'engine.cut',
    ],
    ['something else', [200, ['hello']], 'engine.cut'],
    ['a refusal', [429, {}], 'engine.refused'],
  ] as const)('%s is a failure that passes, never an order', async (_name, [status, json], code) => {
    answer = async () => [status, json]
    await expect(subject.rerank('оренда', ['а', 'б'])).rejects.toMatchObject({ code, retryable: true })
    answer = honest
  })
})
