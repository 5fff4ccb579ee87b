import { type RawBuilder, sql } from 'kysely'

/** A vector in pgvector's notation. */
export const vectorSql = (vector: Float32Array, type: 'vector' | 'halfvec'): RawBuilder<unknown> =>
  sql`${`[${vector.join(',')}]`}::text::${sql.raw(type)}`

/** The numbers of a vector that pgvector wrote. */
export const numbersOf = (written: string): Float32Array => Float32Array.from(JSON.parse(written) as number[])

/**
 * What an HNSW index is asked with, for one statement: the first row of a query whose rest is read after it, as
 * `with setting as materialized (…) select … from setting cross join lateral (select … where setting.done … order by … limit …)`.
 * Read on in relaxed order, the index gives more of what is near, so the caller sorts. pgvector before 0.8 knows `once` alone.
 */
export const SETTINGS = {
  readOn: sql`select set_config('hnsw.ef_search', '200', true) || set_config('hnsw.iterative_scan', 'relaxed_order', true) || set_config('hnsw.max_scan_tuples', '40000', true) is not null as done`,
  once: sql`select set_config('hnsw.ef_search', '200', true) is not null as done`,
}
