import { expect, test } from 'vitest'
import { pathInside } from './use-enter.ts'

const inside = (to?: string) => pathInside(to, 'https://city.test')

test('a path of the city is kept whole', () => {
  expect(inside('/rooms/square?message=msg_1')).toBe('/rooms/square?message=msg_1')
  expect(inside('/documents/doc_1?page=3&quote=24%20%D0%BC')).toBe(
    '/documents/doc_1?page=3&quote=24%20%D0%BC',
  )
})

test('what leads out of the city leads to its front page', () => {
  for (const to of [
    'https://evil.test/',
    '//evil.test',
    '/\\evil.test',
    'javascript:alert(1)',
    'rooms',
    '/\t/evil.test',
  ])
    expect(inside(to), to).toBe('/')
  expect(inside()).toBe('/')
  expect(inside('/sign-in?to=%2F')).toBe('/')
})
