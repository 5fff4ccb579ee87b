import { vectorsError } from './vectors.errors.ts'
import type { Condition, Distance, Filter, VectorSpace } from './vectors.ts'

/** Half precision ends at 65,504. */
const LARGEST = 60_000
const MAX_VALUES = 1_000
const FIELD = /^[A-Za-z_]\w{0,63}$/

/** A vector as stores keep it: of length 1 where angles are compared, so that every store counts alike. Rejects with `vectors.bad_vector`. */
export function checkedVector(vector: Float32Array, { dimensions, distance }: VectorSpace): Float32Array {
  if (vector.length !== dimensions) throw vectorsError('vectors.bad_vector', { dimensions })
  let squares = 0
  for (const value of vector) {
    if (!(Math.abs(value) <= LARGEST)) throw vectorsError('vectors.bad_vector', { dimensions })
    squares += value * value
  }
  if (distance !== 'cosine') return vector
  if (squares === 0) throw vectorsError('vectors.bad_vector', { dimensions })
  const length = Math.sqrt(squares)
  return vector.map((value) => value / length)
}

/** The conditions of a filter by their kind. Rejects with `vectors.bad_filter`. */
export function checkedFilter(filter: Filter | undefined): Required<{ [K in keyof Filter]: Condition[] }> {
  const { all = [], any = [], none = [] } = filter ?? {}
  const conditions = [...all, ...any, ...none]
  const values = conditions.reduce((sum, one) => sum + ('in' in one ? one.in.length : 1), 0)
  if (values > MAX_VALUES || !conditions.every(({ field }) => FIELD.test(field)))
    throw vectorsError('vectors.bad_filter', { limit: MAX_VALUES })
  return { all: [...all], any: [...any], none: [...none] }
}

/** The score that a distance stands for. */
export const scoreOf = (distance: Distance, measured: number): number =>
  distance === 'cosine' ? 1 - measured : 0 - measured

export const isIds = (what: readonly string[] | Filter): what is readonly string[] => Array.isArray(what)
