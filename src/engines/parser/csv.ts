import type { Draft } from './sections.ts'
import { createSheetRows } from './sheets.ts'

/** Separated values as a table (RFC 4180, and what programs make of it): commas, semicolons, tabs or bars, whichever cut the first lines most evenly. */
export function readCsv(text: string, name: string, maxPages: number): readonly Draft[] {
  const separator = separatorOf(text)
  const rows = createSheetRows(maxPages)
  rows.sheet(name, false)
  for (const row of rowsOf(text, separator)) rows.row(row)
  return rows.pages()
}

const SEPARATORS = [',', ';', '\t', '|'] as const
const SAMPLE_ROWS = 30
const SAMPLE_CHARS = 64 * 1024

/** What separates the cells; a first line `sep=;` says it, as Excel has it. */
export function separatorOf(text: string): string {
  const told = /^sep=(.)\n/.exec(text)?.[1]
  if (told !== undefined) return told
  let best: { separator: string; score: number } = { separator: ',', score: 0 }
  for (const separator of SEPARATORS) {
    const score = evenness(text.slice(0, SAMPLE_CHARS), separator)
    if (score > best.score) best = { separator, score }
  }
  return best.separator
}

/** The share of rows as wide as most are, weighed by how wide; 0 where most have one cell. */
function evenness(sample: string, separator: string): number {
  const widths: number[] = []
  for (const row of rowsOf(sample, separator)) {
    widths.push(row.length)
    if (widths.length === SAMPLE_ROWS) break
  }
  const counts = new Map<number, number>()
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1)
  const [width = 1, count = 0] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? []
  return width < 2 ? 0 : (count / widths.length) * (1 + Math.min(width, 20) / 100)
}

function* rowsOf(text: string, separator: string): Generator<string[]> {
  let at = /^sep=.\n/.test(text) ? 6 : 0
  let row: string[] = []
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1)
      cell = text.slice(at + 1, end).replaceAll('""', '"')
      at = end + 1
    }
    let end = at
    while (end < text.length && text[end] !== separator && text[end] !== '\n') end++
    row.push((cell + text.slice(at, end)).trim())
    const isLast = end >= text.length || text[end] === '\n'
    at = end + 1
    if (isLast) {
      yield row
      row = []
    }
  }
  if (row.length > 0) yield row
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2))
    if (text[at + 1] !== '"') return at
  return text.length
}
