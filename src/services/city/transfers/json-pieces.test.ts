import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type JsonPath, jsonPieces, type Verdict } from './json-pieces.ts'

async function read(bytes: Buffer, judge: (path: JsonPath) => Verdict, step = bytes.length, maxBytes = 1e6) {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
  }
  const pieces: [string, unknown][] = []
  const tooLarge = () => new Error('too large')
  for await (const { path, value } of jsonPieces(chunks(), { judge, maxBytes, tooLarge }))
    pieces.push([JSON.stringify(path), value])
  return pieces
}

/** Everything that is no list or object, wherever it stands, as JSON.parse has it. */
function leaves(value: unknown, path: JsonPath = []): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[JSON.stringify(path), value]]
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

test('reads what JSON.parse reads, wherever the chunks are cut', async () => {
  const plain = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown)
  await fc.assert(
    fc.asyncProperty(
      plain,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(0, 2),
      async (value, step, indent) => {
        const bytes = Buffer.from(JSON.stringify(value, null, indent))
        expect(await read(bytes, () => 'take', step)).toEqual([['[]', value]])
        expect(await read(bytes, () => 'skip', step)).toEqual([])
        const scalars = new Set(leaves(value).map(([path]) => path))
        const byLeaf = await read(
          bytes,
          (path) => (scalars.has(JSON.stringify(path)) ? 'take' : 'enter'),
          step,
        )
        expect(byLeaf).toEqual(leaves(value).filter(([path]) => scalars.has(path)))
      },
    ),
    { numRuns: 200 },
  )
})

test('takes what is asked for, holds no more than one value, and refuses one that is too large', async () => {
  const whole = { a: { deep: ['}]"\\"', { x: [1] }] }, list: [{ n: 1 }, 'два', null, 4.5e3], b: true }
  const items = (path: JsonPath): Verdict =>
    path.length === 0 || path.join('/') === 'list' ? 'enter' : path[0] === 'list' ? 'take' : 'skip'
  const bytes = Buffer.from(`\uFEFF ${JSON.stringify(whole)}\n`)
  const found = whole.list.map((value, i) => [`["list",${i}]`, value])
  expect(await read(bytes, items)).toEqual(found)
  expect(await read(bytes, items, 1)).toEqual(found)
  const large = Buffer.from(JSON.stringify({ skipped: 'x'.repeat(5000), list: ['y'.repeat(5000)] }))
  await expect(read(large, items, 100, 1000)).rejects.toThrow('too large')
  expect(await read(large, (path) => (path.length === 0 ? 'enter' : 'skip'), 100, 1000)).toEqual([])
})

test.each([
  '',
  '{',
  '[1,',
  '[1 2]',
  '{"a" 1}',
  '{"a":1,}',
  '[,1]',
  '[1]]',
  '{1:2}',
  '[1}',
  '"a',
  '{"a":1]',
  '[tru]',
])('says of %j that it is no JSON', async (text) => {
  const all = (path: JsonPath): Verdict => (path.length === 0 ? 'enter' : 'take')
  await expect(read(Buffer.from(text), all, 1)).rejects.toThrow()
  await expect(read(Buffer.from(text), () => 'take')).rejects.toThrow()
})
