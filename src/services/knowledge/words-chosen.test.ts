import { expect, test } from 'vitest'
import { chosen } from './words-chosen.ts'

// Of four words the first is in most passages, the last in the fewest.
const groups = [
  { mask: 0, passages: 500 },
  { mask: 0b0001, passages: 300 },
  { mask: 0b0010, passages: 100 },
  { mask: 0b0011, passages: 40 },
  { mask: 0b0100, passages: 20 },
  { mask: 0b0101, passages: 4 },
  { mask: 0b1000, passages: 3 },
]

test('of many passages those are read that hold rare words, or several common ones together', () => {
  const best = chosen({ groups, times: 50 }, 4, 1_500)
  expect(best?.sets).toEqual([[3], [2]])
  expect(best).toMatchObject({ counts: [344 * 50, 140 * 50, null, null], holding: 467 * 50 })
  expect(chosen({ groups, times: 50 }, 4, 4_000)?.sets).toEqual([[3], [2], [1, 0]])
})

test('a word that no sample holds is looked for by itself, and few passages are all read', () => {
  expect(chosen({ groups, times: 50 }, 5, 300)?.sets).toContainEqual([4])
  expect(chosen({ groups, times: 1 }, 4, 1_500)).toBeNull()
})
