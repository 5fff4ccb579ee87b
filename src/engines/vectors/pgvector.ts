import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { AppError, kernelError } from '../../kernel/errors.ts'
import { stems } from '../words/stems.ts'
import { checkedVector, isIds, scoreOf } from './checked.ts'
import { blended, CANDIDATES } from './hybrid.ts'
import { filterSql, isEmptyFilter } from './pgvector-filter.ts'
import { createPgvectorVersion, numbersOf, readOn, vectorSql } from './pgvector-sql.ts'
import { vectorsError } from './vectors.errors.ts'
import type { Distance, Filter, Hit, Payload, Point, Question, VectorSpace, Vectors } from './vectors.ts'

export interface PgvectorNeeds {
  /** PostgreSQL or PGlite with pgvector and the schema `vectors`. Whose it is closes it. */
  readonly db: Kysely<Record<never, never>>
  /** Whether numbers take 16 bits instead of 32. PGlite is ten times slower with them. */
  readonly half: boolean
  /** Up to so many points that fit a filter are compared one by one; 3,000 where nothing is said. */
  readonly countedThrough?: number
}

/** Half precision begins with 0.7. */
const NEEDED = [0, 7] as const
/** Compared one by one nothing is missed, and it is quicker than walking an index that mostly holds others. */
const COUNTED_THROUGH = 3_000
const AT_ONCE = 200
/** The index takes some 4 ms a vector in PGlite, which does nothing else meanwhile. */
const PIECE = 16
const MAX_WORDS = 24

const OPERATOR: Readonly<Record<Distance, string>> = { cosine: '<=>', dot: '<#>', euclid: '<->' }
const OPERATORS: Readonly<Record<Distance, string>> = {
  cosine: 'cosine_ops',
  dot: 'ip_ops',
  euclid: 'l2_ops',
}
/** An index holds so many numbers of 32 bits a vector at most. */
const MOST_FULL = 2_000

interface Held extends VectorSpace {
  readonly name: string
  readonly number: number
  readonly half: boolean
}
interface Row {
  readonly id: string
  readonly text: string | null
  readonly payload: Payload
}

/** Vectors in the database that is there anyway: a table and an HNSW index for each collection. */
export function createPgvector({ countedThrough = COUNTED_THROUGH, db, half }: PgvectorNeeds): Vectors {
  const installed = createPgvectorVersion(db)

  const find = async (name: string): Promise<Held | undefined> => {
    const { rows } = await sql<Held>`
      select name, number, dimensions, distance, model, half from vectors.collection
      where name = coalesce((select collection from vectors.alias where alias = ${name}), ${name})`.execute(
      db,
    )
    return rows[0]
  }
  /** Runs on the table of a collection, which may be dropped at any time. */
  const within = async <T>(
    name: string,
    signal: AbortSignal | undefined,
    work: (held: Held, table: RawBuilder<unknown>) => Promise<T>,
  ): Promise<T> => {
    if (signal?.aborted) throw kernelError('call.cancelled')
    const held = await find(name)
    if (!held) throw vectorsError('vectors.not_found')
    try {
      return await work(held, tableOf(held))
    } catch (cause) {
      if (isGone(cause)) throw vectorsError('vectors.not_found', {}, { cause })
      throw cause
    }
  }

  const byVector = async (held: Held, question: Question, limit: number): Promise<Hit[]> => {
    const { distance } = held
    const query = vectorSql(checkedVector(question.vector ?? new Float32Array(), held), typeOf(held))
    const fits = filterSql(question.filter)
    const table = tableOf(held)
    const measured = sql`embedding ${sql.raw(OPERATOR[distance])} ${query}`
    const narrow = await isNarrow(table, fits, isEmptyFilter(question.filter))
    const { rows } = narrow
      ? await sql<Row & { measured: number }>`
          select id, text, payload, ${measured} as measured from ${table}
          where ${fits} order by (${measured}) + 0, id limit ${limit}`.execute(db)
      : await sql<Row & { measured: number }>`
          with setting as materialized (${readOn(AT_ONCE)})
          select near.* from setting cross join lateral (
            select id, text, payload, ${measured} as measured from ${table}
            where setting.done and ${fits} order by ${measured} limit ${limit}) near`.execute(db)
    return rows
      .map(({ measured, ...row }) => ({ ...row, score: scoreOf(distance, measured) }))
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
  }
  const isNarrow = async (
    table: RawBuilder<unknown>,
    fits: RawBuilder<boolean>,
    whole: boolean,
  ): Promise<boolean> => {
    if (!(await installed.readsOn())) return true
    if (whole) return false
    const { rows } = await sql<{ n: string | number }>`
      select count(*) as n from (select 1 from ${table} where ${fits} limit ${countedThrough + 1}) those`.execute(
      db,
    )
    return Number(rows[0]?.n) <= countedThrough
  }

  return {
    name: 'pgvector',

    async missing() {
      try {
        return (await installed.since(...NEEDED)) ? null : tooOld(await installed.version())
      } catch (cause) {
        return AppError.from(cause)
      }
    },

    async create(collection, { dimensions, distance, model }) {
      const kept = { half: half || dimensions > MOST_FULL }
      await db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ number: number }>`
          insert into vectors.collection (name, dimensions, distance, model, half)
          select ${collection}, ${dimensions}, ${distance}, ${model}, ${kept.half}
          where not exists (select from vectors.alias where alias = ${collection})
          on conflict do nothing returning number`.execute(tx)
        const [made] = rows
        if (!made) throw vectorsError('vectors.exists')
        const table = tableOf(made)
        await sql`create table ${table} (
          id text collate "C" primary key,
          embedding ${sql.raw(typeOf(kept))}(${sql.lit(dimensions)}) not null,
          text text,
          words tsvector not null,
          payload jsonb not null)`.execute(tx)
        await sql`create index on ${table} using hnsw (embedding ${sql.raw(`${typeOf(kept)}_${OPERATORS[distance]}`)})`.execute(
          tx,
        )
        await sql`create index on ${table} using gin (payload jsonb_path_ops)`.execute(tx)
        await sql`create index on ${table} using gin (words)`.execute(tx)
      })
    },

    async about(collection) {
      const held = await find(collection)
      return held
        ? { collection: held.name, dimensions: held.dimensions, distance: held.distance, model: held.model }
        : null
    },

    async drop(collection) {
      await db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ number: number }>`
          delete from vectors.collection where name = ${collection} returning number`.execute(tx)
        for (const held of rows) await sql`drop table if exists ${tableOf(held)}`.execute(tx)
      })
    },

    upsert: (collection, points, signal) =>
      within(collection, signal, async (held, table) => {
        // The last of one id counts; in order, so that two calls never wait for each other.
        const kept = [...new Map(points.map((point) => [point.id, point])).values()].sort((a, b) =>
          a.id < b.id ? -1 : 1,
        )
        const rows = kept.map(
          ({ id, payload, text, vector }) =>
            sql`(${id}::text, ${vectorSql(checkedVector(vector, held), typeOf(held))}, ${text}::text, array_to_tsvector(${wordsOf(text)}::text[]), ${JSON.stringify(payload)}::text::jsonb)`,
        )
        for (let from = 0; from < rows.length; from += PIECE) {
          if (signal?.aborted) throw kernelError('call.cancelled')
          await sql`
            insert into ${table} (id, embedding, text, words, payload)
            values ${sql.join(rows.slice(from, from + PIECE))}
            on conflict (id) do update set embedding = excluded.embedding, text = excluded.text,
              words = excluded.words, payload = excluded.payload`.execute(db)
        }
      }),

    remove: (collection, what, signal) =>
      within(collection, signal, async (_, table) => {
        const those = isIds(what) ? sql`id = any(${[...what]}::text[])` : filterSql(what)
        await sql`delete from ${table} where ${those}`.execute(db)
      }),

    search: (collection, question) =>
      within(collection, question.signal, async (held, table) => {
        const { limit, vector, words } = question
        const terms = [...new Set(stems(words ?? ''))].slice(0, MAX_WORDS)
        const both = vector !== undefined && terms.length > 0
        const most = both ? Math.max(CANDIDATES, limit) : limit
        return blended(
          [
            ...(vector ? [await byVector(held, question, most)] : []),
            ...(terms.length > 0 ? [await byWords(db, table, terms, question.filter, most)] : []),
          ],
          limit,
        )
      }),

    scroll: (collection, { after, filter, limit, signal }) =>
      within(collection, signal, async (_, table) => {
        const { rows } = await sql<Row & { numbers: string }>`
          select id, text, payload, embedding::text as numbers from ${table}
          where ${filterSql(filter)} and id > ${after ?? ''} order by id limit ${limit + 1}`.execute(db)
        const items = rows
          .slice(0, limit)
          .map(({ numbers, ...row }): Point => ({ ...row, vector: numbersOf(numbers) }))
        return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
      }),

    count: (collection, filter, signal) =>
      within(collection, signal, async (_, table) => {
        const { rows } = await sql<{ n: string | number }>`
          select count(*) as n from ${table} where ${filterSql(filter)}`.execute(db)
        return Number(rows[0]?.n)
      }),

    alias: (alias, collection) => db.transaction().execute((tx) => point(tx, alias, collection)),

    async unalias(alias) {
      await sql`delete from vectors.alias where alias = ${alias}`.execute(db)
    },
  }
}

async function point(
  tx: Transaction<Record<never, never>>,
  alias: string,
  collection: string,
): Promise<void> {
  const { rows } = await sql<{ taken: boolean }>`
    select exists (select from vectors.collection where name = ${alias}) as taken
    from vectors.collection where name = ${collection} for key share`.execute(tx)
  const [found] = rows
  if (!found) throw vectorsError('vectors.not_found')
  if (found.taken) throw vectorsError('vectors.exists')
  await sql`
    insert into vectors.alias (alias, collection) values (${alias}, ${collection})
    on conflict (alias) do update set collection = excluded.collection`.execute(tx)
}

/** Any of the words; a rare one weighs more (inverse frequency among the points that hold any). */
async function byWords(
  db: Kysely<Record<never, never>>,
  table: RawBuilder<unknown>,
  terms: readonly string[],
  filter: Filter | undefined,
  limit: number,
): Promise<Hit[]> {
  const one = (term: string) => sql`${`'${term}'`}::tsquery`
  const any = sql`${terms.map((term) => `'${term}'`).join(' | ')}::tsquery`
  const counts = terms.map(
    (term, i) => sql`count(*) filter (where words @@ ${one(term)}) as ${sql.ref(`n${i}`)}`,
  )
  const weights = terms.map(
    (term, i) =>
      sql`case when h.words @@ ${one(term)} then ln(1 + (f.n - f.${sql.ref(`n${i}`)} + 0.5) / (f.${sql.ref(`n${i}`)} + 0.5)) else 0 end`,
  )
  const { rows } = await sql<Row & { score: number }>`
    with hit as materialized (select id, words from ${table} where words @@ ${any} and ${filterSql(filter)}),
    frequency as (select count(*) as n, ${sql.join(counts)} from hit),
    best as (
      select h.id, (${sql.join(weights, sql` + `)})::float8 as score from hit h cross join frequency f
      order by 2 desc, h.id limit ${limit})
    select p.id, p.text, p.payload, best.score from best join ${table} p on p.id = best.id
    order by best.score desc, p.id`.execute(db)
  return rows
}

const wordsOf = (text: string | null): string[] => [...new Set(stems(text ?? ''))]

const typeOf = ({ half }: Pick<Held, 'half'>) => (half ? 'halfvec' : 'vector')

const tableOf = ({ number }: Pick<Held, 'number'>) => sql.id('vectors', `points_${number}`)

/** PostgreSQL's undefined_table. */
const isGone = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === '42P01'

const tooOld = (version: string): AppError =>
  vectorsError('vectors.no_pgvector', {
    version,
    needed: NEEDED.join('.'),
    command: 'alter extension vector update',
  })
