import { expect, test } from 'vitest'
import { cite } from './citations.ts'
import type { Source } from './context.ts'

const sources: Source[] = [
  {
    n: 1,
    kind: 'document',
    title: 'Lease',
    document: 'doc_1',
    page: 3,
    text: 'It is old. The rent is 500 a month.',
  },
  { n: 2, kind: 'message', title: 'Olia', message: 'msg_1', text: 'The gate is blue.' },
]

test('only what the text names is cited, at the sentence that bears it out', () => {
  expect(cite('The rent is 500 [1].', sources)).toEqual({
    text: 'The rent is 500 [1].',
    citations: [{ n: 1, title: 'Lease', document: 'doc_1', page: 3, quote: 'The rent is 500 a month.' }],
  })
  expect(cite('The gate is blue [2].', sources).citations).toEqual([
    { n: 2, title: 'Olia', message: 'msg_1', quote: 'The gate is blue.' },
  ])
  expect(cite('Nothing is named.', sources).citations).toEqual([])
})

test('a marker without a source is taken out, alone and among others', () => {
  const { text, citations } = cite('The rent is 500 [1, 9], the gate is blue[2][7] and red [8].', sources)
  expect(text).toBe('The rent is 500 [1], the gate is blue[2] and red.')
  expect(citations.map(({ n }) => n)).toEqual([1, 2])
})

test('code and links are left alone', () => {
  const answer = 'Use `list[9]`:\n```js\na[7] = b[1]\n```\nand [5](https://example.org).'
  expect(cite(answer, sources)).toEqual({ text: answer, citations: [] })
})
