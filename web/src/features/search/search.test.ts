import { expect, it } from 'vitest'
import { pieces } from './marked.tsx'
import { fitting, type Item } from './palette-items.ts'
import { asks, SearchParams, toInput } from './query.ts'

it('cuts a snippet at its marks and never loses or doubles a letter', () => {
  const text = 'Хто платить за <b>кабель</b>?'
  const marks = [
    { start: 18, end: 24, by: 'word' as const },
    { start: 4, end: 11, by: 'word' as const },
    { start: 5, end: 9, by: 'meaning' as const },
    { start: 20, end: 999, by: 'word' as const },
  ]
  const cut = pieces(text, marks)
  expect(cut.map((piece) => piece.text).join('')).toBe(text)
  expect(cut.filter(({ by }) => by === 'word').map((piece) => piece.text)).toEqual(['платить', 'кабель'])
})

it('keeps a search in the address, and takes days as the reader’s own', () => {
  expect(
    SearchParams.parse({ q: 'кабель', mode: 'x', has: ['voice'], after: '2026-11-01', before: 'noon' }),
  ).toEqual({
    q: 'кабель',
    has: ['voice'],
    after: '2026-11-01',
  })
  const input = toInput({ q: 'x', after: '2026-11-01', before: '2026-11-01' })
  expect([input.after, input.before]).toEqual([
    new Date(2026, 10, 1).toISOString(),
    new Date(2026, 10, 2).toISOString(),
  ])
  expect([
    asks({}),
    asks({ q: ' ' }),
    asks({ q: 'a' }),
    asks({ has: ['file'] }),
    asks({ in: 'square' }),
  ]).toEqual([false, false, true, true, true])
})

it('finds by beginnings first, and only what was asked for', () => {
  const item = (id: string, kind: Item['kind'], words: string): Item => ({
    id,
    kind,
    words,
    group: kind === 'action' ? 'act' : 'go',
  })
  const items = [
    item('1', 'room', 'Старе місто'),
    item('2', 'room', 'Ремонт даху'),
    item('3', 'person', 'Ірина Решетняк'),
    item('4', 'action', 'Режим тиші'),
    item('5', 'agent', 'DAARWIZZ'),
  ]
  const ids = (typed: string) => fitting(items, typed).map(({ id }) => id)
  expect(ids('ре')).toEqual(['2', '3', '1', '4'])
  expect(ids('>ре')).toEqual(['4'])
  expect(ids('@')).toEqual(['3', '5'])
  expect(ids('реш ірина')).toEqual(['3'])
  expect(ids('зовсім')).toEqual([])
})
