import { sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Database } from './database.ts'

export interface VacuumNeeds {
  readonly database: Database
  readonly clock: Clock
  readonly failed: (failure: unknown) => void
  /** Bytes of log since the last round that are worth another; 8 MB where nothing is said. */
  readonly worthBytes?: number
}

const EVERY_MS = 20 * 60_000
/** Between two tables, and between two looks at whether others write. */
const PAUSE_MS = 2_000
const WORTH_BYTES = 8 * 2 ** 20
/** Bytes of log in a pause that mean that others have use for the connection. */
const BUSY_BYTES = 256 * 1024
/** Looks after which it goes on however busy it is. */
const MOST_LOOKS = 30

/** Takes what was deleted and replaced out of the embedded database, which has nobody else to do it: every twenty minutes in which something was written, table by table, where possible while nothing else is written, for each holds up the one connection as long as it takes. PostgreSQL does so itself; there it ends at once. Ends with the signal. */
export async function keepVacuumed(
  { database, clock, failed, worthBytes = WORTH_BYTES }: VacuumNeeds,
  signal: AbortSignal,
): Promise<void> {
  if (database.driver !== 'pglite') return
  const written = async (): Promise<number> => {
    const { rows } = await sql<{ bytes: string }>`
      select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes`.execute(database.kysely)
    return Number(rows[0]?.bytes)
  }
  const untilQuiet = async (): Promise<void> => {
    for (let look = 0; look < MOST_LOOKS; look++) {
      const before = await written()
      await clock.sleep(PAUSE_MS, signal)
      if ((await written()) - before < BUSY_BYTES) return
    }
  }
  // What earlier lives left is taken out too.
  let last = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    try {
      await clock.sleep(EVERY_MS, signal)
      if ((await written()) - last < worthBytes) continue
      for (const table of await tablesOf(database)) {
        await untilQuiet()
        await sql`vacuum (analyze) ${sql.table(table)}`.execute(database.kysely)
      }
      last = await written()
    } catch (failure) {
      if (signal.aborted) return
      failed(failure)
    }
  }
}

/** The tables of the city, the largest first. */
async function tablesOf({ kysely }: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')
    order by pg_total_relation_size(c.oid) desc`.execute(kysely)
  return rows.map(({ name }) => name)
}
