import { expect, test } from 'vitest'
import { changesOf } from './changes.ts'

const told = (before: string[], after: string[]) =>
  changesOf(before.join('\n'), after.join('\n')).map(({ line, kind, text }) => `${kind} ${line} ${text}`)

test('the lines that are gone and that have come are told, and no others', () => {
  expect(told(['a', 'b', 'c'], ['a', 'b', 'c'])).toEqual([])
  expect(told(['a', 'b', 'c', 'd'], ['a', 'x', 'c', 'y', 'd'])).toEqual(['gone 2 b', 'come 2 x', 'come 4 y'])
  expect(told([''], ['a', 'b'])).toEqual(['gone 1 ', 'come 1 a', 'come 2 b'])
  const long = Array.from({ length: 2_000 }, (_, n) => `${n}`)
  expect(told(long, long.toReversed())).toHaveLength(4_000)
})
