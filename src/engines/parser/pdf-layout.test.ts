import { expect, test } from 'vitest'
import { largestLine, readingOrder } from './pdf-layout.ts'
import type { TextRun } from './pdf-segments.ts'

const SIZE = 10

/** A line as wide as its letters. */
const run = (text: string, x: number, y: number, size = SIZE): TextRun => ({
  text,
  x,
  y,
  width: text.length * size * 0.5,
  size,
  angle: 0,
})

const order = (runs: readonly TextRun[]): string => readingOrder(runs, 600, 800)

/** A column of full lines; the last is short. */
const column = (name: string, x: number, lines: number, from = 100): TextRun[] =>
  Array.from({ length: lines }, (_, n) =>
    run(`${name} line ${n} with some more words in it so`, x, from + n * 12),
  )

test('columns one after the other, a title over both first, a foot under both last', () => {
  const runs = [
    run('A title that runs over the whole of the page and more of it, wide', 60, 60, 14),
    ...column('left', 50, 20).flatMap((left, n) => [left, ...column('right', 330, 20).slice(n, n + 1)]),
    run('7', 300, 780),
  ]
  const text = order(runs)
  expect(text.startsWith('A title')).toBe(true)
  expect(text.indexOf('left line 19')).toBeLessThan(text.indexOf('right line 0'))
  expect(text.endsWith('7')).toBe(true)
})

test('a table is read by rows', () => {
  const runs = Array.from({ length: 12 }, (_, n) => [
    run(`the name of benchmark number ${n}`, 50, 100 + n * 12),
    run(`${n}.5   ${n * 3}.25   ${n * 7}.125 ${n}`, 330, 100 + n * 12),
  ]).flat()
  expect(order(runs).split('\n')[3]).toBe('the name of benchmark number 3 | 3.5 9.25 21.125 3')
})

test('a word parted at the end of a line is made whole, a compound keeps its hyphen', () => {
  const text = order([
    run('This is a line that is long enough to be a full one and trans-', 50, 100),
    run('lated by a well-known person, who is in this town a rather well-', 50, 112),
    run('known one; nobody else is, and so on.', 50, 124),
  ])
  expect(text).toContain('and translated by')
  expect(text).toContain('rather well-known one')
  expect(text).not.toContain('\n')
})

test('paragraphs are parted, items stand on lines of their own', () => {
  const text = order([
    run('The first paragraph that fills the line from one end to another', 50, 100),
    run('and goes on, filling this line too, from here to the end of it.', 50, 112),
    run('The second one after a gap fills the line from here to there, so', 50, 142),
    run('• an item of a list which is as long as the lines above it, too', 50, 154),
    run('• another item of a list which is as long as the one before it.', 50, 166),
  ])
  expect(text.split('\n\n')).toHaveLength(2)
  expect(text.match(/\n• /g)).toHaveLength(2)
})

test('print on its side comes last and is read along its own lines', () => {
  const side = [0, 1].map(
    (n): TextRun => ({ text: `side ${n}`, x: 580 + n * 12, y: 700, width: 30, size: 10, angle: 270 }),
  )
  expect(order([...side, ...column('body', 50, 3)])).toMatch(/^body line 0[\s\S]*side 0\s+side 1$/)
})

test('bold print made of two prints is read once; ligatures and accents of TeX become letters', () => {
  expect(order([run('Bold words', 50, 100), run('Bold words', 50.4, 100)])).toBe('Bold words')
  expect(order([run('an e\ufb03cient na¨ıve way', 50, 100)])).toBe('an efficient naïve way')
})

test('the largest line is a title only where it is larger', () => {
  expect(largestLine([run('Big title', 50, 50, 20), ...column('body', 50, 5)])).toBe('Big title')
  expect(largestLine(column('body', 50, 5))).toBeNull()
  expect(largestLine([])).toBeNull()
})

test('an empty page and thousands of runs', () => {
  expect(order([])).toBe('')
  const many = Array.from({ length: 5000 }, (_, n) => run(`w${n}`, (n % 50) * 12, Math.floor(n / 50) * 8, 4))
  const startedAt = performance.now()
  expect(order(many)).toContain('w4999')
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
