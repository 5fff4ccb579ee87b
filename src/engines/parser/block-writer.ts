import { escapeMarkdown, linkMarkdown, tableOfRows } from './markdown.ts'
import type { ParsedPicture } from './parser.ts'
import { type Block, headingBlock, tableBlock } from './sections.ts'

/** Makes blocks of what a reader of any format comes upon, in order. Whatever is still open at the end is closed by `blocks()`. */
export interface BlockWriter {
  words(text: string): void
  /** A line's end within a paragraph. */
  lineEnd(): void
  /** What was written so far is a paragraph. Nothing, where nothing was. */
  paragraph(): void
  /** From here to the paragraph's end it is a heading. */
  heading(level: number): void
  /** From here to the paragraph's end it is an item of a list; `depth` from 0. */
  item(mark: string, depth: number): void
  /** From here to `endLink`, words lead to an address. */
  link(address: string): void
  endLink(): void
  picture(picture: ParsedPicture): void
  /** Whole lines as they stand. */
  code(text: string): void
  table(): void
  row(): void
  /** The cell before is over; this one covers so many columns and rows. */
  cell(about?: { readonly columns?: number; readonly rows?: number; readonly isHead?: boolean }): void
  endTable(): void
  /** Whether words go to a cell. */
  readonly isInTable: boolean
  blocks(): readonly Block[]
}

interface OpenTable {
  readonly rows: string[][]
  /** Of the first row: whether every cell is called a head. */
  isHeaded: boolean
  /** Where words go to in the last row. */
  at: number
  /** For how many more rows a cell from above covers a column. */
  readonly held: number[]
}

const MAX_COLUMNS = 1_000
const MAX_SPAN = 100
const spanOf = (count: number): number => Math.min(Math.max(1, Math.trunc(count) || 1), MAX_SPAN)

export function createBlockWriter(): BlockWriter {
  const done: Block[] = []
  const tables: OpenTable[] = []
  let plain = ''
  let marked = ''
  let level = 0
  let list: { mark: string; depth: number } | null = null
  let link: { address: string; at: number } | null = null
  let pictures: ParsedPicture[] = []

  const put = (text: string): void => {
    plain += text
    marked += escapeMarkdown(text)
  }
  const intoCell = (): void => {
    const row = tables.at(-1)?.rows.at(-1)
    const words = plain.replace(/\s+/g, ' ').trim()
    const at = tables.at(-1)?.at ?? 0
    if (words === '' || !row) return
    if (row.length === 0) row.push('')
    row[at] = row[at] ? `${row[at]} ${words}` : words
  }
  const coverHeld = ({ held, rows }: OpenTable, toEnd: boolean): void => {
    const row = rows.at(-1)
    if (!row) return
    const end = toEnd ? held.length : 0
    while (row.length < end || (held[row.length] ?? 0) > 0) {
      held[row.length] = Math.max(0, (held[row.length] ?? 0) - 1)
      row.push('')
    }
  }
  const reset = (): void => {
    plain = ''
    marked = ''
    level = 0
    list = null
    link = link && { ...link, at: 0 }
  }
  const clean = (text: string): string =>
    text
      .replace(/[^\S\n]+/g, ' ')
      .replace(/ ?\n ?/g, '\n')
      .trim()
  const paragraph = (): void => {
    if (tables.length > 0) intoCell()
    else {
      const text = clean(plain)
      const brought = pictures.length > 0 ? { pictures } : {}
      if (text !== '' && level > 0)
        done.push({ ...headingBlock(Math.min(level, 6), text.replace(/\n/g, ' ')), ...brought })
      else if (text !== '' && list)
        done.push({
          level: 0,
          text: `${'  '.repeat(list.depth)}${list.mark === '-' ? '•' : list.mark} ${text.replace(/\n/g, ' ')}`,
          markdown: `${'  '.repeat(list.depth)}${list.mark} ${clean(marked).replace(/\n/g, ' ')}`,
          isItem: true,
          ...brought,
        })
      else if (text !== '')
        done.push({ level: 0, text, markdown: clean(marked).replace(/\n/g, '  \n'), ...brought })
      else if (pictures.length > 0) done.push({ level: 0, text: '', pictures })
      pictures = []
    }
    reset()
  }
  const endTable = (): void => {
    paragraph()
    const table = tables.pop()
    if (!table) return
    coverHeld(table, true)
    if (tables.length > 0) {
      // A table within a cell is words of that cell.
      plain = table.rows.map((row) => row.filter(Boolean).join(' | ')).join('; ')
      paragraph()
      return
    }
    const found = tableOfRows(table.rows, table.isHeaded)
    const isList = found !== null && (found.rows[0]?.length ?? 0) < 2
    if (found && isList) for (const [words] of found.rows) done.push({ level: 0, text: words ?? '' })
    else if (found) done.push(tableBlock(found))
    if (pictures.length > 0) done.push({ level: 0, text: '', pictures })
    pictures = []
  }

  return {
    words: put,
    paragraph,
    endTable,
    lineEnd() {
      plain += '\n'
      marked += '\n'
    },
    heading(to) {
      level = to
    },
    item(mark, depth) {
      list = { mark, depth: Math.min(depth, 12) }
    },
    link(address) {
      link = { address, at: marked.length }
    },
    endLink() {
      if (link) marked = marked.slice(0, link.at) + linkMarkdown(marked.slice(link.at), link.address)
      link = null
    },
    picture: (picture) => void pictures.push(picture),
    code(text) {
      paragraph()
      const lines = text.replace(/\s+$/, '').replace(/^\n/, '')
      if (tables.length > 0) plain = lines
      else if (lines.trim()) done.push({ level: 0, text: lines, markdown: `\`\`\`\n${lines}\n\`\`\`` })
      if (tables.length > 0) paragraph()
    },
    table() {
      // What a nested table stands beside belongs to the cell.
      paragraph()
      tables.push({ rows: [], isHeaded: true, at: 0, held: [] })
    },
    row() {
      paragraph()
      const table = tables.at(-1)
      if (table) coverHeld(table, true)
      table?.rows.push([])
    },
    cell({ columns = 1, rows = 1, isHead = false } = {}) {
      paragraph()
      const table = tables.at(-1)
      const row = table?.rows.at(-1)
      if (!table || !row || row.length >= MAX_COLUMNS) return
      coverHeld(table, false)
      if (table.rows.length === 1 && !isHead) table.isHeaded = false
      table.at = row.length
      for (let covered = 0; covered < spanOf(columns); covered++) {
        table.held[row.length] = spanOf(rows) - 1
        row.push('')
      }
    },
    get isInTable() {
      return tables.length > 0
    },
    blocks() {
      while (tables.length > 0) endTable()
      paragraph()
      return done
    },
  }
}
