import type { ParsedTable } from './parser.ts'
import { columns } from './pdf-columns.ts'
import { isFigures, median, rows, type Segment, type TextRun, toSegments } from './pdf-segments.ts'
import { alignedTables, type FoundTable, LIST_MARK, type Rule, ruledTables } from './pdf-tables.ts'
import { type Block, headingBlock, tableBlock } from './sections.ts'

/** A page as it is read. */
export interface PageLayout {
  /** In the order a person reads it, one blank line between two blocks. */
  readonly text: string
  /** The same as headings, paragraphs and tables. */
  readonly blocks: readonly Block[]
  /** Something looks like a table that only its rules would tell. */
  readonly wantsRules: boolean
}

/**
 * The words of a page in the order a person reads it: columns one after the other, between what runs over both; lines joined to paragraphs, words
 * parted at a line's end made whole; tables as tables, headings by their larger letters. What is printed sideways comes last. `rules` cost a second
 * look at the page: give them where a first layout wants them.
 */
export function pageLayout(
  runs: readonly TextRun[],
  pageWidth: number,
  pageHeight: number,
  rules: readonly Rule[] = [],
): PageLayout {
  const tables: ParsedTable[] = []
  const body = bodySize(runs)
  let wantsRules = false
  const texts = ([0, 90, 270, 180] as const)
    .map((angle) => runs.filter((run) => run.angle === angle && isInk(run)))
    .filter((group) => weight(group) > 0)
    .sort((a, b) => weight(b) - weight(a))
    .map((group) => {
      const barriers = group[0]?.angle === 0 ? rules.filter(({ x0, x1 }) => x1 - x0 < 1) : []
      const segments = toSegments(
        group.map((run) => upright(run, pageWidth, pageHeight)),
        barriers,
      )
      const ruled = group[0]?.angle === 0 ? ruledTables(rules, segments) : []
      return columns(withTables(segments, ruled, tables))
        .map((column) => {
          const found = alignedTables(column)
          const marked = withTables(column, found, tables)
          wantsRules ||= looksTabular(marked)
          return marked
        })
        .map((column) => toParagraphs(column, body))
        .filter(Boolean)
        .join('\n\n')
    })
  const blocks = mendWords(texts.join('\n\n'))
    .split(/\n*\ufdd0(\d+)\ufdd0\n*/)
    .flatMap((words, index): readonly Block[] => {
      const table = index % 2 === 1 ? tables[Number(words)] : undefined
      return table ? [tableBlock(table)] : words === '' ? [] : words.split('\n\n').map(blockOf)
    })
  return { text: blocks.map(({ text }) => text).join('\n\n'), blocks, wantsRules }
}

/** `pageLayout` as text. */
export const readingOrder = (runs: readonly TextRun[], pageWidth: number, pageHeight: number): string =>
  pageLayout(runs, pageWidth, pageHeight).text

/** Whether words stand under others in a second column: in three lines, each soon after the one before, or in two that have a third column or short words alone. What is cut into two by a run-in heading is no table, and a look at the rules of a page costs as much as its text. */
function looksTabular(segments: readonly Segment[]): boolean {
  const lines = rows(segments)
    .map((row) => row.sort((a, b) => a.x - b.x))
    .filter(([first, ...others]) => others.length > 1 || (others.length === 1 && !isMark(first)))
  let together = 1
  return lines.some((line, at) => {
    const next = lines[at + 1]
    const isNear = next && (next[0]?.y ?? 0) - (line[0]?.y ?? 0) <= 6 * (line[0]?.size ?? 0)
    if (!isNear || !line.slice(1).some((cell) => next.slice(1).some((below) => isUnder(cell, below)))) {
      together = 1
      return false
    }
    together += 1
    return together > 2 || [line, next].every((row) => row.length > 2 || row.every(isShort))
  })
}

/** As the cells of a small table are, and the halves of a broken line are not. */
const isShort = ({ text }: Segment): boolean => text.trim().length <= 30

const isMark = (cell: Segment | undefined): boolean => LIST_MARK.test(cell?.text.trim() ?? '')

const isUnder = (a: Segment, b: Segment): boolean =>
  Math.abs(a.x - b.x) < 0.6 || Math.abs(a.right - b.right) < 0.6

/** A table stands among the others as one mark, where it begins. */
function withTables(
  segments: readonly Segment[],
  found: readonly FoundTable[],
  tables: ParsedTable[],
): readonly Segment[] {
  if (found.length === 0) return segments
  const taken = new Set(found.flatMap(({ members }) => members))
  const marks = found.flatMap(({ members, table }): Segment[] => {
    const first = [...members].sort((a, b) => a.y - b.y)[0]
    if (!first) return []
    const x = Math.min(...members.map((member) => member.x))
    const right = Math.max(...members.map((member) => member.right))
    return [{ ...first, x, right, text: `\ufdd0${tables.push(table) - 1}\ufdd0` }]
  })
  return [...segments.filter((segment) => !taken.has(segment)), ...marks]
}

const HEADING = /^\ufdd1(\d)/

function blockOf(words: string): Block {
  const level = Number(HEADING.exec(words)?.[1] ?? 0)
  const text = words.replace(/\ufdd1\d/g, '').trim()
  const isHeading = level > 0 && text.length <= 200 && /\p{L}/u.test(text) && !text.includes('\n')
  return isHeading ? headingBlock(level, text) : { level: 0, text }
}

/** The size most of the letters have. */
function bodySize(runs: readonly TextRun[]): number {
  const letters = new Map<number, number>()
  for (const { size, text } of runs) {
    const rounded = Math.round(size * 2) / 2
    letters.set(rounded, (letters.get(rounded) ?? 0) + text.length)
  }
  return [...letters].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0
}

/** How much larger than the body letters are that head something; 0 for those that do not. */
function levelOf(size: number, body: number): number {
  const ratio = size / Math.max(1, body)
  return ratio > 1.7 ? 1 : ratio > 1.35 ? 2 : ratio > 1.13 ? 3 : 0
}

/** The largest lines of a page, as one: mostly its title. */
export function largestLine(runs: readonly TextRun[]): string | null {
  const level = runs.filter(({ angle, text }) => angle === 0 && text.trim().length > 1)
  const largest = Math.max(0, ...level.map(({ size }) => size))
  const body = median(level.map(({ size }) => size))
  if (largest < body * 1.15) return null
  const lines = toLines(toSegments(level.filter(({ size }) => size > largest * 0.95)))
  const text = mendWords(
    lines
      .slice(0, 3)
      .map((line) => line.text)
      .join(' '),
  ).trim()
  return text.length >= 3 && text.length <= 200 ? text : null
}

const weight = (runs: readonly TextRun[]): number =>
  runs.reduce((sum, { text }) => sum + text.trim().length, 0)

/** A space as wide as a gutter would join what stands in two columns. */
const isInk = ({ size, text, width }: TextRun): boolean =>
  text.trim() !== '' || (text !== '' && width < 0.9 * size)

function upright(run: TextRun, width: number, height: number): TextRun {
  if (run.angle === 90) return { ...run, x: run.y, y: width - run.x }
  if (run.angle === 180) return { ...run, x: width - run.x, y: height - run.y }
  if (run.angle === 270) return { ...run, x: height - run.y, y: run.x }
  return run
}

interface Line {
  readonly text: string
  readonly x: number
  readonly right: number
  readonly y: number
  readonly size: number
  /** More than one: a row of a table. */
  readonly cells: number
}

function toLines(segments: readonly Segment[]): readonly Line[] {
  return rows(segments).map((row) => {
    const inOrder = row.sort((a, b) => a.x - b.x)
    const biggest = inOrder.reduce((a, b) => (b.text.length > a.text.length ? b : a))
    return {
      text: inOrder
        .map(({ text }) => text.trim())
        .join('  ')
        .trim(),
      x: Math.min(...inOrder.map(({ x }) => x)),
      right: Math.max(...inOrder.map(({ right }) => right)),
      y: biggest.y,
      size: biggest.size,
      cells: row.length,
    }
  })
}

function toParagraphs(segments: readonly Segment[], body: number): string {
  const lines = toLines(segments).filter(({ text }) => text !== '')
  const from = Math.min(...lines.map(({ x }) => x))
  const to = Math.max(...lines.map(({ right }) => right))
  const pitch = median(lines.slice(1).map(({ y }, index) => y - (lines[index]?.y ?? y)))
  let text = ''
  let last: Line | undefined
  for (const line of lines) {
    const level = levelOf(line.size, body)
    const words = level > 0 ? `\ufdd1${level}${line.text}` : line.text
    const isMark = line.text.startsWith('\ufdd0')
    if (!last) text = words
    else if (isMark || last.text.startsWith('\ufdd0')) text += `\n\n${words}`
    else {
      const isFar = line.y - last.y > Math.max(1.35 * pitch, 1.1 * line.size)
      const isOther = Math.abs(line.size - last.size) > 0.12 * Math.max(line.size, last.size)
      const isIndented =
        line.x - last.x > 0.6 * line.size && last.x - from < 0.6 * line.size && !ITEM.test(last.text)
      const isShort = last.right - from < 0.75 * (to - from)
      const isTable = line.cells > 1 || last.cells > 1 || isFigures(line) || isFigures(last)
      const isOwn = isIndented || isShort || isTable || ITEM.test(line.text)
      const isNew = isFar || isOther
      // A heading over several lines has one mark, at its start.
      text += isNew ? `\n\n${words}` : (isOwn && level === 0 ? '\n' : '\r') + line.text
    }
    last = line
  }
  return text
}

const ITEM = /^(?:[•▪◦‣*–—\uf0b7\uf0a7\uf0d8-]|\(?\d{1,3}[.)])\s/

/** Ligatures, and letters of Hebrew and Arabic in the form their neighbours gave them. */
const PRESENTED = /[\ufb00-\ufb06\ufb1d-\ufdfb\ufe70-\ufefc\u2126\u00b5]+/g

/** A hyphen at a line's end, with the word before it and the one after. The hyphen first: looked for at every letter, it would cost more than the rest. */
const BROKEN = /[-\u2010][\r\n](?<=([\p{L}\p{N}]+)[-\u2010][\r\n])([\p{L}\p{N}]+)/gu

/** `\r` stands where a paragraph's line ends; letters of TeX, ligatures and bullets of symbol fonts become plain ones. */
function mendWords(raw: string): string {
  const text = raw
    .replace(PRESENTED, (letters) => letters.normalize('NFKC'))
    .replace(/([¨´ˆ˜ˇ])\s?([A-Za-zı])/g, (_, accent: string, letter: string) =>
      ((letter === 'ı' ? 'i' : letter) + (COMBINING[accent] ?? '')).normalize('NFC'),
    )
    .replace(/\u00a0/g, ' ')
    .replace(/[\uf0b7\uf0a7\uf0d8]\s?/g, '• ')
  let found: ReadonlySet<string> | undefined
  const words = (): ReadonlySet<string> => {
    found ??= new Set(text.toLowerCase().match(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu))
    return found
  }
  return text
    .replace(/\u00ad[\r\n]?/g, '')
    .replace(BROKEN, (_, start: string, end: string) => (isOneWord(start, end, words()) ? end : `-${end}`))
    .replace(/\r/g, ' ')
    .replace(/[^\S\n]{2,}/g, ' ')
    .replace(/ +\n/g, '\n')
    .trim()
}

function isOneWord(start: string, end: string, words: ReadonlySet<string>): boolean {
  if (words.has(`${start}-${end}`.toLowerCase())) return false
  if (words.has((start + end).toLowerCase())) return true
  return /^\p{L}/u.test(start) && (/^\p{Ll}/u.test(end) || /^\p{Lu}+ \p{Lu}/u.test(`${start} ${end}`))
}

const COMBINING: Readonly<Record<string, string>> = {
  '¨': '\u0308',
  '´': '\u0301',
  ˆ: '\u0302',
  '˜': '\u0303',
  ˇ: '\u030c',
}
