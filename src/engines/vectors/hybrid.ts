import { blend } from '../words/blend.ts'
import type { Hit } from './vectors.ts'

/** How many each ranking brings to the blend. */
export const CANDIDATES = 50

/** Several rankings as one, by reciprocal ranks; one alone stays as it is. */
export function blended(rankings: readonly (readonly Hit[])[], limit: number): Hit[] {
  const [only] = rankings
  if (only && rankings.length === 1) return only.slice(0, limit)
  const hits = new Map(rankings.flat().map((hit) => [hit.id, hit]))
  const scores = blend(rankings.map((ranking) => ({ ids: ranking.map(({ id }) => id), weight: 1 })))
  return [...scores]
    .flatMap(([id, score]) => {
      const hit = hits.get(id)
      return hit ? [{ ...hit, score }] : []
    })
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
}
