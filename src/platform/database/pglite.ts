import { access, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.ts'
import { takeLock } from './lock.ts'
import type { Engine } from './pglite.engine.ts'
import { openThread } from './pglite.thread.ts'

const WAIT_MS = 30_000

export interface PgliteOptions {
  /** The folder that holds it all, made where it is not; null keeps everything in memory, in this thread. */
  readonly dataDir: string | null
  /** A cluster to begin with, as `buildImage` makes it: a file, its bytes, or where to get them. Used only where there is no data yet. */
  readonly image?: Image | (() => Promise<Image>)
  /** How long a query waits for the one connection before `database.busy`. */
  readonly waitMs?: number
  /** Called when it opens in its own thread and has no more use for the caller's. Never where opening fails before that. */
  begun?(): void
}

type Image = string | Uint8Array | undefined

export interface Pglite extends Database {
  /** The whole cluster as a plain tar; nothing may be under way. */
  dump(): Promise<Uint8Array>
}

/** Opens PostgreSQL inside this process. With a folder it runs in a thread of its own and holds the folder's lock; a killed process loses nothing that was committed. */
export async function openPglite({
  dataDir,
  image,
  waitMs = WAIT_MS,
  begun,
}: PgliteOptions): Promise<Pglite> {
  const read = async (): Promise<string | Uint8Array | null> =>
    (typeof image === 'function' ? await image() : image) ?? null
  const opening = dataDir === null ? inMemory(await read()) : inFolder(dataDir, read, begun)
  // The thread starts while the client's libraries load.
  const [{ engine, close }, { clientOf }] = await Promise.all([opening, import('./pglite.client.ts')])
  return { ...clientOf(engine, waitMs, close), dump: () => engine.dump() }
}

interface Opened {
  readonly engine: Engine
  close(): Promise<void>
}

async function inMemory(image: string | Uint8Array | null): Promise<Opened> {
  const { openEngine } = await import('./pglite.engine.ts')
  const engine = await openEngine({ folder: null, image })
  return { engine, close: () => engine.close() }
}

async function inFolder(
  dataDir: string,
  image: () => Promise<string | Uint8Array | null>,
  begun?: () => void,
): Promise<Opened> {
  await mkdir(dataDir, { recursive: true })
  const release = await takeLock(join(dataDir, 'lock'), dataDir)
  try {
    const folder = join(dataDir, 'cluster')
    // Written when the cluster stands whole. Without it the cluster is the torn beginning of a first start, in which nothing was acknowledged.
    const whole = join(dataDir, 'cluster.whole')
    const fresh = !(await exists(whole))
    if (fresh) await rm(folder, { recursive: true, force: true })
    const opening = openThread({ folder, image: fresh ? await image() : null })
    begun?.()
    const engine = await opening
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
