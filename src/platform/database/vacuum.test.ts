import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { eventually } from '../../../test/kit/eventually.ts'
import { openPglite } from './pglite.ts'
import { keepVacuumed } from './vacuum.ts'

test('what is replaced again and again takes no more and more room', { timeout: 120_000 }, async () => {
  await using database = await openPglite({ dataDir: null })
  const db = database.kysely
  const clock = handClock()
  const stopped = new AbortController()
  const failures: unknown[] = []
  const one = async (ask: ReturnType<typeof sql<{ n: string }>>) => Number((await ask.execute(db)).rows[0]?.n)
  const bytes = () => one(sql`select pg_total_relation_size('kept.passage') as n`)
  const rounds = () =>
    one(sql`select coalesce(sum(vacuum_count), 0) as n from pg_stat_user_tables where schemaname = 'kept'`)
  const rewrite = async (): Promise<void> => {
    await sql`delete from kept.passage`.execute(db)
    await sql`
      insert into kept.passage select n, repeat(md5(n::text), 10), array_agg(sin(n * d))::vector
      from generate_series(1, 300) n, generate_series(1, 8) d group by n`.execute(db)
  }
  await sql`create extension vector`.execute(db)
  await sql`create schema kept`.execute(db)
  await sql`create table kept.passage (id integer primary key, words text not null, meaning vector(8))`.execute(
    db,
  )
  await sql`create index on kept.passage using hnsw (meaning vector_cosine_ops)`.execute(db)
  await rewrite()

  const kept = keepVacuumed(
    { database, clock, failed: (failure) => failures.push(failure), worthBytes: 1 },
    stopped.signal,
  )
  const sizes: number[] = []
  for (let round = 1; round <= 5; round++) {
    await rewrite()
    for (let turn = 0; (await rounds()) < round; turn++) {
      expect(turn).toBeLessThan(100)
      await eventually(() => expect(clock.sleepers).toBe(1), 30_000)
      await clock.advance(20 * 60_000)
    }
    sizes.push(await bytes())
  }
  stopped.abort()
  await kept
  expect(failures).toEqual([])
  // Without it each round would add as much again as there was at first.
  expect(sizes[4]).toBeLessThanOrEqual((sizes[0] ?? 0) * 1.2)
  for (let n = 0; n < 3; n++) await rewrite()
  expect(await bytes()).toBeGreaterThan((sizes[4] ?? 0) * 1.5)
})
