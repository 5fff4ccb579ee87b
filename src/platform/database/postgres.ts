import { sql } from 'kysely'
import pg from 'pg'
import type { Secret } from '../../kernel/secret.ts'
import type { Database } from './database.ts'
import { databaseOver } from './pool.ts'
import { types } from './types.ts'

const CONNECT_MS = 5000
const STATEMENT_MS = 30_000
const IDLE_IN_TRANSACTION_MS = 60_000
const CONNECTIONS = 10

export interface PostgresOptions {
  readonly url: Secret
  /** How many connections at most; 10 where nothing is said. */
  readonly connections?: number
  /** How long a query waits for a connection, and a connection for its server, before `database.busy`; 5 s where nothing is said. */
  readonly waitMs?: number
}

/** Opens a pool of connections to PostgreSQL. A statement ends after 30 s; a transaction that does nothing for a minute is undone. Rejects with `database.unreachable`. */
export async function openPostgres({
  url,
  connections = CONNECTIONS,
  waitMs = CONNECT_MS,
}: PostgresOptions): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url.reveal(),
    max: connections,
    connectionTimeoutMillis: waitMs,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    application_name: 'daarion',
    types,
  })
  // An idle connection that breaks is replaced when the next one is asked for.
  pool.on('error', () => undefined)
  // One that breaks between two queries of a transaction tells nobody else; the next query rejects.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const database = databaseOver('postgres', pool, waitMs, async () => undefined)
  try {
    // Not a ping: at a start the program is still being loaded, which holds everything up.
    await sql`select 1`.execute(database.kysely)
    return database
  } catch (failure) {
    await database[Symbol.asyncDispose]()
    throw failure
  }
}
