/** How many passages of a sample hold exactly the terms of a mask; one of the sample stands for `times` of all. */
export interface Sampled {
  readonly groups: readonly { readonly mask: number; readonly passages: number }[]
  readonly times: number
}

/** How many passages hold a term; null where it is better counted. */
export type Counted = number | null

interface Chosen {
  /** Terms, by their places, that stand together in a passage worth reading. */
  readonly sets: readonly (readonly number[])[]
  readonly counts: readonly Counted[]
  /** How many passages hold any of the terms, about. */
  readonly holding: number
}

/** So many are read at most, about; as many as are wanted many times over, for length changes the order. */
const READ = 800
/** What comes so near to the mark may stand above it where it is shorter. */
const NEARLY = 0.8
/** So many of the rarest terms choose what is read; the others count for the order alone. */
const CHOOSING = 8

/** What the best passages hold, by a sample: the fewest terms together whose rarity reaches a mark that about `read` passages reach. Null where few hold any term, and all may be read. */
export function chosen({ groups, times }: Sampled, terms: number, read = READ): Chosen | null {
  const holds = (mask: number, i: number) => Math.floor(mask / 2 ** i) % 2 === 1
  const counts = Array.from({ length: terms }, (_, i) =>
    groups.reduce((sum, { mask, passages }) => sum + (holds(mask, i) ? passages * times : 0), 0),
  )
  const holding = groups.reduce((sum, { mask, passages }) => sum + (mask > 0 ? passages * times : 0), 0)
  if (holding <= read) return null
  const rarity = counts.map((count) => Math.log(1 + (holding - count + 0.5) / (count + 0.5)))
  const order = counts.map((_, i) => i).sort((a, b) => (rarity[b] ?? 0) - (rarity[a] ?? 0))
  const choosing = order.slice(0, CHOOSING)
  const sum = (those: readonly number[]) => those.reduce((all, i) => all + (rarity[i] ?? 0), 0)
  // From the best down, as far as about so many are reached.
  const scored = groups
    .filter(({ mask }) => mask > 0)
    .map(({ mask, passages }) => ({
      passages: passages * times,
      score: sum(choosing.filter((i) => holds(mask, i))),
    }))
    .sort((a, b) => b.score - a.score)
  let reached = 0
  let mark = scored[0]?.score ?? 0
  for (const { passages, score } of scored) {
    if (reached > 0 && reached + passages > read) break
    reached += passages
    mark = score
  }
  const sets = least(choosing, sum, mark * NEARLY)
  const alone = new Set(sets.flatMap((set) => (set.length === 1 ? set : [])))
  return { sets, holding, counts: counts.map((count, i) => (alone.has(i) ? null : count)) }
}

/** The sets that reach the mark and of which no smaller part does. */
function least(
  terms: readonly number[],
  sum: (those: readonly number[]) => number,
  mark: number,
): readonly (readonly number[])[] {
  const found: (readonly number[])[] = []
  const add = (set: readonly number[], from: number) => {
    for (let at = from; at < terms.length; at++) {
      const term = terms[at]
      if (term === undefined) continue
      const larger = [...set, term]
      if (sum(larger) >= mark) found.push(larger)
      else add(larger, at + 1)
    }
  }
  add([], 0)
  return found
}
