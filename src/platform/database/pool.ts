import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from 'kysely'
import pg from 'pg'
import { deadline } from '../../kernel/deadline.ts'
import { AppError } from '../../kernel/errors.ts'
import { databaseError } from './database.errors.ts'
import type { AnyTables, Database } from './database.ts'

const PING_MS = 1000

/** Puts a pool of connections behind the one `Database` interface. Who made the pool closes what stands behind it in `close`, after the pool has ended. */
export function databaseOver(
  driver: Database['driver'],
  pool: pg.Pool,
  waitMs: number,
  close: () => Promise<void>,
): Database {
  const kysely = new Kysely<AnyTables>({ dialect: new PostgresDialect({ pool: named(pool, waitMs) }) })
  let closing: Promise<void> | undefined
  return {
    driver,
    kysely,
    async ping() {
      const late = deadline(PING_MS)
      const silence = new Promise<never>((_, reject) => {
        late.addEventListener('abort', () =>
          reject(databaseError('database.busy', { seconds: PING_MS / 1000 })),
        )
      })
      await Promise.race([sql`select 1`.execute(kysely), silence])
    },
    [Symbol.asyncDispose]() {
      closing ??= kysely.destroy().then(close)
      return closing
    },
  }
}

/** The pool with failures to get or keep a connection said by code. What the database itself refuses stays pg's own error, with its SQLSTATE in `code`. */
function named(pool: pg.Pool, waitMs: number): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect().catch((cause: unknown) => {
        throw failure(cause, waitMs)
      })
      return Object.assign(Object.create(client), {
        query: (text: string, values: unknown[]) =>
          client.query(text, values).then(
            (result) => {
              if (text === 'commit' && result.command === 'ROLLBACK') throw new Error(HIDDEN)
              return result
            },
            (cause: unknown) => {
              throw lost(cause) ? failure(cause, waitMs) : cause
            },
          ),
        release: () => client.release(),
      }) as PostgresPoolClient // pg's own client, with `query` narrowed to the one form Kysely calls
    },
    end: () => pool.end(),
  }
}

/** A commit after a refused statement undoes the transaction, and PostgreSQL says so by nothing but the name of the command it answers with. */
const HIDDEN = 'a statement of the transaction was refused, and the refusal was hidden'

const POOL_TIMED_OUT = 'timeout exceeded when trying to connect'

function failure(cause: unknown, waitMs: number): AppError {
  if (cause instanceof AppError) return cause
  if (cause instanceof Error && cause.message === POOL_TIMED_OUT) {
    const hint = new Error(
      'No connection came free. On PGlite there is one: was the outer handle used inside a transaction?',
      { cause },
    )
    return databaseError('database.busy', { seconds: waitMs / 1000 }, { cause: hint })
  }
  return databaseError('database.unreachable', {}, { cause })
}

/** Whether the connection is gone rather than the statement refused: SQLSTATE classes 08 and 57P, or no SQLSTATE at all. */
function lost(cause: unknown): boolean {
  if (cause instanceof AppError) return false
  if (!(cause instanceof pg.DatabaseError))
    return cause instanceof Error && /connection|socket|ECONN|EPIPE/i.test(cause.message)
  return /^(08|57P0)/.test(cause.code ?? '')
}
