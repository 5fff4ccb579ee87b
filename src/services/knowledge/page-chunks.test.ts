import { describe, expect, it } from 'vitest'
import { pageChunks } from './page-chunks.ts'

describe('pageChunks', () => {
  it('cuts a table between rows, and names its columns in every piece', () => {
    const rows = [
      ['Вулиця', 'Борг'],
      ...Array.from({ length: 120 }, (_, i) => [`Садова, ${i}`, `${i * 10} грн`]),
    ]
    const lines = rows.map((row) => row.join(' | '))
    const text = `Борги за воду.\n\n${lines.join('\n')}\n\nПідписано.`
    const found = pageChunks(text, [{ rows, header: true }])
    const pieces = found.filter(({ text: words }) => words.includes(' | '))
    expect(pieces.length).toBeGreaterThan(1)
    for (const piece of pieces) {
      expect(piece.text.startsWith('Вулиця | Борг\n')).toBe(true)
      expect(text.slice(piece.start, piece.end)).toBe(piece.text.slice(piece.head))
      for (const line of piece.text.split('\n')) expect(lines).toContain(line)
    }
    // Nothing is lost and nothing is said twice but the names of the columns.
    expect(pieces.flatMap(({ text: words, head }) => words.slice(head).split('\n'))).toEqual(lines)
    expect(found[0]?.text).toBe('Борги за воду.')
    expect(found.at(-1)?.text).toBe('Підписано.')
  })

  it('takes a table that stands otherwise on the page for words', () => {
    const found = pageChunks('Садова 10\nЛісова 20', [
      {
        rows: [
          ['Садова', '10'],
          ['Лісова', '20'],
        ],
        header: false,
      },
    ])
    expect(found).toEqual([{ start: 0, end: 19, text: 'Садова 10\nЛісова 20', head: 0 }])
  })
})
