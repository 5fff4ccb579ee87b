import { expect, test } from 'vitest'
import { createFormat } from './format.ts'

const uk = createFormat('uk')
const en = createFormat('en')

test('numbers stand as the reader writes them, with a no-break space before the unit', () => {
  expect([uk.seconds(1234), en.seconds(1234)]).toEqual(['1,2\u00a0с', '1.2\u00a0s'])
  expect([uk.money(0.0004), en.money(0.0004)]).toEqual(['$0,0004', '$0.0004'])
  expect([uk.percent(0.957), en.percent(0.957)]).toEqual(['96\u00a0%', '96\u00a0%'])
})

test('sizes are short and named in the reader’s language', () => {
  expect(uk.bytes(18_400_000)).toBe('18,4\u00a0МБ')
  expect(en.bytes(80_915_142)).toBe('81\u00a0MB')
  expect([en.bytes(13), en.bytes(36_400), en.bytes(0)]).toEqual(['13\u00a0B', '36\u00a0KB', '0\u00a0B'])
})

test('how long something lasts is said in its largest units', () => {
  const minute = 60_000
  expect([uk.span(8_400), uk.span(14 * minute), uk.span(-5)]).toEqual(['8\u00a0с', '14\u00a0хв', '0\u00a0с'])
  expect(en.span(365 * minute)).toBe('6\u00a0h 5\u00a0min')
  expect([en.span(120 * minute), en.span(16.5 * 1440 * minute)]).toEqual(['2\u00a0h', '16\u00a0d'])
})

test('a recording’s time is minutes and seconds', () => {
  expect([uk.clock(0), uk.clock(42_400), uk.clock(3_600_000)]).toEqual(['0:00', '0:42', '60:00'])
})

test('a day is named without the year while it is this year’s', () => {
  const now = Date.parse('2026-11-23T10:00:00Z')
  expect(uk.day('2026-11-13T12:00:00Z', now)).toMatch(/^П.ятниця, 13 листопада$/)
  expect(en.day('2025-11-14T12:00:00Z', now)).toBe('14 November 2025')
})
