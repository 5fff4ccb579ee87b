import { expect, test } from 'vitest'
import { withoutPauses, wordsBySegment } from './word-times.ts'

test('each word goes to the segment whose text it is of; marks stay with their word; times only go on', () => {
  const words = [
    { text: ' Так', timestamp: [0, 0.4] },
    { text: ',', timestamp: [0.4, 0.42] },
    { text: ' двері', timestamp: [0.42, 0.9] },
    { text: ' є.', timestamp: [0.8, 1.2] },
    { text: ' Де', timestamp: [1.1, null] },
  ]
  expect(wordsBySegment([{ text: ' Так, двері' }, { text: ' є. Де' }], words, 2)).toEqual([
    [
      { word: 'Так,', start: 0, end: 0.42 },
      { word: 'двері', start: 0.42, end: 0.9 },
    ],
    [
      { word: 'є.', start: 0.8, end: 1.2 },
      { word: 'Де', start: 1.1, end: 1.1 },
    ],
  ])
})

test('a pause belongs to no word', () => {
  const speech = [
    { start: 0.3, end: 2.2 },
    { start: 3.3, end: 4.4 },
  ]
  const words = [
    { word: 'fellow', start: 0, end: 2.1 },
    { word: 'Americans', start: 2.1, end: 3.35 },
    { word: 'ask', start: 3.35, end: 4.6 },
    { word: 'x', start: 5, end: 5.5 },
  ]
  expect(withoutPauses({ start: 0, end: 6, text: 'fellow Americans ask x', words }, speech)).toEqual({
    start: 0.3,
    end: 5.5,
    text: 'fellow Americans ask x',
    words: [
      { word: 'fellow', start: 0.3, end: 2.1 },
      { word: 'Americans', start: 2.1, end: 2.2 },
      { word: 'ask', start: 3.35, end: 4.4 },
      { word: 'x', start: 5, end: 5.5 },
    ],
  })
})
