import { expect, test } from 'vitest'
import { createWords } from '../../../i18n/language.ts'
import { kindsOf, ledgerWords } from './page-ledger.tsx'

const pages = (total: number, read: number, ocr = 0, empty = 0, failed = 0) => ({
  total,
  read,
  ocr,
  empty,
  failed,
})
const uk = (await createWords('uk')).t
const en = (await createWords('en')).t

test('says every page in both languages', () => {
  expect(ledgerWords(pages(14, 12, 1, 1), uk)).toBe('14 сторінок: 12 прочитано, 1 розпізнано, 1 порожня')
  expect(ledgerWords(pages(14, 12, 1, 1), en)).toBe('14 pages: 12 read, 1 by OCR, 1 empty')
})

test('counts as Ukrainian counts', () => {
  expect(ledgerWords(pages(1, 0, 0, 1), uk)).toBe('1 сторінка: 1 порожня')
  expect(ledgerWords(pages(3, 0, 0, 3), uk)).toBe('3 сторінки: 3 порожні')
  expect(ledgerWords(pages(21, 16, 0, 5), uk)).toBe('21 сторінка: 16 прочитано, 5 порожніх')
  expect(ledgerWords(pages(12, 9, 2, 0, 1), uk)).toBe(
    '12 сторінок: 9 прочитано, 2 розпізнано, 1 не прочитано',
  )
})

test('always adds up: what is not accounted for waits', () => {
  const kinds = kindsOf(pages(36, 19, 5, 1))
  expect(kinds.at(-1)).toEqual({ kind: 'waiting', count: 11 })
  expect(kinds.reduce((sum, { count }) => sum + count, 0)).toBe(36)
})
