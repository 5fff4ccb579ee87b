import type { Archive } from './archive.ts'
import type { Draft } from './sections.ts'
import { createSheetRows } from './sheets.ts'
import { readXml } from './xml.ts'

const MAX_COLUMNS = 1_000
/** Repeated rows beyond this are the empty rest of a sheet, or a bomb. */
const MAX_REPEATED = 10_000

/** The sheets of an ODS as tables: cells as they were shown when it was saved. Format: OASIS OpenDocument 1.3 part 3, 9. */
export function readOds(archive: Archive, maxPages: number): readonly Draft[] {
  const rows = createSheetRows(maxPages)
  let cells: string[] = []
  let words = ''
  let repeatedCells = 1
  let repeatedRows = 1
  let told = ''
  let isCell = false
  let noted = 0
  readXml(archive.read('content.xml'), {
    open: (name, given, full) => {
      if (full === 'table:table') rows.sheet(given.name ?? '')
      else if (full === 'table:table-row') {
        cells = []
        repeatedRows = Math.min(Number(given['number-rows-repeated'] ?? 1) || 1, MAX_REPEATED)
      } else if (name === 'table-cell' || name === 'covered-table-cell') {
        isCell = true
        words = ''
        repeatedCells = Math.min(Number(given['number-columns-repeated'] ?? 1) || 1, MAX_COLUMNS)
        told = given.value ?? given['date-value'] ?? given['time-value'] ?? given['boolean-value'] ?? ''
      } else if (full === 'office:annotation') noted++
      else if (isCell && full === 'text:p' && words !== '') words += '\n'
      else if (isCell && full === 'text:s') words += ' '
    },
    text: (text) => {
      if (isCell && noted === 0) words += text
    },
    close: (name, full) => {
      if (full === 'office:annotation') noted--
      if (name === 'table-cell' || name === 'covered-table-cell') {
        isCell = false
        const shown = words.trim() || told
        for (let copy = 0; copy < repeatedCells && cells.length < MAX_COLUMNS; copy++) cells.push(shown)
      } else if (full === 'table:table-row')
        for (let copy = 0; copy < repeatedRows && cells.some((cell) => cell !== ''); copy++) rows.row(cells)
    },
  })
  return rows.pages()
}
