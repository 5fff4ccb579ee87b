import { type Chunk, chunks } from '../../engines/words/chunks.ts'

/** A passage as it is kept. Its first `head` characters are the heading row of its table, which stands elsewhere on the page. */
export interface PageChunk extends Chunk {
  readonly head: number
}

/** Rows of cells; where `header`, the first names the columns. */
interface Table {
  readonly rows: readonly (readonly string[])[]
  readonly header: boolean
}

/** About as much as a passage of plain words. */
const TABLE_CHARS = 900
/** A heading row longer than this is not said again. */
const LONGEST_HEAD = 300

/** Cuts a page into passages. A table is cut between its rows, and each piece begins with the names of its columns. */
export function pageChunks(text: string, tables: readonly Table[] = []): PageChunk[] {
  const found: PageChunk[] = []
  const plain = (from: number, to: number) => {
    for (const { start, end, text: words } of chunks(text.slice(from, to)))
      found.push({ start: start + from, end: end + from, text: words, head: 0 })
  }
  let from = 0
  for (const table of tables) {
    const lines = linesOf(table)
    const start = text.indexOf(lines.join('\n'), from)
    // What a reader sets in another way than its cells is words like any other.
    if (start < 0 || lines.length < 2) continue
    plain(from, start)
    from = start + lines.join('\n').length
    found.push(...tableChunks(lines, start, table.header))
  }
  plain(from, text.length)
  return found
}

function tableChunks(lines: readonly string[], start: number, header: boolean): PageChunk[] {
  const found: PageChunk[] = []
  const first = lines[0] ?? ''
  const head = header && first.length <= LONGEST_HEAD ? `${first}\n` : ''
  let at = start
  let begun = start
  let rows: string[] = []
  const close = () => {
    if (rows.length === 0) return
    const own = rows.join('\n')
    const again = begun === start ? '' : head
    found.push({ start: begun, end: begun + own.length, text: `${again}${own}`, head: again.length })
    rows = []
  }
  for (const line of lines) {
    const room = TABLE_CHARS - (begun === start ? 0 : head.length)
    if (rows.length > 0 && at - begun + line.length > room) {
      close()
      begun = at
    }
    rows.push(line)
    at += line.length + 1
  }
  close()
  return found
}

/** As the parser writes a table into the text of its page. */
const linesOf = ({ rows }: Table): string[] =>
  rows
    .map((row) =>
      row
        .map((cell) => cell.replace(/\s+/g, ' ').trim())
        .join(' | ')
        .replace(/(?: \|)+ *$/, ''),
    )
    .filter((line) => line.trim() !== '')
