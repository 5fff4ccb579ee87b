import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunks } from './chunks.ts'

describe('chunks', () => {
  it('gives a short page whole', () => {
    expect(chunks('  Одне речення. ')).toEqual([{ start: 2, end: 15, text: 'Одне речення.' }])
    expect(chunks(' \n ')).toEqual([])
  })

  it('cuts at sentences, and begins with the last sentence of the passage before', () => {
    const sentences = Array.from({ length: 40 }, (_, i) => `Речення номер ${i} каже дещо про місто й людей.`)
    const found = chunks(sentences.join(' '))
    expect(found.length).toBeGreaterThan(1)
    for (const [i, chunk] of found.entries()) {
      expect(chunk.text).toMatch(/^Речення номер .*людей\.$/s)
      expect(chunk.text.length).toBeLessThanOrEqual(1_100)
      const before = found[i - 1]
      if (before) expect(before.text.endsWith(chunk.text.slice(0, chunk.text.indexOf('.') + 1))).toBe(true)
    }
  })

  it('loses no sign of any text and makes no passage too long', () => {
    const text = fc.array(fc.constantFrom('слово ', 'Word. ', '\n\n', 'а'.repeat(950), '😀', '! ', 'x'), {
      maxLength: 300,
    })
    fc.assert(
      fc.property(text, (parts) => {
        const page = parts.join('')
        const found = chunks(page)
        let covered = 0
        for (const { start, end, text } of found) {
          expect(page.slice(start, end)).toBe(text)
          expect(text.length).toBeLessThanOrEqual(1_300)
          expect(page.slice(covered, Math.max(covered, start)).trim()).toBe('')
          covered = Math.max(covered, end)
        }
        expect(page.slice(covered).trim()).toBe('')
      }),
    )
  })
})
