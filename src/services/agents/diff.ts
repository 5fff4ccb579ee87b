export interface DiffLine {
  readonly op: 'same' | 'added' | 'removed'
  readonly text: string
}

/** Beyond so many cells the whole middle counts as replaced: a table of lines by lines grows with their product. */
const MAX_CELLS = 4_000_000

/** What is different between two texts, line by line: the longest common subsequence, what was taken out before what was put in. */
export function diffLines(from: string, to: string): DiffLine[] {
  const [a, b] = [from.split('\n'), to.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const same = (lines: readonly string[]) => lines.map((text): DiffLine => ({ op: 'same', text }))
  const middle = between(a.slice(start, a.length - end), b.slice(start, b.length - end))
  return [...same(a.slice(0, start)), ...middle, ...same(a.slice(a.length - end))]
}

function between(a: readonly string[], b: readonly string[]): DiffLine[] {
  const removed = a.map((text): DiffLine => ({ op: 'removed', text }))
  const added = b.map((text): DiffLine => ({ op: 'added', text }))
  if (a.length === 0 || b.length === 0 || (a.length + 1) * (b.length + 1) > MAX_CELLS)
    return [...removed, ...added]
  const width = b.length + 1
  // common[i * width + j]: how many lines a[i…] and b[j…] share in order.
  const common = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    const [left = '', right = ''] = [a[i], b[j]]
    if (left === right) {
      lines.push({ op: 'same', text: left })
      i++
      j++
    } else if (at(i + 1, j) >= at(i, j + 1)) lines.push({ op: 'removed', text: a[i++] ?? '' })
    else lines.push({ op: 'added', text: b[j++] ?? '' })
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)]
}
