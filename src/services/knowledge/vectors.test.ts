import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { testDatabase } from '../../../test/kit/database.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { createVectors } from './vectors.ts'

const MODEL = 'test/1'

test('the nearest of a scope and of an alphabet are the same, compared one by one or by an index that is read on', async () => {
  await using database = await testDatabase()
  const db = database.kysely.withTables<KnowledgeTables>()
  // Twenty documents of ten passages in twenty rooms; the first document is not known whole, the second was replaced.
  await sql`insert into knowledge.collection (id, room, created_at) select 'col_' || i, 'room_' || i, now() from generate_series(1, 20) i`.execute(
    db,
  )
  await sql`insert into knowledge.document (id, collection, sha256, title, mime, size_bytes, state, created_at, replaced_by)
    select 'doc_' || i, 'col_' || i, 'sha ' || i, 'T', 'text/plain', 1, 'done', now(), case i when 2 then 'doc_3' end
    from generate_series(20, 1, -1) i`.execute(db)
  await sql`insert into knowledge.page (document, number, state, text) select id, 1, 'read', '' from knowledge.document`.execute(
    db,
  )
  await sql`insert into knowledge.embedded (document, model, state)
    select id, ${MODEL}, case id when 'doc_1' then 'queued' else 'done' end from knowledge.document`.execute(
    db,
  )
  await sql`insert into knowledge.chunk (id, document, collection, page, ordinal, start_at, end_at, text, words)
    select 'chunk_' || i || '_' || n, 'doc_' || i, 'col_' || i, 1, n, 0, 1, case when n % 2 = 0 then 'вода' else 'water' end, ''
    from generate_series(1, 20) i, generate_series(0, 9) n`.execute(db)
  // The more passages lie between, the further: all of one document are near to each other.
  await sql`insert into knowledge.vector (chunk, model, document, collection, script, embedding)
    select c.id, ${MODEL}, c.document, c.collection, c.script,
      (select array_agg(case g when 1 then 1 when 2 then (substr(c.document, 5)::int * 10 + c.ordinal) / 100.0 else 0 end order by g) from generate_series(1, 384) g)::vector
    from knowledge.chunk c`.execute(db)
  const question = Float32Array.from([1, 0])
  const expected = (documents: number[], parity: (n: number) => boolean) =>
    documents.flatMap((i) =>
      Array.from({ length: 10 }, (_, n) => n)
        .filter(parity)
        .map((n) => `chunk_${i}_${n}`),
    )
  const collections = Array.from({ length: 20 }, (_, i) => `col_${i + 1}`)
  for (const vectors of [createVectors(db, 'pglite'), createVectors(db, 'pglite', 2)]) {
    expect(await vectors.nearest(question, MODEL, { collections }, 12)).toEqual(
      expected([3, 4], () => true).slice(0, 12),
    )
    expect(await vectors.nearest(question, MODEL, { collections: ['col_19', 'col_20'] }, 20)).toEqual(
      expected([19, 20], () => true),
    )
    expect(await vectors.nearest(question, MODEL, { collections }, 8, 'cyrillic')).toEqual(
      expected([3, 4], (n) => n % 2 === 0).slice(0, 8),
    )
    expect(
      await vectors.nearest(question, MODEL, { collections, documents: ['doc_2', 'doc_1'] }, 20),
    ).toEqual(expected([2], () => true))
    expect(await vectors.nearest(question, 'another/1', { collections }, 5)).toEqual([])
  }
  await sql`update knowledge.vector set script = 'cyrillic'`.execute(db)
  expect(await createVectors(db, 'pglite').nearest(question, MODEL, { collections }, 5, 'latin')).toEqual([])
}, 90_000)
