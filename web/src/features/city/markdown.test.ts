import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Markdown, plain } from './markdown.tsx'

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
})
