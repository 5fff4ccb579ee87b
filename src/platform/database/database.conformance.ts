import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseError } from './database.errors.ts'
import type { Database } from './database.ts'
import { groupCommit } from './group.ts'
import { MIGRATIONS, migrateDown, migrateUp, migrationStatus, readMigrations } from './migrate.ts'

/** A place with one database, empty at first, that may be opened again and again. */
export interface DatabaseWorld extends AsyncDisposable {
  /** With one connection, which is waited for `waitMs`. */
  open(waitMs?: number): Promise<Database>
}

/** What every database driver promises. */
export function databaseConformance(name: string, makeWorld: () => Promise<DatabaseWorld>): void {
  describe(name, () => {
    let world: DatabaseWorld
    let database: Database
    beforeAll(async () => {
      world = await makeWorld()
      database = await world.open()
      await sql`create table thing (id int8 generated always as identity primary key, name text unique)`.execute(
        database.kysely,
      )
    })
    afterAll(async () => {
      await database[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    })

    const one = async (query: { execute(db: Database['kysely']): Promise<{ rows: unknown[] }> }) =>
      (await query.execute(database.kysely)).rows[0]
    const count = async (like: string) =>
      (
        await sql<{ n: number }>`select count(*) as n from thing where name like ${like}`.execute(
          database.kysely,
        )
      ).rows[0]?.n

    describe('values', () => {
      test('come back as they went in', async () => {
        const at = new Date('2026-05-01T12:00:00.123Z')
        const bytes = Buffer.from([0, 1, 254, 255])
        expect(
          await one(sql`select ${7}::int8 as n, ${'9007199254740993'}::int8 as big, ${at}::timestamptz as at,
            ${bytes}::bytea as bytes, ${true}::boolean as yes, ${null}::text as nothing, ${1.5}::float8 as f,
            ${'Ґанок 🏠'}::text as word, ${['a', 'b"c', null]}::text[] as words, ${[1, 2]}::int8[] as numbers`),
        ).toEqual({
          n: 7,
          big: 9007199254740993n,
          at,
          bytes,
          yes: true,
          nothing: null,
          f: 1.5,
          word: 'Ґанок 🏠',
          words: ['a', 'b"c', null],
          numbers: [1, 2],
        })
      })
      test('an object is jsonb as it is; an array is, once written as JSON', async () => {
        const list = [{ a: 1 }, 'x']
        expect(
          await one(sql`select ${{ a: [1, 'ї'] }}::jsonb as o, ${JSON.stringify(list)}::jsonb as l`),
        ).toEqual({ o: { a: [1, 'ї'] }, l: list })
      })
      test('a date is text, a timestamp without a zone is UTC, numeric is text, count is a number', async () => {
        expect(
          await one(sql`select date '2026-05-01' as d, timestamp '2026-05-01 12:00:00.5' as t,
            1.10::numeric as x, count(*) as n from generate_series(1, 3)`),
        ).toEqual({ d: '2026-05-01', t: new Date('2026-05-01T12:00:00.500Z'), x: '1.10', n: 3 })
      })
      test('may be millions of characters long', async () => {
        const long = 'довго'.repeat(400_000)
        expect(await one(sql`select ${long}::text as long`)).toEqual({ long })
      })
    })

    test('a refused statement keeps its SQLSTATE and leaves the connection well', async () => {
      await sql`insert into thing (name) values ('twin')`.execute(database.kysely)
      const twin = sql`insert into thing (name) values ('twin')`.execute(database.kysely)
      await expect(twin).rejects.toMatchObject({ code: '23505' })
      await expect(sql`selec`.execute(database.kysely)).rejects.toMatchObject({ code: '42601' })
      expect(await one(sql`select 1 as n`)).toEqual({ n: 1 })
    })

    test('a failed transaction leaves nothing, and says the number of rows of a good one', async () => {
      const failing = database.kysely.transaction().execute(async (tx) => {
        await sql`insert into thing (name) values ('undone')`.execute(tx)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await count('undone')).toBe(0)
      const inserted = await sql`insert into thing (name) values ('r1'), ('r2')`.execute(database.kysely)
      expect(inserted.numAffectedRows).toBe(2n)
    })

    test('callers at once wait for one another', async () => {
      await sql`create table tally (n int8 not null)`.execute(database.kysely)
      await sql`insert into tally values (0)`.execute(database.kysely)
      const add = () =>
        database.kysely.transaction().execute(async (tx) => {
          const { rows } = await sql<{ n: number }>`select n from tally for update`.execute(tx)
          await sql`update tally set n = ${(rows[0]?.n ?? 0) + 1}`.execute(tx)
        })
      await Promise.all(Array.from({ length: 25 }, add))
      expect(await one(sql`select n from tally`)).toEqual({ n: 25 })
    })

    test('a query on the outer handle inside a transaction says that the database is busy', async () => {
      await database[Symbol.asyncDispose]()
      const narrow = await world.open(250)
      const tangled = narrow.kysely.transaction().execute(() => sql`select 1`.execute(narrow.kysely))
      await expect(tangled).rejects.toMatchObject({ code: 'database.busy', retryable: true })
      await narrow.ping()
      await narrow[Symbol.asyncDispose]()
      database = await world.open()
    })

    test('what was committed is there at the next opening', async () => {
      await sql`insert into thing (name) values ('kept')`.execute(database.kysely)
      await database[Symbol.asyncDispose]()
      await expect(database.ping()).rejects.toThrow()
      database = await world.open()
      expect(await count('kept')).toBe(1)
    })

    describe('a group commit', () => {
      test('shares transactions, and keeps the failure of one to itself', async () => {
        let committed = 0
        const commit = groupCommit(database.kysely, async (tx, items: readonly number[]) => {
          const { rows } = await sql<{ x: string }>`select txid_current()::text as x`.execute(tx)
          const good = items.filter((i) => i !== 7)
          if (good.length > 0)
            await sql`insert into thing (name)
              select 'g' || n from unnest(${good}::int[]) as n`.execute(tx)
          const settled = items.map((i) =>
            i === 7 ? { failure: new Error('seven') } : { value: rows[0]?.x },
          )
          return { settled, committed: () => committed++ }
        })
        const turns = async (from: number, to: number) =>
          await Promise.allSettled(Array.from({ length: to - from }, (_, i) => commit(from + i)))
        const results = await turns(0, 30)
        const values = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
        expect(results[7]).toMatchObject({ reason: { message: 'seven' } })
        expect([values.length, new Set(values).size, committed]).toEqual([29, 1, 1])

        // One that the database refuses undoes them all; then each goes alone.
        const again = await turns(20, 40)
        expect(again.map(({ status }) => status)).toEqual([
          ...Array(10).fill('rejected'),
          ...Array(10).fill('fulfilled'),
        ])
        expect(again[0]).toMatchObject({ reason: { code: '23505' } })
        expect(committed).toBe(11)
        expect(await count('g%')).toBe(39)
      })
      test('a work that hides its refused statement fails; its neighbours do not', async () => {
        const commit = groupCommit(database.kysely, async (tx, items: readonly string[]) => {
          for (const item of items) await sql`${sql.raw(item)}`.execute(tx).catch(() => undefined)
          return { settled: items.map((value) => ({ value })) }
        })
        const results = await Promise.allSettled([commit('selec'), commit('select 1'), commit('selec')])
        expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
      })
      test('when a commit itself fails, nothing of it stands', async () => {
        await sql`create table late (id int primary key, ref int references late deferrable initially deferred)`.execute(
          database.kysely,
        )
        const commit = groupCommit(database.kysely, async (tx, items: readonly [number, number][]) => {
          for (const [id, ref] of items) await sql`insert into late values (${id}, ${ref})`.execute(tx)
          return { settled: items.map(() => ({ value: null })) }
        })
        const results = await Promise.allSettled([commit([1, 1]), commit([2, 99]), commit([3, 1])])
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
        expect(await one(sql`select array_agg(id order by id) as ids from late`)).toEqual({ ids: [1, 3] })
      })
      test('rejects everybody at once where the database is not there, or hindered', async () => {
        let tries = 0
        const hindered = Object.assign(new Error('canceling statement due to statement timeout'), {
          code: '57014',
        })
        for (const failure of [databaseError('database.unreachable'), hindered]) {
          const commit = groupCommit(database.kysely, async () => {
            tries++
            throw failure
          })
          const results = await Promise.allSettled([commit(1), commit(2)])
          expect(results).toEqual(Array(2).fill({ status: 'rejected', reason: failure }))
        }
        expect(tries).toBe(2)
      })
    })

    migrations(() => database)
  })
}

function migrations(database: () => Database): void {
  describe('migrations', () => {
    let folder: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'migrations-'))
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))
    const file = (name: string, text: string) => writeFile(join(folder, name), text)
    const exists = async (table: string) =>
      (
        await sql<{ there: boolean }>`select to_regclass(${table}) is not null as there`.execute(
          database().kysely,
        )
      ).rows[0]?.there

    test('run once each, also when two processes start at once, and a lower number may come later', async () => {
      await file('002_b.up.sql', 'create table mig_b (x int); insert into mig_b values (1);')
      await file('002_b.down.sql', 'drop table mig_b')
      const both = await Promise.all([migrateUp(database(), folder), migrateUp(database(), folder)])
      expect(both.flat()).toEqual(['002_b'])
      await file('001_a.up.sql', 'create table mig_a (x int)')
      await file('001_a.down.sql', 'drop table mig_a')
      expect(await migrateUp(database(), folder)).toEqual(['001_a'])
      expect(await migrationStatus(database(), folder)).toMatchObject([
        { name: '001_a', appliedAt: expect.any(Date), changed: false },
        { name: '002_b', appliedAt: expect.any(Date), changed: false },
      ])
    })
    test('one that fails is undone whole and named', async () => {
      await file('003_c.up.sql', 'create table mig_c (x int); select 1/0;')
      await expect(migrateUp(database(), folder)).rejects.toMatchObject({
        code: 'database.migration_failed',
        params: { name: '003_c' },
      })
      expect(await exists('mig_c')).toBe(false)
      await file('003_c.up.sql', 'create table mig_c (x int)')
      expect(await migrateUp(database(), folder)).toEqual(['003_c'])
    })
    test('an applied file that was edited stops everything', async () => {
      await file('002_b.up.sql', 'create table mig_b (x int, y int)')
      await file('004_d.up.sql', 'create table mig_d (x int)')
      await expect(migrateUp(database(), folder)).rejects.toMatchObject({
        code: 'database.migration_changed',
        params: { name: '002_b' },
      })
      expect(await exists('mig_d')).toBe(false)
      const changed = (await migrationStatus(database(), folder)).filter((state) => state.changed)
      expect(changed.map((state) => state.name)).toEqual(['002_b'])
    })
    test('go down in reverse; without its file one stays', async () => {
      await expect(migrateDown(database(), 1, folder)).rejects.toMatchObject({
        code: 'database.migration_missing',
        params: { file: '003_c.down.sql' },
      })
      await file('003_c.down.sql', 'drop table mig_c')
      expect(await migrateDown(database(), 2, folder)).toEqual(['003_c', '002_b'])
      expect([await exists('mig_a'), await exists('mig_b')]).toEqual([true, false])
      expect(await migrateDown(database(), Infinity, folder)).toEqual(['001_a'])
    })
    test("the product's own go up, down, and up again", async () => {
      const names = (await readMigrations(MIGRATIONS)).map(({ name }) => name)
      expect(await migrateUp(database())).toEqual(names)
      const before = await shape()
      expect(await migrateDown(database(), Infinity)).toEqual([...names].reverse())
      expect(await shape()).toEqual([])
      expect(await migrateUp(database())).toEqual(names)
      expect(await shape()).toEqual(before)
    })
    /** Every table, column and index outside what PostgreSQL, its extensions and these tests own. */
    const shape = async () =>
      (
        await sql`
          select table_schema || '.' || table_name || '.' || column_name || ' ' || data_type as what
          from information_schema.columns
          where table_schema not in ('pg_catalog', 'information_schema', 'public', 'migration')
          union all
          select schemaname || '.' || indexname || ': ' || indexdef from pg_indexes
          where schemaname not in ('pg_catalog', 'public', 'migration')
          order by what`.execute(database().kysely)
      ).rows
  })
}
