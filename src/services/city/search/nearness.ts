import type { Embeddings } from '../../../engines/embeddings/embeddings.ts'

/** Cosines at which a passage is worth one to four bars. The similarities of the e5 models sit high: what has nothing to do with each other is near 0.75. */
const E5 = [0.79, 0.82, 0.85, 0.88] as const
const OTHERS = [0.3, 0.45, 0.6, 0.75] as const
/** What is much further than the nearest is not told. */
const BEHIND_E5 = 0.05
const BEHIND_OTHERS = 0.35

type Model = Pick<Embeddings, 'model'>
const isE5 = ({ model }: Model) => model.startsWith('e5/')

/** How near a passage is, 1…4. */
export function barsOf(model: Model, cosine: number): number {
  const steps = isE5(model) ? E5 : OTHERS
  return Math.max(1, steps.filter((step) => cosine >= step).length)
}

/** The least cosine that is still a hit, where the nearest has `best`. */
export const floorOf = (model: Model, best: number): number =>
  isE5(model) ? Math.max(E5[0], best - BEHIND_E5) : Math.max(OTHERS[0], best - BEHIND_OTHERS)
