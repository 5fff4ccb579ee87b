import type { ParsedTable } from './parser.ts'

/** GitHub's Markdown. A table without a header gets an empty one, which the syntax wants. */
export function tableMarkdown({ header, rows }: ParsedTable): string {
  const width = rows[0]?.length ?? 0
  const line = (row: readonly string[]): string => `| ${row.map(cellMarkdown).join(' | ')} |`
  const [head = [], ...body] = header ? rows : [Array.from({ length: width }, () => ''), ...rows]
  return [line(head), `|${' --- |'.repeat(width)}`, ...body.map(line)].join('\n')
}

/** Rows as lines, cells parted by ` | `; what is empty to the end of a row is left out. */
export const plainTable = ({ rows }: ParsedTable): string =>
  rows
    .map((row) =>
      row
        .map((cell) => cell.replace(/\s+/g, ' ').trim())
        .join(' | ')
        .replace(/(?: \|)+ *$/, ''),
    )
    .filter((line) => line.trim() !== '')
    .join('\n')

/**
 * Rows of any length made a table of one width; null where there is not one word in it. Empty rows and columns are left out. The first row names the
 * columns where the document says so, or where it looks it.
 */
export function tableOfRows(rows: readonly (readonly string[])[], isHeaded = false): ParsedTable | null {
  const full = rows.filter((row) => row.some((cell) => cell.trim() !== ''))
  const width = full.reduce((most, row) => Math.max(most, row.length), 0)
  const used = new Set<number>()
  for (const row of full) for (const [at, cell] of row.entries()) if (cell.trim() !== '') used.add(at)
  if (used.size === 0) return null
  const columns = Array.from({ length: width }, (_, at) => at).filter((at) => used.has(at))
  const kept = full.map((row) => columns.map((at) => row[at]?.trim() ?? ''))
  return { header: kept.length > 1 && (isHeaded || looksLikeNames(kept[0] ?? [])), rows: kept }
}

/** Short words in every cell, no two the same, no figures. */
const looksLikeNames = (row: readonly string[]): boolean =>
  row.length > 1 &&
  new Set(row).size === row.length &&
  row.every((cell) => /\p{L}/u.test(cell) && cell.length <= 60 && !/^[\d\s.,%₴$€+-]+$/.test(cell))

const cellMarkdown = (cell: string): string =>
  cell.replace(/\\/g, '\\\\').replace(/\|/g, '\\|').replace(/\s+/g, ' ').trim()

/** Words that are nothing but words: what Markdown would take for its own signs is escaped. */
export const escapeMarkdown = (text: string): string =>
  text.replace(/[\\`*_[\]<>]/g, '\\$&').replace(/^(\s*)(#{1,6}\s|[-+]\s|\d{1,9}[.)]\s)/gm, '$1\\$2')

/** `[words](address)`; only for addresses that a reader may follow. */
export function linkMarkdown(words: string, address: string): string {
  const target = address.trim()
  if (words.trim() === '' || !/^(?:https?:|mailto:|tel:)/i.test(target)) return words
  return `[${words}](${target.replace(/[\s()<>]/g, (sign) => encodeURIComponent(sign).replace('(', '%28').replace(')', '%29'))})`
}
