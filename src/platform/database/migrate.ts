import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Kysely, sql, type Transaction } from 'kysely'
import { databaseError } from './database.errors.ts'
import type { Database } from './database.ts'

/** Where this product's own migrations lie, from sources and from `dist/` alike. */
export const MIGRATIONS = fileURLToPath(new URL('../../../migrations', import.meta.url))

export interface MigrationFile {
  /** `002_events` */
  readonly name: string
  readonly sha256: string
  readonly up: string
  readonly down: string | null
}

export interface MigrationState {
  readonly name: string
  /** When it was applied, or null. */
  readonly appliedAt: Date | null
  /** Whether its file is other than the one applied, or gone. */
  readonly changed: boolean
}

type MigrationTables = {
  'migration.applied': { name: string; sha256: string; applied_at: Date }
}

/** Any number that nobody else locks by. */
const LOCK = 7_400_001

/** Applies, in the order of their names, the migrations that were not applied yet, each in a transaction of its own; a lower number may come later. Processes that start at once take turns. Rejects with `database.migration_changed` before anything is applied when an applied file has been edited. Resolves with the names applied. */
export async function migrateUp(database: Database, folder = MIGRATIONS): Promise<readonly string[]> {
  const files = await readMigrations(folder)
  return await alone(database, async (db) => {
    const applied = await appliedNow(db)
    for (const file of files) {
      const sha256 = applied.get(file.name)?.sha256
      if (sha256 !== undefined && sha256 !== file.sha256)
        throw databaseError('database.migration_changed', { name: file.name })
    }
    const names: string[] = []
    for (const file of files.filter(({ name }) => !applied.has(name))) {
      await run(db, file.name, file.up, (tx) =>
        tx
          .insertInto('migration.applied')
          .values({ name: file.name, sha256: file.sha256, applied_at: sql<Date>`clock_timestamp()` })
          .execute(),
      )
      names.push(file.name)
    }
    return names
  })
}

/** Undoes the last `steps` migrations in the reverse order of their names; all of them by `Infinity`. Resolves with the names undone. */
export async function migrateDown(
  database: Database,
  steps: number,
  folder = MIGRATIONS,
): Promise<readonly string[]> {
  const files = new Map((await readMigrations(folder)).map((file) => [file.name, file]))
  return await alone(database, async (db) => {
    const last = [...(await appliedNow(db)).keys()].sort().reverse().slice(0, steps)
    for (const name of last) {
      const down = files.get(name)?.down ?? null
      if (down === null) throw databaseError('database.migration_missing', { name, file: `${name}.down.sql` })
      await run(db, name, down, (tx) => tx.deleteFrom('migration.applied').where('name', '=', name).execute())
    }
    return last
  })
}

/** Every migration known to the folder or the database, by name. */
export async function migrationStatus(
  database: Database,
  folder = MIGRATIONS,
): Promise<readonly MigrationState[]> {
  const files = new Map((await readMigrations(folder)).map((file) => [file.name, file.sha256]))
  return await alone(database, async (db) => {
    const applied = await appliedNow(db)
    return [...new Set([...files.keys(), ...applied.keys()])].sort().map((name) => {
      const row = applied.get(name)
      return { name, appliedAt: row?.applied_at ?? null, changed: !!row && row.sha256 !== files.get(name) }
    })
  })
}

/** Reads `NNN_name.up.sql` with their `.down.sql`, sorted by name. */
export async function readMigrations(folder: string): Promise<readonly MigrationFile[]> {
  const all = new Set(await readdir(folder))
  const names = [...all].flatMap((file) => /^(\d{3}_\w+)\.up\.sql$/.exec(file)?.[1] ?? []).sort()
  return await Promise.all(
    names.map(async (name) => {
      const up = await readFile(join(folder, `${name}.up.sql`), 'utf8')
      const down = all.has(`${name}.down.sql`)
        ? await readFile(join(folder, `${name}.down.sql`), 'utf8')
        : null
      return { name, sha256: createHash('sha256').update(up).digest('hex'), up, down }
    }),
  )
}

/** One connection throughout, so that the session's lock covers all transactions and the pool of one is enough. */
async function alone<T>(database: Database, work: (db: Kysely<MigrationTables>) => Promise<T>): Promise<T> {
  return await database.kysely
    .withTables<MigrationTables>()
    .connection()
    .execute(async (db) => {
      await sql`select pg_advisory_lock(${LOCK}::int8)`.execute(db)
      try {
        await sql`
        create schema if not exists migration;
        create table if not exists migration.applied (
          name text primary key,
          sha256 text not null,
          applied_at timestamptz not null
        )`.execute(db)
        return await work(db)
      } finally {
        await sql`select pg_advisory_unlock(${LOCK}::int8)`.execute(db)
      }
    })
}

async function appliedNow(
  db: Kysely<MigrationTables>,
): Promise<ReadonlyMap<string, MigrationTables['migration.applied']>> {
  const rows = await db.selectFrom('migration.applied').selectAll().orderBy('name').execute()
  return new Map(rows.map((row) => [row.name, row]))
}

async function run(
  db: Kysely<MigrationTables>,
  name: string,
  text: string,
  record: (tx: Transaction<MigrationTables>) => Promise<unknown>,
): Promise<void> {
  try {
    await db.transaction().execute(async (tx) => {
      await sql.raw(text).execute(tx)
      await record(tx)
    })
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw databaseError('database.migration_failed', { name, detail }, { cause })
  }
}
