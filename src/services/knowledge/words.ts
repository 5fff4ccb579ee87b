import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { type Scope, within } from './scope.ts'
import { type Counted, chosen, type Sampled } from './words-chosen.ts'

type Db = Kysely<KnowledgeTables>

const MAX_WORDS = 24
/** Every passage that holds any of the words is compared where all passages take up to so many pages of 8 kB, or the scope has up to so many of them. */
const COMPARED = { pages: 2_000, passages: 6_000 }
/** So many pages are looked at to see how often words stand together, some 1,000 passages; always the same ones. */
const SAMPLE_PAGES = 250
/** What is read at most where a sample chose: many passages that hold the one common word asked for are all as good. */
const READ_AT_MOST = 6_000
/** Below this share of all passages. */
const NARROW = 0.2
/** The usual constants of BM25 (Robertson, Zaragoza 2009). */
const K1 = sql.lit(1.2)
const B = sql.lit(0.75)

/**
 * The passages of the scope that hold any of these stems, by BM25, the best first, by their ids: a rare word weighs more (inverse frequency among
 * the passages that hold any), and in a short passage more than in a long one. Where very many hold any, a sample says which words and which of
 * them together the best hold, and only passages that hold those are read.
 */
export async function byWords(
  db: Db,
  stems: readonly string[],
  scope: Scope,
  limit: number,
  compared = COMPARED,
): Promise<readonly string[]> {
  const terms = [...new Set(stems)].slice(0, MAX_WORDS)
  if (terms.length === 0) return []
  const any = terms.map(quoted).join(' | ')
  let narrow = true
  const exactly = () => ranked(db, terms, { query: any, counts: terms.map(() => null) }, scope, limit, narrow)
  const { few, pages } = await extentOf(db, scope, compared)
  if (few) return await exactly()
  const sample = await sampled(db, terms, scope, pages)
  // The index of collections helps where they hold little of all.
  narrow = sample.share < NARROW
  const best = chosen(sample, terms.length)
  if (best === null) return await exactly()
  const some = best.sets.map((set) => set.map((i) => quoted(terms[i] ?? '')).join(' & ')).join(' | ')
  const found = await ranked(db, terms, { ...best, query: some, mean: sample.mean }, scope, limit, narrow)
  // A sample errs; what is certain takes longer.
  return found.length < limit ? await exactly() : found
}

/** Stems hold letters and digits only, so none needs quoting beyond the quotes. */
const quoted = (term: string): string => `'${term}'`

const query = (text: string): RawBuilder<unknown> => sql`${text}::tsquery`

/** How many pages of 8 kB all passages take, and whether the scope holds few of them. */
async function extentOf(db: Db, { collections }: Scope, compared: typeof COMPARED) {
  const size = sql`pg_relation_size('knowledge.chunk') / 8192`
  const { rows } = await sql<{ pages: string | number; passages: string | number }>`
    select ${size} as pages, case when ${size} <= ${compared.pages} then 0 else (
      select count(*) from (
        select from knowledge.chunk where collection in (${sql.join(collections)}) limit ${compared.passages + 1}) those
    ) end as passages`.execute(db)
  return { pages: Number(rows[0]?.pages), few: Number(rows[0]?.passages) <= compared.passages }
}

/** Which of the terms stand together in how many passages of the scope, by a sample: bit `i` of a mask is the term `i`. */
async function sampled(db: Db, terms: readonly string[], scope: Scope, pages: number): Promise<Sample> {
  const mask = terms.map(
    (term, i) => sql`case when c.words @@ ${query(quoted(term))} then ${sql.lit(2 ** i)} else 0 end`,
  )
  const times = Math.max(1, pages / SAMPLE_PAGES)
  const { rows } = await sql<{ mask: number; passages: string | number; long: string | number }>`
    select case when c.collection in (${sql.join(scope.collections)}) then ${sql.join(mask, sql` + `)} else -1 end as mask,
      count(*) as passages, sum(length(c.words)) as long
    from knowledge.chunk c tablesample system (${sql.lit(100 / times)}) repeatable (1)
    group by 1`.execute(db)
  const all = rows.map(({ mask, passages, long }) => ({
    mask,
    passages: Number(passages),
    long: Number(long),
  }))
  const groups = all.filter(({ mask }) => mask >= 0)
  const count = (those: typeof all) => those.reduce((sum, { passages }) => sum + passages, 0)
  const holding = groups.filter(({ mask }) => mask > 0)
  const long = holding.reduce((sum, one) => sum + one.long, 0)
  return {
    groups,
    times,
    share: count(groups) / Math.max(1, count(all)),
    mean: long / Math.max(1, count(holding)),
  }
}

interface Sample extends Sampled {
  /** Of all passages, how many are in the scope. */
  readonly share: number
  /** How many words a passage has that holds any of the terms. */
  readonly mean: number
}

interface Wanted {
  readonly query: string
  /** Of each term, how many passages hold it. */
  readonly counts: readonly Counted[]
  /** How many passages hold any, where the query does not find all of them. */
  readonly holding?: number
  readonly mean?: number
}

/** By BM25 among what the query finds; what is not counted yet is counted there. */
async function ranked(
  db: Db,
  terms: readonly string[],
  wanted: Wanted,
  scope: Scope,
  limit: number,
  narrow: boolean,
): Promise<readonly string[]> {
  const flag = (i: number) => sql.ref(`t${i}`)
  const flags = terms.map((term, i) => sql`c.words @@ ${query(quoted(term))} as ${flag(i)}`)
  const known = terms.map((_, i) => {
    const count = wanted.counts[i] ?? null
    return sql`${count === null ? sql`count(*) filter (where ${flag(i)})` : sql`${count}::float8`} as ${sql.ref(`n${i}`)}`
  })
  const weights = terms.map((_, i) => {
    const n = sql.ref(`n${i}`)
    return sql`case when h.${flag(i)} then ln(1 + (greatest(f.n - f.${n}, 0) + 0.5) / (f.${n} + 0.5)) else 0 end`
  })
  const { rows } = await sql<{ id: string }>`
    with hit as materialized (
      select c.id, length(c.words) as long, ${sql.join(flags)}
      from knowledge.chunk c
      join knowledge.document d on d.id = c.document
      where c.words @@ ${query(wanted.query)} and ${within(scope)}
      ${narrow ? sql`and c.collection in (${sql.join(scope.collections)})` : sql``}
      ${wanted.holding === undefined ? sql`` : sql`limit ${READ_AT_MOST}`}
    ), frequency as (
      select greatest(count(*), ${wanted.holding ?? 0}) as n, ${wanted.mean === undefined ? sql`avg(long)` : sql`${wanted.mean}::float8`} as mean, ${sql.join(known)} from hit
    ), best as (
      select h.id, (${sql.join(weights, sql` + `)}) / (1 + ${K1} * (1 - ${B} + ${B} * h.long / f.mean)) as score
      from hit h cross join frequency f
      order by score desc, h.id
      limit ${4 * limit})
    select b.id from best b join knowledge.chunk c on c.id = b.id
    order by b.score desc, ts_rank_cd(c.words, ${query(terms.map(quoted).join(' | '))}) desc, b.id
    limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}
