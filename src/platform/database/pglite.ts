import { access, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { Database } from './database.ts'
import { takeLock } from './lock.ts'
import { type Engine, openEngine } from './pglite.engine.ts'
import { EngineStream } from './pglite.stream.ts'
import { openThread } from './pglite.thread.ts'
import { databaseOver } from './pool.ts'
import { types } from './types.ts'

const WAIT_MS = 30_000

export interface PgliteOptions {
  /** The folder that holds it all, made where it is not; null keeps everything in memory, in this thread. */
  readonly dataDir: string | null
  /** A cluster to begin with, as `buildImage` makes it: a file or its bytes. Used only where there is no data yet. */
  readonly image?: string | Uint8Array | undefined
  /** How long a query waits for the one connection before `database.busy`. */
  readonly waitMs?: number
}

export interface Pglite extends Database {
  /** The whole cluster as a plain tar; nothing may be under way. */
  dump(): Promise<Uint8Array>
}

/** Opens PostgreSQL inside this process. With a folder it runs in a thread of its own and holds the folder's lock; a killed process loses nothing that was committed. */
export async function openPglite({ dataDir, image, waitMs = WAIT_MS }: PgliteOptions): Promise<Pglite> {
  const { engine, close } =
    dataDir === null ? await inMemory(image ?? null) : await inFolder(dataDir, image ?? null)
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
  return { ...databaseOver('pglite', pool, waitMs, close), dump: () => engine.dump() }
}

interface Opened {
  readonly engine: Engine
  close(): Promise<void>
}

async function inMemory(image: string | Uint8Array | null): Promise<Opened> {
  const engine = await openEngine({ folder: null, image })
  return { engine, close: () => engine.close() }
}

async function inFolder(dataDir: string, image: string | Uint8Array | null): Promise<Opened> {
  await mkdir(dataDir, { recursive: true })
  const release = await takeLock(join(dataDir, 'lock'), dataDir)
  try {
    const folder = join(dataDir, 'cluster')
    // Written when the cluster stands whole. Without it the cluster is the torn beginning of a first start, in which nothing was acknowledged.
    const whole = join(dataDir, 'cluster.whole')
    const fresh = !(await exists(whole))
    if (fresh) await rm(folder, { recursive: true, force: true })
    const engine = await openThread({ folder, image: fresh ? image : null })
    if (fresh) await touch(whole)
    return {
      engine,
      close: async () => {
        try {
          await engine.close()
        } finally {
          await release()
        }
      },
    }
  } catch (failure) {
    await release()
    throw failure
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

async function touch(file: string): Promise<void> {
  const handle = await open(file, 'w')
  await handle.sync()
  await handle.close()
}
