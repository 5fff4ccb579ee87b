import type { z } from 'zod'
import type { Passage } from './knowledge.contract.ts'
import type { Ranked } from './search.ts'

/** So many neighbours become one passage at most. */
const MAX_JOINED = 3

/** The best passages, neighbours of one page joined into the better of them: what one begins with and the other ends with is said once. */
export function joined(ranked: readonly Ranked[], limit: number): z.output<typeof Passage>[] {
  const groups: Ranked[][] = []
  for (const hit of ranked.slice(0, 3 * limit)) {
    const group = groups.find((one) => one.length < MAX_JOINED && one.some((other) => touches(hit, other)))
    if (group) group.push(hit)
    else if (groups.length < limit) groups.push([hit])
  }
  return groups.map((group) => {
    const [best] = group
    const text = [...group].sort((a, b) => a.ordinal - b.ordinal).reduce(together, EMPTY).text
    return {
      document: best?.document ?? '',
      collection: best?.collection ?? '',
      title: best?.title ?? '',
      page: best?.page ?? 1,
      place: best?.place ?? null,
      text,
      score: best?.score ?? 0,
      why: best?.why ?? {},
    }
  })
}

const touches = (a: Ranked, b: Ranked): boolean =>
  a.document === b.document && a.page === b.page && Math.abs(a.ordinal - b.ordinal) === 1

const EMPTY = { text: '', end: -1 }

function together(
  before: { readonly text: string; readonly end: number },
  { start, end, head, text }: Ranked,
): { text: string; end: number } {
  if (before.end < 0) return { text, end }
  const own = text.slice(head)
  const common = before.end - start
  return { text: common > 0 ? before.text + own.slice(common) : `${before.text}\n${own}`, end }
}
