import { z } from 'zod'
import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { checkedVector, isIds } from './checked.ts'
import { blended, CANDIDATES } from './hybrid.ts'
import { createQdrantCalls, type QdrantServer } from './qdrant-http.ts'
import { filterOf, Kept, keyOf, MEANING, pointOf, Scored, sparse, uuidOf, WORDS } from './qdrant-points.ts'
import { vectorsError } from './vectors.errors.ts'
import type { Distance, Hit, VectorSpace, Vectors } from './vectors.ts'

const DISTANCE = { cosine: 'Cosine', dot: 'Dot', euclid: 'Euclid' } as const
const NAMES = Object.entries(DISTANCE) as [Distance, (typeof DISTANCE)[Distance]][]

const Info = z.object({
  config: z.object({
    params: z.object({
      vectors: z.object({ [MEANING]: z.object({ size: z.number(), distance: z.string() }) }),
    }),
    metadata: z.object({ model: z.string().nullable() }).partial().nullish(),
  }),
})
const Answered = z.unknown()
const Page = z.object({
  points: z.array(Kept),
  next_page_offset: z.union([z.string(), z.number()]).nullish(),
})

/** A Qdrant server, 1.16 or newer (it keeps a collection’s model): collections with half-precision vectors, and sparse vectors of words beside them. */
export function createQdrant(server: QdrantServer): Vectors {
  const { call, engine } = createQdrantCalls(server)
  const at = (name: string, rest = '') => `/collections/${encodeURIComponent(name)}${rest}`
  /** What a server answers about a collection that is there. */
  const found = <T>(result: T | undefined): T => {
    if (result === undefined) throw vectorsError('vectors.not_found')
    return result
  }
  const aliases = async (signal: AbortSignal | undefined) => {
    const Aliases = z.object({
      aliases: z.array(z.object({ alias_name: z.string(), collection_name: z.string() })),
    })
    return new Map(
      found(await call('GET', '/aliases', undefined, Aliases, signal)).aliases.map((one) => [
        one.alias_name,
        one.collection_name,
      ]),
    )
  }
  /** Of a collection itself, or of what an alias points to. */
  const spaceOf = async (name: string, signal: AbortSignal | undefined): Promise<VectorSpace | null> => {
    const info = await call('GET', at(name), undefined, Info, signal)
    if (!info) return null
    const { metadata, params } = info.config
    const { distance: told, size } = params.vectors[MEANING]
    const distance = NAMES.find(([, name]) => name === told)?.[0]
    if (!distance) throw engineError('engine.cut', { engine })
    return { dimensions: size, distance, model: metadata?.model ?? null }
  }
  const spaces = async (name: string, signal: AbortSignal | undefined): Promise<VectorSpace> =>
    found((await spaceOf(name, signal)) ?? undefined)

  return {
    name: 'qdrant',

    async missing() {
      try {
        await call('GET', '/collections', undefined, Answered, undefined)
        return null
      } catch (cause) {
        return AppError.from(cause)
      }
    },

    async create(collection, { dimensions, distance, model }, { filtered = [], signal } = {}) {
      if (await spaceOf(collection, signal)) throw vectorsError('vectors.exists')
      await call(
        'PUT',
        at(collection),
        {
          vectors: { [MEANING]: { size: dimensions, distance: DISTANCE[distance], datatype: 'float16' } },
          sparse_vectors: { [WORDS]: { modifier: 'idf' } },
          metadata: { model },
        },
        Answered,
        signal,
      )
      for (const field of filtered)
        await call(
          'PUT',
          at(collection, '/index?wait=true'),
          { field_name: keyOf(field), field_schema: 'keyword' },
          Answered,
          signal,
        )
    },

    async about(name, signal) {
      const space = await spaceOf(name, signal)
      return space && { ...space, collection: (await aliases(signal)).get(name) ?? name }
    },

    async drop(collection, signal) {
      // An alias is another's: it is not taken for the collection.
      if ((await aliases(signal)).has(collection)) return
      await call('DELETE', at(collection), undefined, Answered, signal)
    },

    async upsert(collection, points, signal) {
      const space = await spaces(collection, signal)
      const kept = [...new Map(points.map((point) => [point.id, point])).values()]
      const body = { points: kept.map((point) => pointOf(point, checkedVector(point.vector, space))) }
      if (kept.length > 0)
        found(await call('PUT', at(collection, '/points?wait=true'), body, Answered, signal))
    },

    async remove(collection, what, signal) {
      const those = isIds(what) ? { points: what.map(uuidOf) } : { filter: filterOf(what) ?? {} }
      found(await call('POST', at(collection, '/points/delete?wait=true'), those, Answered, signal))
    },

    async search(collection, { filter, limit, signal, vector, words = '' }) {
      const space = await spaces(collection, signal)
      const terms = sparse(words)
      const both = vector !== undefined && terms.indices.length > 0
      const about = {
        filter: filterOf(filter),
        limit: both ? Math.max(CANDIDATES, limit) : limit,
        with_payload: true,
      }
      const searches = [
        ...(vector ? [{ ...about, query: [...checkedVector(vector, space)], using: MEANING }] : []),
        ...(terms.indices.length > 0 ? [{ ...about, query: terms, using: WORDS }] : []),
      ]
      if (searches.length === 0) return []
      const Answers = z.array(z.object({ points: z.array(Scored) }))
      const path = at(collection, '/points/query/batch')
      const answers = found(await call('POST', path, { searches }, Answers, signal))
      if (answers.length !== searches.length) throw engineError('engine.cut', { engine }, { retryable: true })
      // In a straight line Qdrant tells how far, not how near.
      const sign = vector && space.distance === 'euclid' ? -1 : 1
      const rankings = answers.map(({ points }, i) =>
        points.map(({ payload, score }): Hit => ({ ...payload, score: i === 0 ? score * sign : score })),
      )
      return blended(rankings, limit)
    },

    async scroll(collection, { after, filter, limit, signal }) {
      const body = {
        filter: filterOf(filter),
        limit,
        with_payload: true,
        with_vector: [MEANING],
        ...(after !== undefined && { offset: after }),
      }
      const { next_page_offset: next, points } = found(
        await call('POST', at(collection, '/points/scroll'), body, Page, signal),
      )
      const items = points.map(({ payload, vector }) => ({
        ...payload,
        vector: Float32Array.from(vector[MEANING]),
      }))
      return { items, next: next === null || next === undefined ? null : String(next) }
    },

    async count(collection, filter, signal) {
      const body = { filter: filterOf(filter), exact: true }
      const path = at(collection, '/points/count')
      return found(await call('POST', path, body, z.object({ count: z.number() }), signal)).count
    },

    async alias(alias, collection, signal) {
      const known = await aliases(signal)
      if (known.has(collection)) throw vectorsError('vectors.not_found')
      await spaces(collection, signal)
      if (!known.has(alias) && (await spaceOf(alias, signal))) throw vectorsError('vectors.exists')
      const actions = [
        ...(known.has(alias) ? [{ delete_alias: { alias_name: alias } }] : []),
        { create_alias: { alias_name: alias, collection_name: collection } },
      ]
      await call('POST', '/collections/aliases', { actions }, Answered, signal)
    },

    async unalias(alias, signal) {
      if ((await aliases(signal)).has(alias))
        await call(
          'POST',
          '/collections/aliases',
          { actions: [{ delete_alias: { alias_name: alias } }] },
          Answered,
          signal,
        )
    },
  }
}
