import { format, isDateFormat } from 'numfmt'
import type { Archive } from './archive.ts'
import type { PictureTray } from './pictures.ts'
import type { Draft } from './sections.ts'
import { createSheetRows, type SheetRows } from './sheets.ts'
import { readXml } from './xml.ts'

/** The sheets of an XLSX as tables: dates and numbers by their formats, formulas by the value that was kept with them. Format: ECMA-376 part 1, 18. */
export function readXlsx(archive: Archive, maxPages: number, tray: PictureTray): readonly Draft[] {
  const main = [...archive.relations('').values()].find(({ type }) => type === 'officeDocument')
  const workbook = main?.target ?? 'xl/workbook.xml'
  const relations = archive.relations(workbook)
  const part = (type: string) => [...relations.values()].find((one) => one.type === type)?.target
  const { sheets, is1904 } = readWorkbook(archive.read(workbook))
  const strings = readPart(archive, part('sharedStrings'), readStrings)
  const formats = readPart(archive, part('styles'), readFormats)
  const rows = createSheetRows(maxPages)
  for (const { id, name } of sheets) {
    const sheet = relations.get(id)
    if (sheet?.type !== 'worksheet' || !archive.has(sheet.target)) continue
    rows.sheet(name)
    readSheet(archive.read(sheet.target), { strings, formats, is1904 }, rows)
    if (tray.isOpen) takePictures(archive, sheet.target, tray, rows)
  }
  return rows.pages()
}

interface Look {
  readonly strings: readonly string[]
  /** The pattern of each style. */
  readonly formats: readonly string[]
  readonly is1904: boolean
}

const readPart = <T>(
  archive: Archive,
  name: string | undefined,
  read: (bytes: Uint8Array) => readonly T[],
): readonly T[] => (name !== undefined && archive.has(name) ? read(archive.read(name)) : [])

function readWorkbook(bytes: Uint8Array) {
  const sheets: { name: string; id: string }[] = []
  let is1904 = false
  readXml(bytes, {
    open: (element, { date1904, id, name }) => {
      if (element === 'workbookPr') is1904 = date1904 === '1' || date1904 === 'true'
      if (element === 'sheet' && id !== undefined) sheets.push({ id, name: name ?? '' })
    },
  })
  return { sheets, is1904 }
}

/** Words of a string or a cell; how they are pronounced is left out. */
function readStrings(bytes: Uint8Array): readonly string[] {
  const strings: string[] = []
  let own = ''
  let isText = false
  let phonetic = 0
  readXml(bytes, {
    open: (element) => {
      if (element === 'si') own = ''
      if (element === 'rPh') phonetic++
      isText = element === 't' && phonetic === 0
    },
    text: (words) => {
      if (isText) own += words
    },
    close: (element) => {
      if (element === 'si') strings.push(own)
      if (element === 'rPh') phonetic--
      isText = false
    },
  })
  return strings
}

function readFormats(bytes: Uint8Array): readonly string[] {
  const own = new Map<number, string>()
  const formats: string[] = []
  let isCells = false
  readXml(bytes, {
    open: (element, { formatCode = '', numFmtId }) => {
      const id = Number(numFmtId)
      if (element === 'numFmt') own.set(id, formatCode)
      if (element === 'cellXfs') isCells = true
      if (element === 'xf' && isCells) formats.push(own.get(id) ?? BUILT_IN[id] ?? 'General')
    },
    close: (element) => {
      if (element === 'cellXfs') isCells = false
    },
  })
  return formats
}

/** 14 and 22 are shown as the reader's system wants: here by ISO 8601. */
const BUILT_IN: Readonly<Record<number, string>> = {
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  9: '0%',
  10: '0.00%',
  11: '0.00E+00',
  12: '# ?/?',
  13: '# ??/??',
  14: 'yyyy-mm-dd',
  15: 'd-mmm-yy',
  16: 'd-mmm',
  17: 'mmm-yy',
  18: 'h:mm AM/PM',
  19: 'h:mm:ss AM/PM',
  20: 'h:mm',
  21: 'h:mm:ss',
  22: 'yyyy-mm-dd h:mm',
  37: '#,##0;-#,##0',
  38: '#,##0;-#,##0',
  39: '#,##0.00;-#,##0.00',
  40: '#,##0.00;-#,##0.00',
  45: 'mm:ss',
  46: '[h]:mm:ss',
  47: 'mm:ss.0',
  48: '##0.0E+0',
  49: '@',
}

const MAX_COLUMNS = 1_000

function readSheet(bytes: Uint8Array, look: Look, rows: SheetRows): void {
  let cells: string[] = []
  let column = 0
  let type = ''
  let style = 0
  let value = ''
  let isValue = false
  readXml(bytes, {
    open: (element, { r, s, t }) => {
      if (element === 'row') {
        cells = []
        column = -1
      } else if (element === 'c') {
        column = r === undefined ? column + 1 : columnOf(r)
        type = t ?? 'n'
        style = Number(s ?? 0)
        value = ''
      }
      isValue = element === 'v' || element === 't'
    },
    text: (words) => {
      if (isValue) value += words
    },
    close: (element) => {
      isValue = false
      if (element === 'row') rows.row(cells)
      if (element !== 'c' || value === '' || column >= MAX_COLUMNS) return
      while (cells.length < column) cells.push('')
      cells[column] = shown(value, type, style, look)
    },
  })
}

function shown(value: string, type: string, style: number, { formats, is1904, strings }: Look): string {
  if (type === 's') return strings[Number(value)]?.trim() ?? ''
  if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE'
  if (type !== 'n') return value.trim()
  const number = Number(value)
  const pattern = formats[style] ?? 'General'
  if (!Number.isFinite(number)) return value
  try {
    const moved = is1904 && isDateFormat(pattern) ? number + 1462 : number
    return format(pattern, moved, { throws: true }).trim()
  } catch {
    // A pattern that cannot be read.
    return value
  }
}

/** `AB12` → 27 */
function columnOf(address: string): number {
  let column = 0
  for (const sign of address) {
    const letter = sign.charCodeAt(0) & 0xdf
    if (letter < 65 || letter > 90) break
    column = column * 26 + letter - 64
  }
  return column - 1
}

function takePictures(archive: Archive, sheet: string, tray: PictureTray, rows: SheetRows): void {
  for (const drawing of archive.relations(sheet).values())
    if (drawing.type === 'drawing')
      for (const { target, type } of archive.relations(drawing.target).values()) {
        const picture = type === 'image' && archive.has(target) ? tray.take(archive.read(target)) : null
        if (picture) rows.picture(picture)
      }
}
