import pg from 'pg'
import type { Database } from './database.ts'
import type { Engine } from './pglite.engine.ts'
import { EngineStream } from './pglite.stream.ts'
import { databaseOver } from './pool.ts'
import { types } from './types.ts'

/** The one connection of an embedded engine as a `Database`; `close` closes what stands behind it. */
export function clientOf(engine: Engine, waitMs: number, close: () => Promise<void>): Database {
  const pool = new pg.Pool({
    // pg asks for a socket and uses of it what EngineStream has.
    stream: () => new EngineStream(engine) as never,
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: waitMs,
    user: 'postgres',
    database: 'postgres',
    types,
  })
  pool.on('error', () => undefined)
  return databaseOver('pglite', pool, waitMs, close)
}
