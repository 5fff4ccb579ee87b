import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { testDatabase } from '../../../test/kit/database.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { byWords } from './words.ts'

const NONE = { pages: 0, passages: 0 }

test('the best by words are the same, whether all that hold any are compared or a sample chooses what is read', async () => {
  await using database = await testDatabase()
  const db = database.kysely.withTables<KnowledgeTables>()
  await sql`insert into knowledge.collection (id, room, created_at) select 'col_' || i, 'room_' || i, now() from generate_series(1, 4) i`.execute(
    db,
  )
  await sql`insert into knowledge.document (id, collection, sha256, title, mime, size_bytes, state, created_at)
    select 'doc_' || i, 'col_' || i, 'sha', 'T', 'text/plain', 1, 'done', now() from generate_series(1, 4) i`.execute(
    db,
  )
  // One word in most passages, one in a fifth of them, one in every hundredth; each in its room, and of different lengths.
  await sql`insert into knowledge.chunk (id, document, collection, page, ordinal, start_at, end_at, text, words)
    select 'chunk_' || n, 'doc_' || 1 + n % 4, 'col_' || 1 + n % 4, 1, n, 0, 1, 'вода', array_to_tsvector(array_remove(array[
      case when n % 10 > 0 then 'common' end, case when n % 5 = 0 or n % 7 = 0 then 'some' end,
      case when n % 101 = 0 then 'rare' end, case when n % 3 = 0 then 'long' end, 'own' || n], null))
    from generate_series(1, 2000) n`.execute(db)
  for (const collections of [['col_1', 'col_2', 'col_3', 'col_4'], ['col_2']])
    for (const words of [['common', 'some', 'rare'], ['common'], ['some', 'common', 'absent']]) {
      const exactly = await byWords(db, words, { collections }, 20)
      expect(exactly).toHaveLength(20)
      expect(await byWords(db, words, { collections }, 20, NONE)).toEqual(exactly)
    }
  expect(await byWords(db, ['absent'], { collections: ['col_1'] }, 20, NONE)).toEqual([])
}, 90_000)
