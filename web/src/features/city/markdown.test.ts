import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { beforeAll, expect, test } from 'vitest'
import { loadMarkdown, Markdown, plain } from './markdown.tsx'

beforeAll(loadMarkdown)

const show = (text: string, sources: readonly number[] = []) => {
  const cite = (n: number, key: string) => (sources.includes(n) ? createElement('sup', { key }, n) : null)
  return renderToStaticMarkup(createElement(Markdown, { text, cite }))
}

test('words are set as they are meant', () => {
  expect(show('**24 місяці** і `код`')).toContain('<strong>24 місяці</strong> і <code>код</code>')
  expect(show('- один\n- два')).toContain('<ul>')
  expect(show('рядок\nінший')).toContain('рядок<br/>інший')
})

test('HTML and scripts stay words', () => {
  const shown = show('<img src=x onerror=alert(1)><script>alert(1)</script>')
  expect(shown).not.toMatch(/<img|<script/)
  expect(shown).toContain('&lt;img')
})

test('no picture is fetched from outside, and no address runs code', () => {
  expect(show('![x](https://example.org/a.png)')).not.toContain('<img')
  expect(show('[x](javascript:alert(1))')).not.toContain('href')
  expect(show('[x](data:text/html,<b>)')).not.toContain('href')
})

test('a link opens apart and tells the other side nothing', () => {
  const shown = show('див. https://example.org/a')
  expect(shown).toContain('href="https://example.org/a" target="_blank" rel="noopener noreferrer nofollow"')
})

test('a number in brackets is a chip only where there is such a source', () => {
  expect(show('24 місяці [1], а не [9]', [1])).toContain('24 місяці <sup>1</sup>, а не [9]')
})

test('a name after @ is picked out, an address is not', () => {
  expect(show('@daarwizz, гляньте')).toContain('<span class="at">@daarwizz</span>')
  expect(show('olena@example')).not.toContain('class="at"')
})

test('a line that mentions words has no signs in it', () => {
  expect(plain('**Доброго** вечора\n- раз\n- `два`')).toBe('Доброго вечора раз два')
  const rich = '```ts\nconst a = 1\n```\n| а | б |\n|---|---|\n| 1 | 2 |\n||вбивця садівник|| і ||не закри'
  expect(plain(rich)).toBe('const a = 1 а б 1 2 ▒▒▒ і ▒▒▒')
})

test('words without a sign of Markdown are set the same as by its parser', async () => {
  const { parse } = await import('./markdown-parser.ts')
  const WORDS = [
    'Добрий день, @olena!',
    'Перший рядок\nдругий рядок',
    'Абзац.\n\nІнший — так :tada:',
    'по-перше, 3 (три)',
  ]
  for (const text of WORDS) {
    const kinds = parse(text).flatMap(({ type, children }) => (children ? children.map((c) => c.type) : type))
    expect(new Set(kinds), text).toEqual(
      new Set(['paragraph_open', 'text', 'paragraph_close', ...(/\S\n\S/.test(text) ? ['softbreak'] : [])]),
    )
    expect(show(text), text).toMatch(/^<div class="words"><p>/)
  }
  expect(show('Абзац.\n\nІнший')).toBe('<div class="words"><p>Абзац.</p><p>Інший</p></div>')
  expect(show('один\nдва')).toBe('<div class="words"><p>один<br/>два</p></div>')
})
