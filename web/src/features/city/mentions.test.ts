import { expect, test } from 'vitest'
import { complete, type Mentionable, mentionAt, suggest } from './mentions.ts'

const all: Mentionable[] = [
  { id: '1', kind: 'person', name: 'Дарина Коваль', handle: 'Дарина' },
  { id: '2', kind: 'agent', name: 'DAARWIZZ', handle: 'daarwizz' },
]

test('a name begins with @ after a space or at the start, never inside an address', () => {
  expect(mentionAt('@', 1)).toBe('')
  expect(mentionAt('скажи, @даа', 11)).toBe('даа')
  expect(mentionAt('olena@daarion.city', 18)).toBeNull()
  expect(mentionAt('@daar wizz', 10)).toBeNull()
})

test('agents come first, and any word of a name fits', () => {
  expect(suggest(all, '').map(({ handle }) => handle)).toEqual(['daarwizz', 'Дарина'])
  expect(suggest(all, 'ков').map(({ handle }) => handle)).toEqual(['Дарина'])
  expect(suggest(all, 'DAAR').map(({ handle }) => handle)).toEqual(['daarwizz'])
})

test('the chosen name takes the place of what was written', () => {
  expect(complete('гей @da що там', 7, 'daarwizz')).toEqual({ text: 'гей @daarwizz що там', caret: 14 })
  expect(complete('@', 1, 'daarwizz')).toEqual({ text: '@daarwizz ', caret: 10 })
})
