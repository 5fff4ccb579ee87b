import { tableOfRows } from './markdown.ts'
import type { ParsedPicture, Place } from './parser.ts'
import { cutPages, type Draft, draftOf, headingBlock, tableBlock } from './sections.ts'

/** About how long a page of a sheet, a chapter or a letter may be before it goes on over another. */
export const LONG_PAGE_CHARS = 12_000

/** Takes the rows of a document's sheets: as many as fit on so many pages, and counts the others. */
export interface SheetRows {
  /** Its name is a heading of the text too, where `isNamed`. */
  sheet(name: string, isNamed?: boolean): void
  row(cells: readonly string[]): void
  picture(picture: ParsedPicture): void
  /** A page or more for each sheet, one for an empty one. There are `maxPages + 1` of them or more where that many would be needed. */
  pages(): readonly Draft[]
}

interface Sheet {
  readonly name: string
  readonly isNamed: boolean
  readonly rows: (readonly string[])[]
  readonly pictures: ParsedPicture[]
}

const MAX_SHEETS = 1_000

export function createSheetRows(maxPages: number): SheetRows {
  const sheets: Sheet[] = []
  const most = (maxPages + 2) * LONG_PAGE_CHARS * 1.6
  let chars = 0
  let missing = 0
  return {
    sheet: (name, isNamed = true) => {
      if (sheets.length < MAX_SHEETS) sheets.push({ name, isNamed, rows: [], pictures: [] })
      else missing++
    },
    picture: (picture) => void sheets.at(-1)?.pictures.push(picture),
    row: (cells) => {
      if (cells.every((cell) => cell === '')) return
      chars += cells.reduce((sum, cell) => sum + cell.length + 3, 0)
      // What does not fit is refused in the end, so it need not be kept.
      if (chars <= most) sheets.at(-1)?.rows.push(cells)
    },
    pages: () => {
      const pages = sheets.flatMap(sheetPages)
      const lost = missing + (chars > most ? Math.ceil((chars - most) / LONG_PAGE_CHARS) : 0)
      return [
        ...pages,
        ...Array.from({ length: Math.min(lost, 1e6) }, (): Draft => ({ state: 'empty', text: '' })),
      ]
    },
  }
}

function sheetPages({ isNamed, name, pictures, rows }: Sheet): readonly Draft[] {
  const place: Place = { kind: 'sheet', label: name }
  const table = tableOfRows(rows)
  const heading = isNamed ? [headingBlock(2, name)] : []
  const shown = { level: 0, text: '', pictures }
  if (!table) return [{ ...draftOf([shown], place), state: 'empty' }]
  return cutPages(
    [...heading, ...(pictures.length > 0 ? [shown] : []), tableBlock(table)],
    LONG_PAGE_CHARS,
    place,
  )
}
