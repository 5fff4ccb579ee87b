import { expect, test } from 'vitest'
import { inScript, isNumero, scriptOf, scriptOfLine } from './script.ts'

test('the alphabet of a word', () => {
  expect(['word', 'слово', 'сloво', '12:30'].map(scriptOf)).toEqual(['latin', 'cyrillic', 'mixed', 'none'])
})

test('the alphabet of a line is that of most letters', () => {
  expect(scriptOfLine(['система', 'Windows', 'працює', '11'])).toBe('cyrillic')
  expect(scriptOfLine(['the', 'о', 'other'])).toBe('latin')
})

test('letters that look the same change their alphabet, others keep a word as it is', () => {
  expect(inScript('о', 'latin')).toBe('o')
  expect(inScript('OCA', 'cyrillic')).toBe('ОСА')
  expect(inScript('гарідо', 'latin')).toBeNull()
  expect(inScript('14-30', 'latin')).toBe('14-30')
})

test('the numero sign stands before a number only', () => {
  expect(isNumero('Ne', '12')).toBe(true)
  expect(isNumero('Ле', '12')).toBe(true)
  expect(isNumero('Ne', 'буде')).toBe(false)
})
