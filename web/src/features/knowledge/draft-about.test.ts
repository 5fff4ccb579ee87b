import { expect, test } from 'vitest'
import { draftAbout } from './draft-about.ts'

const WORDS = '@daarwizz за документом «Договір»: '

test('an empty composer gets the words, a begun one keeps its own', () => {
  expect(draftAbout('', WORDS)).toBe(WORDS)
  expect(draftAbout(' \n', WORDS)).toBe(WORDS)
  expect(draftAbout('Скажіть, хто платить? ', WORDS)).toBe(`Скажіть, хто платить?\n${WORDS}`)
})

test('asking again adds nothing', () => {
  const begun = `${WORDS}яка гарантія?`
  expect(draftAbout(begun, WORDS)).toBe(begun)
})
