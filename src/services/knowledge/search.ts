import { type Kysely, sql } from 'kysely'
import type { z } from 'zod'
import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import { blend, phraseBonus, type Ranking } from '../../engines/words/blend.ts'
import { stems } from '../../engines/words/stems.ts'
import type { Passage } from './knowledge.contract.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { written } from './vectors.ts'

/** Where to look: only here. */
export interface Scope {
  readonly rooms: readonly string[]
  readonly documents?: readonly string[] | undefined
}

interface Hit {
  readonly id: string
  readonly document: string
  readonly title: string
  readonly page: number
  readonly text: string
}

/** How many each way of searching brings to the blend. */
const CANDIDATES = 50
const MAX_WORDS = 24
/** Letters that look alike count less than meaning. */
const WEIGHT = { words: 1, semantic: 1, letters: 0.4 }

type Db = Kysely<KnowledgeTables>

/** The nearest passages of the scope by words and by vectors. `models` are asked in turn, each over the documents it knows whole; one that fails is left out, and `ranked` says who took part. */
export async function nearest(
  db: Db,
  query: string,
  scope: Scope,
  models: readonly Embeddings[],
  how: {
    readonly limit: number
    readonly signal: AbortSignal
    onFailure(model: Embeddings, cause: unknown): void
  },
): Promise<{ items: z.output<typeof Passage>[]; ranked: string[] }> {
  if (scope.rooms.length === 0 || scope.documents?.length === 0) return { items: [], ranked: ['words'] }
  const hits = new Map<string, Hit>()
  const rankings: Ranking[] = []
  const ranked = ['words']
  const add = (found: readonly Hit[], weight: number) => {
    for (const hit of found) hits.set(hit.id, hit)
    rankings.push({ ids: found.map(({ id }) => id), weight })
  }
  add(await byWords(db, stems(query), scope), WEIGHT.words)
  for (const embeddings of await modelsInUse(db, scope, models)) {
    try {
      const [vector] = await embeddings.embed([query], { kind: 'query', signal: how.signal })
      if (!vector) continue
      add(
        await byVector(db, vector, embeddings.model, scope),
        embeddings.semantic ? WEIGHT.semantic : WEIGHT.letters,
      )
      ranked.push(embeddings.model)
    } catch (cause) {
      how.signal.throwIfAborted()
      how.onFailure(embeddings, cause)
    }
  }
  const bonus = phraseBonus(query)
  const items = [...blend(rankings)]
    .flatMap(([id, score]) => {
      const hit = hits.get(id)
      return hit ? [{ hit, score: (score + bonus(hit.text)) * substance(hit.text) }] : []
    })
    .sort((a, b) => b.score - a.score || (a.hit.id < b.hit.id ? -1 : 1))
    .slice(0, how.limit)
    .map(({ hit: { document, title, page, text }, score }) => ({ document, title, page, text, score }))
  return { items, ranked }
}

/** A few letters, such as a running head, are near to everything and answer nothing. */
const substance = (text: string): number => Math.min(1, 0.5 + text.length / 120)

const within = ({ rooms, documents }: Scope) =>
  sql`d.state = 'done' and k.room in (${sql.join(rooms)}) ${documents ? sql`and d.id in (${sql.join(documents)})` : sql``}`

/** Any of the words; a rare one weighs more (inverse frequency among the passages that hold any). */
async function byWords(db: Db, words: readonly string[], scope: Scope): Promise<Hit[]> {
  const terms = [...new Set(words)].slice(0, MAX_WORDS)
  if (terms.length === 0) return []
  const any = sql`${terms.map((term) => `'${term}'`).join(' | ')}::tsquery`
  const one = (term: string) => sql`${`'${term}'`}::tsquery`
  const counts = terms.map(
    (term, i) => sql`count(*) filter (where words @@ ${one(term)}) as ${sql.ref(`n${i}`)}`,
  )
  const weights = terms.map(
    (term, i) =>
      sql`case when h.words @@ ${one(term)} then ln(1 + (f.n - f.${sql.ref(`n${i}`)} + 0.5) / (f.${sql.ref(`n${i}`)} + 0.5)) else 0 end`,
  )
  const { rows } = await sql<Hit>`
    with hit as materialized (
      select c.id, c.document, d.title, c.page, c.text, c.words
      from knowledge.chunk c
      join knowledge.document d on d.id = c.document
      join knowledge.collection k on k.id = c.collection
      where c.words @@ ${any} and ${within(scope)}
    ), frequency as (select count(*) as n, ${sql.join(counts)} from hit)
    select h.id, h.document, h.title, h.page, h.text
    from hit h cross join frequency f
    order by ${sql.join(weights, sql` + `)} desc, ts_rank_cd(h.words, ${any}) desc, h.id
    limit ${CANDIDATES}`.execute(db)
  return rows
}

/** The models that know a document of the scope whole, in the order given. */
async function modelsInUse(db: Db, scope: Scope, models: readonly Embeddings[]): Promise<Embeddings[]> {
  if (models.length === 0) return []
  const { rows } = await sql<{ model: string }>`
    select distinct e.model
    from knowledge.embedded e
    join knowledge.document d on d.id = e.document
    join knowledge.collection k on k.id = d.collection
    where e.state = 'done' and ${within(scope)}`.execute(db)
  const known = new Set(rows.map(({ model }) => model))
  return models.filter(({ model }) => known.has(model))
}

/** For this transaction, where pgvector knows these settings: 0.8 and later. The literal makes it load first. */
const READ_ON = `
  select set_config(name, case name when 'hnsw.iterative_scan' then 'strict_order' else '100' end, true)
  from pg_settings
  where name in ('hnsw.iterative_scan', 'hnsw.ef_search') and '[1]'::vector is not null`

/** The index is read on until enough of what it gives is in the scope: a narrow scope loses nothing. */
async function byVector(db: Db, vector: Float32Array, model: string, scope: Scope): Promise<Hit[]> {
  return await db.transaction().execute(async (tx) => {
    await sql.raw(READ_ON).execute(tx)
    const { rows } = await sql<Hit>`
      select c.id, c.document, d.title, c.page, c.text
      from knowledge.vector v
      join knowledge.chunk c on c.id = v.chunk
      join knowledge.document d on d.id = v.document
      join knowledge.collection k on k.id = v.collection
      join knowledge.embedded e on e.document = v.document and e.model = v.model and e.state = 'done'
      where v.model = ${model} and ${within(scope)}
      order by v.embedding <=> ${written(vector)}::vector
      limit ${CANDIDATES}`.execute(tx)
    return rows
  })
}
