import { expect, test } from 'vitest'
import { asksForAll, bestQuotes, likeness, nearestSentence, sentences } from './scoring.ts'

test.each([
  ['договір', 'договору'],
  ['оренда', 'оренди'],
  ['рік', 'року'],
  ['ціна', 'цін'],
  ['payment', 'payments'],
  ['garden', 'gardens'],
])('%s and %s are one word', (a, b) => {
  expect(likeness(a, b)).toBeGreaterThan(0.4)
  expect(likeness(b, a)).toBe(likeness(a, b))
})

test.each([
  ['місто', 'місяць'],
  ['car', 'carpet'],
  ['2024', '2025'],
  ['сторона', 'сторінка'],
])('%s and %s are two words', (a, b) => expect(likeness(a, b)).toBe(0))

const passage = (n: number, text: string, title = 'Договір') => ({ n, title, text })

test('the sentence that holds the rare words of the question comes first', () => {
  const quotes = bestQuotes(
    'Скільки коштує оренда зали на місяць?',
    [
      passage(1, 'Цей договір укладено між громадою і кооперативом. Сторони поважають одна одну.'),
      passage(2, 'Оренда зали коштує 500 грн на місяць. Договір діє рік.'),
      passage(3, 'Яка оренда зали на місяць?'),
    ],
    3,
  )
  expect(quotes[0]).toMatchObject({ n: 2, text: 'Оренда зали коштує 500 грн на місяць.' })
  expect(quotes.map(({ n }) => n)).not.toContain(3)
})

test('a word in common is not yet an answer', () => {
  expect(
    bestQuotes('Who repaired the roof of the town library?', [passage(1, 'The roof is red.')], 3),
  ).toEqual([])
  expect(bestQuotes('and what is it', [passage(1, 'It is what it is.')], 3)).toEqual([])
})

test('the same sentence is quoted once', () => {
  const text = 'The gate key hangs by the door.'
  expect(bestQuotes('Where is the gate key?', [passage(1, text), passage(2, text)], 3)).toHaveLength(1)
})

test('a question about the whole is told from one about something in it', () => {
  expect(asksForAll('Що в цьому документі?')).toBe(true)
  expect(asksForAll('Summarise the document, please')).toBe(true)
  expect(asksForAll('Що в документі про оренду?')).toBe(false)
})

test('sentences end at list items and never exceed their limit', () => {
  expect(sentences('Потрібно:\n- ключ\n- лампа\n\nГотово.')).toEqual([
    'Потрібно:',
    '- ключ',
    '- лампа',
    'Готово.',
  ])
  expect(Math.max(...sentences('слово '.repeat(500)).map((s) => s.length))).toBeLessThanOrEqual(320)
})

test('a citation points at the nearest sentence', () => {
  expect(nearestSentence('It rains. The rent is 500. It snows.', 'the rent was five hundred')).toBe(
    'The rent is 500.',
  )
  expect(nearestSentence('It rains. It snows.', 'rent')).toBe('It rains.')
})
