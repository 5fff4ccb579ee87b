import { expect, test } from 'vitest'
import { errorRates } from './error-rates.ts'

test('one word of four, two letters of fourteen; case, marks and apostrophes do not count', () => {
  expect(errorRates('Кам’янець, де ВІН?', "кам'янець де він")).toEqual({ words: 0, letters: 0 })
  expect(errorRates('ask not what yore', 'Ask not: what your')).toEqual({ words: 1 / 4, letters: 2 / 14 })
  expect(errorRates('', 'nobody spoke')).toEqual({ words: 1, letters: 1 })
  expect(errorRates('thank you', '')).toEqual({ words: 2, letters: 8 })
})
