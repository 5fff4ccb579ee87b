export interface Change {
  /** From 1: of the text before for what is gone, of the text after for what has come. */
  readonly line: number
  readonly kind: 'gone' | 'come'
  readonly text: string
}

const MOST_LINES = 600

/** Which lines are gone and which have come, by the longest common subsequence; of a change that is too long for that, all lines between its first and its last. */
export function changesOf(before: string, after: string): Change[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const gone = a.slice(start, a.length - end)
  const come = b.slice(start, b.length - end)
  const kept = gone.length > MOST_LINES || come.length > MOST_LINES ? [] : common(gone, come)
  const changes: Change[] = []
  let [i, j] = [0, 0]
  for (const [x, y] of [...kept, [gone.length, come.length] as const]) {
    for (; i < x; i++) changes.push({ line: start + i + 1, kind: 'gone', text: gone[i] ?? '' })
    for (; j < y; j++) changes.push({ line: start + j + 1, kind: 'come', text: come[j] ?? '' })
    i = x + 1
    j = y + 1
  }
  return changes
}

/** The places of lines that both have, in order. */
function common(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i]
      if (row) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  const places: (readonly [number, number])[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length; )
    if (a[i] === b[j]) places.push([i++, j++])
    else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  return places
}
