import { expect, test } from 'vitest'
import { locate } from './quote.ts'

const cut = (text: string, quote: string) => {
  const place = locate(text, quote)
  return place && text.slice(place.start, place.end)
}

test('finds a quote whatever the line breaks, hyphens and marks', () => {
  const page = '4.1. Підрядник гаран-\nтує якість  «виконаних»\nробіт протягом 24 місяців.'
  expect(cut(page, 'Підрядник гарантує якість "виконаних" робіт…')).toBe(
    'Підрядник гаран-\nтує якість  «виконаних»\nробіт',
  )
})

test('says so when it is not there', () => {
  expect(locate('Сторінка про інше.', 'гарантія 24 місяці')).toBeNull()
  expect(locate('Сторінка', ' … ')).toBeNull()
})
