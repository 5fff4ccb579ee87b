import { z } from 'zod'
import { del, get, post, put } from '../../kernel/contract.ts'

/** One's own name for a collection or an alias. */
const Name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must begin with a–z and go on with a–z, 0–9, _ and -')
const Field = z.string().regex(/^[A-Za-z_]\w{0,63}$/, 'must be letters, digits and underscores')
const Numbers = z.array(z.number()).min(1).max(4000)
const Distance = z.enum(['cosine', 'dot', 'euclid'])

const MAX_PAYLOAD = 16_384
const Payload = z
  .record(z.string(), z.unknown())
  .refine(
    (payload) => JSON.stringify(payload).length <= MAX_PAYLOAD,
    `may be ${MAX_PAYLOAD} characters of JSON`,
  )

const Value = z.union([z.string().max(500), z.number(), z.boolean()])
const Condition = z.union([
  z.strictObject({ field: Field, in: z.array(Value).max(1000) }),
  z.strictObject({ field: Field, from: z.number().optional(), to: z.number().optional() }),
])
/** All of `all` hold, one of `any` where there are any, and none of `none`. */
const Filter = z.strictObject({
  all: z.array(Condition).max(20).optional(),
  any: z.array(Condition).max(20).optional(),
  none: z.array(Condition).max(20).optional(),
})

export const VectorCollection = z.object({
  name: z.string(),
  /** What an alias points to; null for a collection. */
  aliasOf: z.string().nullable(),
  dimensions: z.number().int(),
  distance: Distance,
  /** Whose vectors these are; null for one’s own. Texts are embedded with this model alone. */
  model: z.string().nullable(),
  createdAt: z.string(),
})
export type VectorCollection = z.infer<typeof VectorCollection>

const Point = z.object({
  id: z.string().min(1).max(200),
  /** Where it is absent, `text` is embedded. */
  vector: Numbers.optional(),
  /** Found by its words, and given back. */
  text: z.string().max(20_000).optional(),
  payload: Payload.default({}),
})
export type VectorPoint = z.output<typeof Point>

const Told = z.object({
  id: z.string(),
  text: z.string().nullable(),
  payload: z.record(z.string(), z.unknown()),
})

const OF_STORES = ['not_found', 'rate_limited', 'upstream', 'unavailable', 'timeout'] as const
const read = 'multimodal-gateway.vector.read'
const change = 'multimodal-gateway.vector.change'
const named = z.object({ collection: Name })
const at = (rest = '') => `/api/multimodal/vectors/:collection${rest}`
const Gone = z.object({})

/** Collections of vectors of one’s own: another’s are not there. */
export const vectorOperations = {
  vectorCollections: get('/api/multimodal/vectors', {
    right: read,
    summary: 'One’s own collections of vectors, and the aliases of them',
    input: z.object({}),
    output: z.object({ items: z.array(VectorCollection) }),
    errors: OF_STORES,
  }),
  makeVectorCollection: post('/api/multimodal/vectors', {
    right: change,
    summary: 'Make a collection; without `dimensions` for what the embeddings engine gives',
    status: 201,
    input: z.object({
      name: Name,
      dimensions: z.number().int().min(1).max(4000).optional(),
      distance: Distance.default('cosine'),
      model: z.string().min(1).max(200).optional(),
      /** Fields that filters will look at most. */
      filtered: z.array(Field).max(20).default([]),
    }),
    output: VectorCollection,
    errors: [...OF_STORES, 'conflict'],
  }),
  vectorCollection: get(at(), {
    right: read,
    summary: 'A collection, and how many points it has',
    input: named,
    output: VectorCollection.extend({ points: z.number().int() }),
    errors: OF_STORES,
  }),
  removeVectorCollection: del(at(), {
    right: change,
    summary: 'Remove a collection with all its points and aliases, or an alias alone',
    input: named,
    output: Gone,
    errors: OF_STORES,
  }),
  putVectors: put(at('/points'), {
    right: change,
    summary: 'Put points in, by vector or by text; what has the same id is replaced',
    input: named.extend({ points: z.array(Point).min(1).max(256) }),
    output: z.object({ stored: z.number().int(), engine: z.string() }),
    errors: [...OF_STORES, 'conflict', 'too_large'],
  }),
  removeVectors: post(at('/points/remove'), {
    right: change,
    summary: 'Take points out, by their ids or by a filter',
    input: named.extend({
      ids: z.array(z.string().max(200)).min(1).max(1000).optional(),
      filter: Filter.optional(),
    }),
    output: Gone,
    errors: OF_STORES,
  }),
  searchVectors: post(at('/search'), {
    right: read,
    summary: 'The nearest points to a vector or to a text, by words as well where asked',
    input: named.extend({
      vector: Numbers.optional(),
      /** Embedded where there is no `vector`. */
      text: z.string().trim().min(1).max(4000).optional(),
      /** Also looks for the words of `text`, and blends both rankings. */
      hybrid: z.boolean().default(false),
      filter: Filter.optional(),
      limit: z.number().int().min(1).max(100).default(10),
    }),
    output: z.object({ engine: z.string(), items: z.array(Told.extend({ score: z.number() })) }),
    errors: [...OF_STORES, 'conflict'],
  }),
  scrollVectors: post(at('/scroll'), {
    right: read,
    summary: 'All points once, page by page',
    input: named.extend({
      after: z.string().min(1).max(200).optional(),
      filter: Filter.optional(),
      limit: z.number().int().min(1).max(256).default(100),
      vectors: z.boolean().default(false),
    }),
    output: z.object({
      items: z.array(Told.extend({ vector: z.array(z.number()).optional() })),
      next: z.string().nullable(),
    }),
    errors: OF_STORES,
  }),
  countVectors: post(at('/count'), {
    right: read,
    summary: 'How many points fit a filter',
    input: named.extend({ filter: Filter.optional() }),
    output: z.object({ count: z.number().int() }),
    errors: OF_STORES,
  }),
  aliasVectors: put(at('/alias'), {
    right: change,
    summary: 'Let a second name point to a collection from now on, in one step',
    input: named.extend({ alias: Name }),
    output: VectorCollection,
    errors: [...OF_STORES, 'conflict'],
  }),
}
