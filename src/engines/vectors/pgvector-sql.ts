import { type Kysely, type RawBuilder, sql } from 'kysely'

type AnyDb = Pick<Kysely<Record<never, never>>, 'getExecutor'>

/** A vector in pgvector's notation. */
export const vectorSql = (vector: Float32Array, type: 'vector' | 'halfvec'): RawBuilder<unknown> =>
  sql`${`[${vector.join(',')}]`}::text::${sql.raw(type)}`

/** The numbers of a vector that pgvector wrote. */
export const numbersOf = (written: string): Float32Array => Float32Array.from(JSON.parse(written) as number[])

/**
 * What an HNSW index is asked with, for one statement: the first row of a query whose rest is read after it, as
 * `with setting as materialized (…) select … from setting cross join lateral (select … where setting.done … order by … limit …)`.
 * Read on in relaxed order, the index gives more of what is near, so the caller sorts. `atOnce` are gathered at a time, 1 to 1,000: more of them miss less and take longer. Needs pgvector 0.8.
 */
export const readOn = (atOnce: number): RawBuilder<unknown> => sql`
  select set_config('hnsw.ef_search', ${String(atOnce)}, true) || set_config('hnsw.iterative_scan', 'relaxed_order', true)
    || set_config('hnsw.max_scan_tuples', '40000', true) is not null as done`

/** Which pgvector a database has; asked once, and again after a failure. */
export function createPgvectorVersion(db: AnyDb): {
  version(): Promise<string>
  /** Whether it is this one or newer. */
  since(major: number, minor: number): Promise<boolean>
  /** Whether its index is read on until enough of what it gives fits a filter: 0.8. Before that a filter is counted through, or most of what it lets in is missed. */
  readsOn(): Promise<boolean>
} {
  let asked: Promise<string> | undefined
  const version = () => {
    asked ??= ask(db).catch((cause: unknown) => {
      asked = undefined
      throw cause
    })
    return asked
  }
  const since = async (major: number, minor: number) => {
    const [most = 0, least = 0] = (await version()).split('.').map(Number)
    return most > major || (most === major && least >= minor)
  }
  return { version, since, readsOn: () => since(0, 8) }
}

async function ask(db: AnyDb): Promise<string> {
  const { rows } = await sql<{ version: string }>`
    select extversion as version from pg_extension where extname = 'vector'`.execute(db)
  return rows[0]?.version ?? '0'
}
