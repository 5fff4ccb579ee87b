import { tableOfRows } from './markdown.ts'
import type { ParsedTable } from './parser.ts'
import { rows, type Segment } from './pdf-segments.ts'

/** A line drawn on a page, level or upright, in points from the upper left corner. */
export interface Rule {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

/** A table found among segments, with those that are its cells. */
export interface FoundTable {
  readonly table: ParsedTable
  readonly members: readonly Segment[]
}

const NEAR = 3
const MAX_RULES = 4_000

/** Tables drawn with rules: where level and upright lines meet in a grid, words go to the cell they begin in. */
export function ruledTables(rules: readonly Rule[], segments: readonly Segment[]): readonly FoundTable[] {
  if (rules.length > MAX_RULES) return []
  return grids(rules).flatMap(({ xs, ys }): FoundTable[] => {
    const members = segments.filter(
      ({ x, y }) => within(x + NEAR, xs) && within(y - NEAR, ys) && x + NEAR < (xs.at(-1) ?? 0),
    )
    const cells = ys.slice(1).map(() => xs.slice(1).map((): Segment[] => []))
    for (const segment of members)
      cells[slot(segment.y - NEAR, ys)]?.[slot(segment.x + NEAR, xs)]?.push(segment)
    const table = tableOfRows(cells.map((row) => row.map(cellWords)))
    return table && table.rows.length > 1 && (table.rows[0]?.length ?? 0) > 1 ? [{ table, members }] : []
  })
}

const within = (at: number, edges: readonly number[]): boolean =>
  at > (edges[0] ?? 0) - NEAR && at < (edges.at(-1) ?? 0) + NEAR
const slot = (at: number, edges: readonly number[]): number =>
  Math.min(
    Math.max(
      0,
      edges.findLastIndex((edge) => edge <= at),
    ),
    edges.length - 2,
  )

const cellWords = (segments: readonly Segment[]): string =>
  rows(segments)
    .map((row) =>
      row
        .sort((a, b) => a.x - b.x)
        .map(({ text }) => text.trim())
        .join(' '),
    )
    .join(' ')

interface Grid {
  readonly xs: readonly number[]
  readonly ys: readonly number[]
}

/** Rules that touch belong together; three levels and two uprights, or more, make a table. */
function grids(rules: readonly Rule[]): readonly Grid[] {
  const groups: Rule[][] = []
  for (const rule of rules) {
    const touching = groups.filter((group) => group.some((other) => touches(rule, other)))
    const [first, ...others] = touching
    if (!first) {
      groups.push([rule])
      continue
    }
    first.push(rule)
    for (const other of others) first.push(...groups.splice(groups.indexOf(other), 1).flat())
  }
  return groups.flatMap((group): Grid[] => {
    const level = group.filter(isLevel)
    const upright = group.filter((rule) => !isLevel(rule))
    const ys = clustered(level.map(({ y0 }) => y0))
    const xs = clustered(upright.map(({ x0 }) => x0))
    return ys.length >= 3 && xs.length >= 3 ? [{ xs, ys }] : []
  })
}

const isLevel = ({ y0, y1 }: Rule): boolean => Math.abs(y1 - y0) < NEAR
const touches = (a: Rule, b: Rule): boolean =>
  a.x0 <= b.x1 + NEAR && b.x0 <= a.x1 + NEAR && a.y0 <= b.y1 + NEAR && b.y0 <= a.y1 + NEAR

function clustered(values: readonly number[]): readonly number[] {
  const found: number[] = []
  for (const value of [...values].sort((a, b) => a - b))
    if (value - (found.at(-1) ?? Number.NEGATIVE_INFINITY) > 2 * NEAR) found.push(value)
  return found
}

/** What stands before an item of a list, a line of code, a reference. */
export const LIST_MARK = /^(?:[•▪◦‣*–—·-]|\(?\w{1,3}[.):]?|\[\d+\])$/

const LEAST_ROWS = 3
const LONGEST_CELL = 60

/** Tables that are only aligned: three lines or more, one under the other, whose words stand in the same two columns or more. */
export function alignedTables(segments: readonly Segment[]): readonly FoundTable[] {
  const found: FoundTable[] = []
  let run: Segment[][] = []
  const close = (): void => {
    const table = run.length >= LEAST_ROWS ? tableOf(run) : null
    if (table) found.push({ table, members: run.flat() })
    run = []
  }
  for (const row of rows(segments)) {
    const line = row.filter(({ text }) => text.trim() !== '').sort((a, b) => a.x - b.x)
    const last = run.at(-1)?.[0]
    const first = line[0]
    const isFar = last && first && first.y - last.y > 3 * Math.max(first.size, last.size)
    if (line.length < 2 || isFar) close()
    if (line.length >= 2) run.push(line)
  }
  close()
  return found
}

function tableOf(lines: readonly (readonly Segment[])[]): ParsedTable | null {
  const columns = columnsOf(lines.flat())
  if (columns.length < 2) return null
  const cells = lines.map((line) =>
    columns.map(({ from, to }) => line.filter(({ x }) => x >= from && x < to)),
  )
  const isEven = cells.every((row) => row.every((cell) => cell.length < 2))
  const full = cells.filter((row) => row.filter((cell) => cell.length > 0).length >= 2).length
  const texts = cells.map((row) => row.map(cellWords))
  const first = texts.map(([words]) => words ?? '')
  const isList = first.every((words) => words === '' || LIST_MARK.test(words))
  const isDotted = texts.some((row) => row.some((words) => /[.…]{4}|(?: \.){3}/.test(words)))
  const isWordy = lines.flat().filter(({ text }) => text.length > LONGEST_CELL).length > lines.length * 0.2
  if (!isEven || full < lines.length * 0.7 || (isList && columns.length < 3) || isDotted || isWordy)
    return null
  return tableOfRows(texts)
}

/** The strips of a table that no word crosses the edges of. */
function columnsOf(segments: readonly Segment[]): readonly { from: number; to: number }[] {
  const strips: { from: number; to: number }[] = []
  for (const { right, x } of [...segments].sort((a, b) => a.x - b.x)) {
    const last = strips.at(-1)
    if (last && x < last.to + 1) last.to = Math.max(last.to, right)
    else strips.push({ from: x, to: right })
  }
  return strips.map(({ from, to }) => ({ from, to: to + 0.5 }))
}
