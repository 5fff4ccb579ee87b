import { createHash } from 'node:crypto'
import { z } from 'zod'
import { stems } from '../words/stems.ts'
import { checkedFilter } from './checked.ts'
import type { Condition, Filter, Payload, Point } from './vectors.ts'

/** The two vectors of a point: its meaning, and its words. */
export const MEANING = 'meaning'
export const WORDS = 'words'

const Held = z.object({
  id: z.string(),
  text: z.string().nullable(),
  payload: z.record(z.string(), z.unknown()),
})
/** A point as Qdrant answers it. */
export const Scored = z.object({ score: z.number(), payload: Held })
export const Kept = z.object({
  payload: Held,
  vector: z.object({ [MEANING]: z.array(z.number()) }),
})

/** Qdrant takes numbers and UUIDs as ids; the text they stand for is kept beside. */
export function uuidOf(id: string): string {
  const hex = createHash('sha256').update(id).digest('hex')
  // RFC 9562, version 8: made by a hash of one's own.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export const pointOf = ({ id, payload, text }: Point, vector: Float32Array) => ({
  id: uuidOf(id),
  vector: { [MEANING]: [...vector], ...(text !== null && { [WORDS]: sparse(text) }) },
  payload: { id, text, payload } satisfies { id: string; text: string | null; payload: Payload },
})

/** Words as a sparse vector: each stem a place of its own; how rare it is, Qdrant counts itself. Two stems share a place once in four billion. */
export function sparse(text: string): { indices: number[]; values: number[] } {
  const indices = [
    ...new Set(stems(text).map((stem) => createHash('sha256').update(stem).digest().readUInt32LE(0))),
  ]
  return { indices, values: indices.map(() => 1) }
}

/** A filter in Qdrant's words; undefined where nothing is asked. */
export function filterOf(filter: Filter | undefined): object | undefined {
  const { all, any, none } = checkedFilter(filter)
  if (all.length + any.length + none.length === 0) return undefined
  return {
    must: [...all.map(conditionOf), ...(any.length > 0 ? [{ should: any.map(conditionOf) }] : [])],
    must_not: none.map(conditionOf),
  }
}

/** Fields of a payload stand one level deeper here. */
export const keyOf = (field: string): string => `payload.${field}`

function conditionOf(condition: Condition): object {
  const key = keyOf(condition.field)
  if (!('in' in condition)) {
    const { from = -Number.MAX_VALUE, to } = condition
    return { key, range: { gte: from, ...(to !== undefined && { lte: to }) } }
  }
  const words = condition.in.filter((value) => typeof value === 'string')
  const others = condition.in.flatMap((value): object[] => {
    if (typeof value === 'number') return [{ key, range: { gte: value, lte: value } }]
    return typeof value === 'boolean' ? [{ key, match: { value } }] : []
  })
  // An empty list of alternatives would let everything through.
  return { should: [{ key, match: { any: words } }, ...others] }
}
