import { plainTable, tableMarkdown } from './markdown.ts'
import type { ParsedHeading, ParsedPage, ParsedPicture, ParsedTable, Place } from './parser.ts'

/** A piece of a document: a heading with its level 1…6, or, with level 0, a paragraph, a list item, a table. */
export interface Block {
  readonly level: number
  /** Words alone; of a table, its rows as lines. */
  readonly text: string
  /** The same in Markdown, where that is more than words. */
  readonly markdown?: string | undefined
  readonly table?: ParsedTable | undefined
  readonly pictures?: readonly ParsedPicture[] | undefined
  /** A line that follows one of its kind without a blank one between: an item of a list. */
  readonly isItem?: boolean | undefined
}

/** A page before it has its number. */
export type Draft = Omit<ParsedPage, 'number'>

export const SECTION_CHARS = 3_000

/** A table as a block of its own. */
export const tableBlock = (table: ParsedTable): Block => ({
  level: 0,
  text: plainTable(table),
  markdown: tableMarkdown(table),
  table,
})

/** A heading as a block. */
export const headingBlock = (level: number, text: string): Block => ({
  level,
  text,
  markdown: `${'#'.repeat(level)} ${text}`,
})

/**
 * What stands for pages where a format has none: runs of whole blocks of about `size` characters, ended early before a heading, so that a section is
 * about one thing. A block longer than that is cut between rows, sentences, or, failing these, words. Each is known by its heading, or by `place`.
 */
export function cutPages(blocks: readonly Block[], size = SECTION_CHARS, place?: Place): readonly Draft[] {
  const pages: Draft[] = []
  let heading = ''
  let current: Block[] = []
  let length = 0
  // A heading is not parted from what it heads.
  let hasBody = false
  const close = (): void => {
    const own = current.find(({ level }) => level > 0)
    const label = current[0]?.level || heading === '' ? titleWords(own?.text ?? heading) : titleWords(heading)
    if (current.length > 0)
      pages.push(draftOf(current, place ?? (label === '' ? undefined : { kind: 'section', label })))
    for (const block of current) if (block.level > 0) heading = block.text
    current = []
    length = 0
    hasBody = false
  }
  for (const block of blocks) {
    if (block.level > 0 && length > size / 2) close()
    for (const piece of cutBlock(block, size)) {
      if (hasBody && length + piece.text.length > size * 1.2) close()
      current.push(piece)
      if (piece.level === 0) hasBody = true
      length += piece.text.length + 2
      if (length >= size) close()
    }
  }
  close()
  return pages
}

/** `cutPages` as texts. */
export const cutSections = (blocks: readonly Block[], size = SECTION_CHARS): readonly string[] =>
  cutPages(blocks, size).map(({ text }) => text)

/** A heading's own words, without the signs of Markdown. */
export const titleWords = (text: string): string =>
  text
    .replace(/^#+\s+|\s+#+$/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)

/** Blocks that stand on one page, whole. */
export function draftOf(blocks: readonly Block[], place?: Place): Draft {
  const text = joined(blocks, (block) => block.text)
  const tables = blocks.flatMap(({ table }) => table ?? [])
  const pictures = blocks.flatMap((block) => block.pictures ?? [])
  const headings = blocks.flatMap(({ level, text: words }): ParsedHeading[] =>
    level > 0 ? [{ level: Math.min(level, 6), text: titleWords(words) }] : [],
  )
  return {
    state: text.trim() === '' ? 'empty' : 'read',
    text,
    ...(place && { place }),
    ...(blocks.some(({ markdown }) => markdown !== undefined) && {
      markdown: joined(blocks, ({ markdown, text: plain }) => markdown ?? plain),
    }),
    ...(tables.length > 0 && { tables }),
    ...(pictures.length > 0 && { pictures }),
    ...(headings.length > 0 && { headings }),
  }
}

function joined(blocks: readonly Block[], words: (block: Block) => string): string {
  let text = ''
  let last: Block | undefined
  for (const block of blocks) {
    const own = words(block)
    if (own === '') continue
    text += (last ? (last.isItem && block.isItem ? '\n' : '\n\n') : '') + own
    last = block
  }
  return text
}

/** Paragraphs, one blank line or more between them; in Markdown also headings and tables. Fenced code stays in one block. */
export function blocksOf(text: string, kind: 'plain' | 'markdown'): readonly Block[] {
  const blocks: Block[] = []
  const isMarkdown = kind === 'markdown'
  let lines: string[] = []
  let fence: string | undefined
  const close = (): void => {
    const paragraph = lines.join('\n').replace(/^\n+|\s+$/g, '')
    const table = isMarkdown ? tableOf(paragraph) : undefined
    if (paragraph.trim())
      blocks.push({
        level: 0,
        text: paragraph,
        ...(isMarkdown && { markdown: paragraph }),
        ...(table && { table }),
      })
    lines = []
  }
  for (const line of text.split('\n')) {
    const mark = isMarkdown ? /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] : undefined
    const heading = isMarkdown && fence === undefined ? /^ {0,3}(#{1,6})\s+\S/.exec(line)?.[1] : undefined
    if (mark !== undefined)
      fence = fence === undefined ? mark.slice(0, 3) : mark.startsWith(fence) ? undefined : fence
    if (heading !== undefined) {
      close()
      blocks.push({ level: heading.length, text: line.trim(), markdown: line.trim() })
    } else if (fence === undefined && line.trim() === '') close()
    else lines.push(line)
  }
  close()
  return blocks
}

/** GitHub's tables: a line of cells, a line of dashes, lines of cells. */
function tableOf(paragraph: string): ParsedTable | undefined {
  const [head = '', rule = '', ...body] = paragraph.split('\n')
  if (!/^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/.test(rule) || !head.includes('|')) return undefined
  const rows = [head, ...body].map((line) =>
    line
      .trim()
      .replace(/^\||(?<!\\)\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  )
  const width = rows[0]?.length ?? 0
  return { header: true, rows: rows.map((row) => Array.from({ length: width }, (_, at) => row[at] ?? '')) }
}

function cutBlock(block: Block, size: number): readonly Block[] {
  if (block.text.length <= size * 1.5) return [block]
  if (block.table) return cutTable(block.table, size)
  const [first, ...rest] = cutText(block.text, size).map((text) => ({ level: 0, text }))
  return first ? [{ ...first, level: block.level, pictures: block.pictures }, ...rest] : []
}

/** By whole rows, each part under the names of the columns; a row too long for a page loses its columns, not its words. */
function cutTable(table: ParsedTable, size: number): readonly Block[] {
  const [head, ...body] = table.header ? table.rows : [undefined, ...table.rows]
  const parts: Block[] = []
  let rows: (readonly string[])[] = []
  let length = 0
  const close = (): void => {
    const all = head ? [head, ...rows] : rows
    if (rows.length > 0) parts.push(tableBlock({ header: table.header, rows: all.map((row) => [...row]) }))
    rows = []
    length = 0
  }
  for (const row of body) {
    if (!row) continue
    const chars = row.reduce((sum, cell) => sum + cell.length + 3, 0)
    if (chars > size * 1.5) {
      close()
      const words = row.filter((cell) => cell !== '').join(' | ')
      parts.push(...cutText(words, size).map((text) => ({ level: 0, text })))
      continue
    }
    if (length > 0 && length + chars > size) close()
    rows.push(row)
    length += chars
  }
  close()
  return parts
}

function cutText(text: string, size: number): readonly string[] {
  const pieces: string[] = []
  let rest = text
  while (rest.length > size * 1.5) {
    const at = cutAt(rest, size)
    pieces.push(rest.slice(0, at).trimEnd())
    rest = rest.slice(at).trimStart()
  }
  if (rest) pieces.push(rest)
  return pieces
}

function cutAt(text: string, size: number): number {
  const window = text.slice(0, size)
  for (const end of [/^[\s\S]*[.!?…]["»”’)]*\s/, /^[\s\S]*\n/, /^[\s\S]*\s/]) {
    const length = end.exec(window)?.[0].length ?? 0
    if (length > size / 2) return length
  }
  // Never between the halves of one character.
  return /[\ud800-\udbff]$/.test(window) ? size - 1 : size
}
