import { expect, test } from 'vitest'
import { bothLanguages } from './both-languages.ts'

const texts = (...all: string[]) => all.map((text) => ({ text }))

test('two of five passages are of the other alphabet where there are so many, and the best of the question’s own stay', () => {
  const own = texts('перший', 'другий', 'третій', 'четвертий', 'п’ятий')
  const other = texts('first', 'second', 'third')
  const [one, two, three] = own
  expect(bothLanguages('питання', [...own, ...other], 5)).toEqual([one, two, three, ...other.slice(0, 2)])
  expect(bothLanguages('question', [...own, ...other], 5)).toEqual(own)
  expect(bothLanguages('питання', own, 3)).toEqual(own.slice(0, 3))
  const mixed = texts('перший', 'first', 'другий', 'second', 'третій', 'четвертий')
  expect(bothLanguages('питання', mixed, 5)).toEqual(mixed.slice(0, 5))
})
