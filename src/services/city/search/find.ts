import { type RawBuilder, sql } from 'kysely'
import type { Principal } from '../../../kernel/principal.ts'
import type { CityDb } from '../city.store.ts'
import type { Filters, Has } from './filters.ts'
import { written } from './meaning.ts'
import { likeStems } from './spelling.ts'

/** Where a text stands. */
export interface Found {
  readonly message: string
  readonly part: number
}

export interface FoundByWords {
  readonly hits: readonly Found[]
  /** All stems that were looked for, also those that stand in for misspelt ones. */
  readonly stems: ReadonlySet<string>
  /** For a stem that nothing holds, what it may have been meant as. */
  readonly meant: ReadonlyMap<string, readonly string[]>
}

export interface FoundByMeaning extends Found {
  readonly start: number
  readonly end: number
  /** The cosine, up to 1. */
  readonly near: number
}

/** Whose eyes, and what narrows the search. */
export interface Scope {
  readonly asker: Principal
  readonly filters: Filters
}

/** How many each way of searching brings to the blend. */
const CANDIDATES = 120
/** Of a word that everybody uses, the newest texts are compared. */
const COMPARED = 3000
const MAX_WORDS = 16

/** Rooms the asker may read now: a condition on an id of a room, joined in the very query that finds. It narrows what is fetched; the rule book has the last word over what is shown. */
export const readable = (
  room: RawBuilder<unknown>,
  { asker, filters }: Scope,
): RawBuilder<unknown> => sql`${room} in (
  select r.id from city.room r left join city.member own on own.room = r.id and own.principal = ${asker.id}
  where (own.membership is not null or (r.visibility = 'public' and ${asker.kind}::text <> 'agent'))
  and not exists (select 1 from city.sanction s where s.room = r.id and s.principal = ${asker.id}
    and s.kind = 'ban' and s.lifted_at is null)
  ${filters.in === undefined ? sql`` : sql`and (r.id = ${filters.in} or r.slug = ${filters.in})`})`

/** What holds any of the words; a rare one weighs more, and of equals the newest comes first. */
export async function byWords(db: CityDb, words: readonly string[], scope: Scope): Promise<FoundByWords> {
  const terms = [...new Set(words)].slice(0, MAX_WORDS)
  const meant = new Map<string, readonly string[]>()
  if (terms.length === 0) return { hits: [], stems: new Set(), meant }
  // Whether a word is misspelt is told by what the asker may read alone.
  const present = await heldStems(db, terms, scope)
  for (const term of terms)
    if (!present.has(term)) {
      const like = await likeStems(db, term)
      const held = await heldStems(db, like, scope)
      const kept = like.filter((stem) => held.has(stem))
      if (kept.length > 0) meant.set(term, kept)
    }
  const groups = terms.map((term) => meant.get(term) ?? [term])
  const counts = groups.map(
    (group, i) => sql`count(*) filter (where words @@ ${anyOf(group)}) as ${sql.ref(`n${i}`)}`,
  )
  const weights = groups.map(
    (group, i) =>
      sql`case when h.words @@ ${anyOf(group)} then ln(1 + (f.n - f.${sql.ref(`n${i}`)} + 0.5) / (f.${sql.ref(`n${i}`)} + 0.5)) else 0 end`,
  )
  const { rows } = await sql<Found>`
    with hit as materialized (
      select e.message, e.part, e.at, e.words from city.search_entry e
      join city.message m on m.id = e.message
      where e.words @@ ${anyOf(groups.flat())} and ${readable(sql`e.room`, scope)} and ${narrowed(scope.filters)}
      order by e.at desc limit ${COMPARED}
    ), frequency as (select count(*) as n, ${sql.join(counts)} from hit)
    select h.message, h.part from hit h cross join frequency f
    order by ${sql.join(weights, sql` + `)} desc, h.at desc, h.message desc, h.part
    limit ${CANDIDATES}`.execute(db)
  return { hits: rows, stems: new Set(groups.flat()), meant }
}

async function heldStems(db: CityDb, stems: readonly string[], scope: Scope): Promise<Set<string>> {
  if (stems.length === 0) return new Set()
  const { rows } = await sql<{ stem: string }>`
    select asked.stem from unnest(${stems}::text[]) as asked (stem)
    where exists (select 1 from city.search_entry e
      where e.words @@ quote_literal(asked.stem)::tsquery and ${readable(sql`e.room`, scope)})`.execute(db)
  return new Set(rows.map(({ stem }) => stem))
}

/** For this transaction, where pgvector knows these settings: 0.8 and later. The literal makes it load first. */
const READ_ON = `
  select set_config(name, case name when 'hnsw.iterative_scan' then 'strict_order' when 'hnsw.ef_search' then '200' else '40000' end, true)
  from pg_settings
  where name in ('hnsw.iterative_scan', 'hnsw.ef_search', 'hnsw.max_scan_tuples') and '[1]'::vector is not null`

/** Where the asker may read no more passages than this, each is compared: of an index over everybody's, nearly all that it gives would be thrown away. */
const COMPARED_EACH = 10_000

/** The nearest passages: exactly so where the asker may read few, else by the index, which is read on until enough of what it gives may be read by the asker. */
export async function byMeaning(
  db: CityDb,
  vector: Float32Array,
  model: string,
  scope: Scope,
  limit = CANDIDATES,
): Promise<FoundByMeaning[]> {
  return await db.transaction().execute(async (tx) => {
    await sql.raw(READ_ON).execute(tx)
    // Named one by one, so that the index by rooms is used.
    const { rows: rooms } = await sql<{ id: string }>`
      select r.id from city.room r where ${readable(sql`r.id`, scope)}`.execute(tx)
    const theirs = sql`v.model = ${model} and v.room = any(${rooms.map(({ id }) => id)}::text[])`
    const { rows: few } = await sql<{ n: number }>`
      select count(*)::int as n from (
        select from city.search_vector v where ${theirs} limit ${COMPARED_EACH + 1}) v`.execute(tx)
    const { from, has, before, after } = scope.filters
    const narrows = from !== undefined || has.length > 0 || before !== undefined || after !== undefined
    const each = (few[0]?.n ?? 0) <= COMPARED_EACH
    const far = sql`v.embedding <=> ${written(vector)}::vector`
    // An index answers no sum. What was said anew meanwhile falls out of the nearest, so some more are taken.
    const near = each
      ? sql`(select v.*, ${far} as far from city.search_vector v where ${theirs}
          order by (${far}) + 0 ${narrows ? sql`` : sql`limit ${2 * limit}`})`
      : sql`(select v.*, ${far} as far from city.search_vector v where ${theirs})`
    const { rows } = await sql<FoundByMeaning>`
      select v.message, v.part, v.start_at as start, v.end_at as end, 1 - v.far as near
      from ${near} v
      join city.search_entry e on e.message = v.message and e.part = v.part and e.digest = v.digest
      join city.message m on m.id = v.message
      where ${narrowed(scope.filters)}
      order by ${each ? sql`v.far` : far}
      limit ${limit}`.execute(tx)
    return rows
  })
}

/** The newest, where there is nothing but conditions. */
export async function byFilters(db: CityDb, scope: Scope): Promise<Found[]> {
  const { rows } = await sql<Found>`
    select e.message, e.part from city.search_entry e join city.message m on m.id = e.message
    where ${readable(sql`e.room`, scope)} and ${narrowed(scope.filters)}
    order by e.at desc, e.message desc, e.part limit ${CANDIDATES}`.execute(db)
  return rows
}

/** Messages that hold these documents, where the asker may read them: the newest for each. */
export async function holdersOf(
  db: CityDb,
  documents: readonly string[],
  scope: Scope,
): Promise<Map<string, Found>> {
  if (documents.length === 0) return new Map()
  const { rows } = await sql<Found & { document: string }>`
    select distinct on (p.outcome -> 'document' ->> 'id')
      p.outcome -> 'document' ->> 'id' as document, p.message, p.index as part
    from city.part p join city.message m on m.id = p.message
    where p.outcome ? 'document' and p.outcome -> 'document' ->> 'id' in (${sql.join(documents)})
      and ${readable(sql`m.room`, scope)} and ${narrowed(scope.filters)}
    order by p.outcome -> 'document' ->> 'id', m.created_at desc`.execute(db)
  return new Map(rows.map(({ document, ...found }) => [document, found]))
}

const anyOf = (stems: readonly string[]): RawBuilder<unknown> =>
  // Stems hold letters and digits only, so none needs quoting beyond the quotes.
  sql`${stems.map((stem) => `'${stem}'`).join(' | ')}::tsquery`

const PARTS: Readonly<Record<Exclude<Has, 'link'>, string>> = { file: 'file', image: 'image', voice: 'audio' }

/** Conditions on the message `m`. What was deleted is not there, whatever the index still holds. */
function narrowed({ from, has, before, after }: Filters): RawBuilder<unknown> {
  const conditions = [sql`m.deleted_at is null`]
  if (from !== undefined) {
    const name = `${from.replace(/[\\%_]/g, '\\$&')}%`
    conditions.push(sql`(m.author = ${from} or m.author_name ilike ${name})`)
  }
  if (before !== undefined)
    conditions.push(sql`m.created_at < ${new Date(before).toISOString()}::timestamptz`)
  if (after !== undefined) conditions.push(sql`m.created_at >= ${new Date(after).toISOString()}::timestamptz`)
  for (const one of has)
    conditions.push(
      one === 'link'
        ? sql`m.text ~* 'https?://'`
        : sql`exists (select 1 from city.part held where held.message = m.id and held.type = ${PARTS[one]})`,
    )
  return sql.join(conditions, sql` and `)
}
