import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stems } from '../../../engines/words/stems.ts'
import { readTyped } from './filters.ts'
import { snippetOf } from './snippet.ts'
import { slips, spellingKeys } from './spelling.ts'

it('takes conditions out of what was typed, and leaves the rest as words', () => {
  const day = Date.UTC(2026, 10, 1)
  expect(readTyped('кабель from:@Taras in:#square has:voice after:2026-11-01')).toEqual({
    words: 'кабель',
    filters: { from: 'Taras', in: 'square', has: ['voice'], after: day },
  })
  expect(readTyped('від:"Марта К" до:2026-11-01 має:фото щось')).toEqual({
    words: 'щось',
    filters: { from: 'Марта К', before: day, has: ['image'] },
  })
  expect(readTyped('has:nothing before:noon http://in:80 from: note:x')).toEqual({
    words: 'has:nothing before:noon http://in:80 from: note:x',
    filters: { has: [] },
  })
})

it('counts slips, and gives words a slip apart a key in common', () => {
  expect([
    slips('кімната', 'кімната'),
    slips('кімнтаа', 'кімната'),
    slips('кімнат', 'кімната'),
    slips('кит', 'кіт'),
  ]).toEqual([0, 1, 1, 1])
  expect(slips('дерево', 'кабель')).toBeGreaterThan(3)
  const word = fc.string({ unit: fc.constantFrom(...'абвгдеіи'), minLength: 5, maxLength: 10 })
  fc.assert(
    fc.property(
      word,
      fc.nat(),
      fc.constantFrom(...'абвгдеіи'),
      fc.constantFrom(0, 1, 2, 3),
      (one, place, letter, kind) => {
        const at = place % (one.length - 1)
        const [a = '', b = ''] = [one[at], one[at + 1]]
        const swapped = one.slice(0, at) + b + a + one.slice(at + 2)
        const other =
          [
            one.slice(0, at) + one.slice(at + 1),
            one.slice(0, at) + letter + one.slice(at),
            one.slice(0, at) + letter + one.slice(at + 1),
            swapped,
          ][kind] ?? ''
        const keys = new Set(spellingKeys(one))
        expect(slips(one, other)).toBeLessThanOrEqual(1)
        if (other.length >= 4) expect(spellingKeys(other).some((key) => keys.has(key))).toBe(true)
      },
    ),
  )
  expect(spellingKeys('кіт')).toEqual([])
  expect(spellingKeys('2026')).toEqual([])
})

it('cuts a snippet that holds what it marks, whatever the text', () => {
  const piece = fc.oneof(
    fc.constantFrom('кабель ', 'Кабелі, ', '👩‍👩‍👧 ', '<b>', '\n\n', 'слово '),
    fc.string({ unit: 'binary', maxLength: 30 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('')
      const { text: shown, marks, words } = snippetOf(text, new Set(stems('кабель')), null)
      for (const { start, end } of marks) expect(stems(shown.slice(start, end))).toEqual(stems('кабель'))
      expect(marks.length > 0).toBe(words.length > 0)
      expect(shown.length).toBeLessThan(400)
      expect(shown).not.toMatch(/^(?:…)?[\uDC00-\uDFFF]|[\uD800-\uDBFF](?:…)?$/)
    }),
  )
})
