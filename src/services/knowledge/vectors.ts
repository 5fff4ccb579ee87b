import { type Kysely, sql } from 'kysely'
import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import { createPgvectorVersion, readOn, vectorSql } from '../../engines/vectors/pgvector-sql.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Tx } from './knowledge.store.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { type Scope, within } from './scope.ts'

/** The width of the column; a shorter vector is filled up with zeros, which change no cosine. */
const DIMENSIONS = 384
const BATCH = 16
/** The index takes some 4 ms a vector, and PGlite does nothing else meanwhile. */
const INSERT_BATCH = 4
/** Some 3 ms in PostgreSQL, for which the index walks through a thousand vectors of others. */
const COUNTED_THROUGH = 6_000
/** How many the index gathers at a time. With fewer it misses whole clusters of 100,000 made vectors (`bench/nearest.ts`): with 200, in PGlite, a question in a hundred found nothing of its own. */
const AT_ONCE: Readonly<Record<Database['driver'], number>> = { postgres: 140, pglite: 400 }

/** How many vectors a question is about, as far as it matters: none, few enough to be compared one by one, or many. */
type Extent = 'none' | 'few' | 'many'
/** So many questions of one scope later it is counted anew. */
const COUNTED_AGAIN = 100
/** So many scopes are remembered. */
const EXTENTS = 500

export type Script = 'cyrillic' | 'latin'

/** The vectors of documents, by the model that made them: all that is asked of a store of vectors. Up to `countedThrough` of them are compared one by one. */
export function createVectors(
  db: Kysely<KnowledgeTables>,
  driver: Database['driver'],
  countedThrough = COUNTED_THROUGH,
) {
  const installed = createPgvectorVersion(db)
  const count = async (model: string, scope: Scope, script: Script | undefined): Promise<Extent> => {
    const { rows } = await sql<{ n: string | number }>`
      select count(*) as n from (
        select from knowledge.vector v where v.model = ${model} and ${ofScope(scope)} ${inScript(script)}
        limit ${countedThrough + 1}) those`.execute(db)
    const counted = Number(rows[0]?.n)
    if (counted === 0) return 'none'
    // Before pgvector 0.8 the index stops at its first answers, whatever the scope.
    return counted <= countedThrough || !(await installed.readsOn()) ? 'few' : 'many'
  }
  const extents = new Map<string, { readonly extent: Extent; asked: number }>()
  /** Remembered for some questions: few that became many are found all the same, only slower, and so the other way. */
  const extent = async (model: string, scope: Scope, script: Script | undefined): Promise<Extent> => {
    const { collections, documents } = scope
    const key = [model, script, documents ? 'documents' : 'collections', ...(documents ?? collections)].join(
      ' ',
    )
    const kept = extents.get(key)
    if (kept && ++kept.asked < COUNTED_AGAIN) return kept.extent
    const found = await count(model, scope, script)
    if (extents.size >= EXTENTS) extents.clear()
    if (found !== 'none') extents.set(key, { extent: found, asked: 0 })
    return found
  }
  return {
    /** The passages of the scope nearest to a vector, the nearest first, by their ids; of one alphabet where it is named. Few are compared one by one; for many the index is read on until enough of what it gives is in the scope. */
    async nearest(
      vector: Float32Array,
      model: string,
      scope: Scope,
      limit: number,
      script?: Script,
    ): Promise<readonly string[]> {
      const many = await extent(model, scope, script)
      if (many === 'none') return []
      const away = sql`v.embedding <=> ${vectorSql(filled(vector), 'vector')} as away`
      const whole = sql`knowledge.embedded e on e.document = d.id and e.model = ${model} and e.state = 'done'`
      const { rows } =
        many === 'few'
          ? await sql<{ chunk: string; away: number }>`
              select * from (
                select v.chunk, ${away}
                from knowledge.vector v
                where v.model = ${model} ${inScript(script)} and ${ofScope(scope)} and exists (
                  select from knowledge.document d join ${whole} where d.id = v.document and ${within(scope)})
                offset 0) those
              order by away
              limit ${limit}`.execute(db)
          : await sql<{ chunk: string; away: number }>`
              with setting as materialized (${readOn(AT_ONCE[driver])})
              select near.* from setting cross join lateral (
                select v.chunk, ${away}
                from knowledge.vector v
                join knowledge.document d on d.id = v.document
                join ${whole}
                where setting.done and v.model = ${model} ${inScript(script)} and ${within(scope)}
                order by away
                limit ${limit}) near`.execute(db)
      return rows.sort((a, b) => a.away - b.away).map(({ chunk }) => chunk)
    },

    /** Those of the models that know a document of the scope whole. */
    async known(models: readonly string[], scope: Scope): Promise<ReadonlySet<string>> {
      const { rows } = await sql<{ model: string }>`
        select m.model from unnest(${models}::text[]) m (model)
        where exists (
          select from knowledge.document d
          join knowledge.embedded e on e.document = d.id and e.model = m.model and e.state = 'done'
          where ${within(scope)})`.execute(db)
      return new Set(rows.map(({ model }) => model))
    },

    /** Embeds the passages of a document that this model does not know yet, batch after batch, each stored as it comes. */
    async embed(document: string, embeddings: Embeddings, signal: AbortSignal): Promise<void> {
      for (;;) {
        signal.throwIfAborted()
        const missing = await db
          .selectFrom('knowledge.chunk as c')
          .leftJoin('knowledge.vector as v', (join) =>
            join.onRef('v.chunk', '=', 'c.id').on('v.model', '=', embeddings.model),
          )
          .select(['c.id', 'c.text', 'c.collection', 'c.script'])
          .where('c.document', '=', document)
          .where('v.chunk', 'is', null)
          .orderBy('c.page')
          .orderBy('c.ordinal')
          .limit(BATCH)
          .execute()
        if (missing.length === 0) return
        const texts = missing.map(({ text }) => text.replace(/\s+/g, ' '))
        const made = await embeddings.embed(texts, { kind: 'passage', signal })
        const rows = missing.flatMap(({ id, collection, script }, i) => {
          const vector = made[i]
          return vector
            ? [
                {
                  chunk: id,
                  model: embeddings.model,
                  document,
                  collection,
                  script,
                  embedding: written(vector),
                },
              ]
            : []
        })
        if (rows.length < missing.length) throw kernelError('internal')
        for (let from = 0; from < rows.length; from += INSERT_BATCH)
          await db
            .insertInto('knowledge.vector')
            .values(rows.slice(from, from + INSERT_BATCH))
            .onConflict((conflict) => conflict.doNothing())
            .execute()
      }
    },

    /** A model knows the whole of a document now: what others knew of it goes. */
    async complete(tx: Tx, document: string, model: string): Promise<void> {
      await tx
        .insertInto('knowledge.embedded')
        .values({ document, model, state: 'done' })
        .onConflict((conflict) => conflict.columns(['document', 'model']).doUpdateSet({ state: 'done' }))
        .execute()
      await tx
        .deleteFrom('knowledge.vector')
        .where('document', '=', document)
        .where('model', '!=', model)
        .execute()
      await tx
        .deleteFrom('knowledge.embedded')
        .where('document', '=', document)
        .where('model', '!=', model)
        .execute()
    },

    /** Claims up to `limit` finished documents that a model does not know and is not yet asked to. */
    async claim(tx: Tx, model: string, limit: number): Promise<string[]> {
      const rows = await tx
        .insertInto('knowledge.embedded')
        .columns(['document', 'model', 'state'])
        .expression((make) =>
          make
            .selectFrom('knowledge.document as d')
            .select((pick) => ['d.id', pick.val(model).as('model'), pick.val('queued' as const).as('state')])
            .where('d.state', '=', 'done')
            .where((where) =>
              where.not(
                where.exists(
                  where
                    .selectFrom('knowledge.embedded as e')
                    .select('e.document')
                    .whereRef('e.document', '=', 'd.id')
                    .where('e.model', '=', model),
                ),
              ),
            )
            .orderBy('d.id')
            .limit(limit),
        )
        .onConflict((conflict) => conflict.doNothing())
        .returning('document')
        .execute()
      return rows.map(({ document }) => document)
    },

    async queue(tx: Tx, document: string, model: string): Promise<void> {
      await tx
        .insertInto('knowledge.embedded')
        .values({ document, model, state: 'queued' })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    /** Lets a document be asked for again later. */
    async release(tx: Tx, document: string, model: string): Promise<void> {
      await tx
        .deleteFrom('knowledge.embedded')
        .where('document', '=', document)
        .where('model', '=', model)
        .where('state', '=', 'queued')
        .execute()
    },
  }
}
export type Vectors = ReturnType<typeof createVectors>

const inScript = (script: Script | undefined) => (script ? sql`and v.script = ${script}` : sql``)

const ofScope = ({ collections, documents }: Scope) =>
  documents ? sql`v.document in (${sql.join(documents)})` : sql`v.collection in (${sql.join(collections)})`

/** A vector as wide as the column. */
function filled(vector: Float32Array): Float32Array {
  if (vector.length > DIMENSIONS) throw kernelError('internal')
  if (vector.length === DIMENSIONS) return vector
  const wide = new Float32Array(DIMENSIONS)
  wide.set(vector)
  return wide
}

/** In pgvector's notation. */
const written = (vector: Float32Array): string => `[${filled(vector).join(',')}]`
