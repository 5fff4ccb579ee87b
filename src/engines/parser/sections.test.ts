import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blocksOf, cutSections } from './sections.ts'

test('Markdown falls into headings, paragraphs and whole pieces of code', () => {
  const text = '# Один\nслова\n\n```sh\n# не заголовок\n\nls\n```\n\n## Два\n\nкінець'
  const told = blocksOf(text, 'markdown').map(({ level, text: words }) => ({ level, text: words }))
  expect(told).toEqual([
    { level: 1, text: '# Один' },
    { level: 0, text: 'слова' },
    { level: 0, text: '```sh\n# не заголовок\n\nls\n```' },
    { level: 2, text: '## Два' },
    { level: 0, text: 'кінець' },
  ])
  expect(blocksOf('| a | b |\n|---|:-:|\n| 1 | x \\| y |', 'markdown')[0]?.table).toEqual({
    header: true,
    rows: [
      ['a', 'b'],
      ['1', 'x | y'],
    ],
  })
  expect(blocksOf('# not a heading', 'plain')).toEqual([{ level: 0, text: '# not a heading' }])
})

test('a section ends early before a heading, never in the middle of a short paragraph', () => {
  const paragraph = 'a'.repeat(60)
  const blocks = [
    { level: 1, text: 'First' },
    { level: 0, text: paragraph },
    { level: 1, text: 'Second' },
    { level: 0, text: paragraph },
  ]
  expect(cutSections(blocks, 100)).toEqual([`First\n\n${paragraph}`, `Second\n\n${paragraph}`])
})

test('a long paragraph is cut between sentences', () => {
  const text = 'Перше речення тут. Друге речення тут. '.repeat(20).trim()
  const sections = cutSections([{ level: 0, text }], 100)
  expect(sections.length).toBeGreaterThan(5)
  for (const section of sections) expect(section).toMatch(/\.$/)
  expect(sections.join(' ')).toBe(text)
})

test('nothing is lost, and no section grows out of bounds', () => {
  const words = fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 30 })
  fc.assert(
    fc.property(words, (texts) => {
      const blocks = texts.filter((text) => text.trim() !== '').map((text) => ({ level: 0, text }))
      const sections = cutSections(blocks, 100)
      const plain = (parts: readonly string[]): string => parts.join('').replace(/\s/g, '')
      expect(plain(sections)).toBe(plain(blocks.map(({ text }) => text)))
      for (const section of sections) expect(section.length).toBeLessThan(300)
    }),
  )
})
