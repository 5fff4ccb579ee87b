import { readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../src/platform/database/database.ts'
import { emptyCluster, imageKey } from '../../src/platform/database/image.ts'
import { openPglite } from '../../src/platform/database/pglite.ts'

let cluster: Promise<Uint8Array> | undefined

/** A fresh PGlite in memory with every migration applied; each call its own (about 0.3 s and 100 MB, so dispose it). */
export async function testDatabase(): Promise<Database> {
  cluster ??= cachedCluster()
  return await openPglite({ dataDir: null, image: await cluster, waitMs: 10_000 })
}

/** Made once per state of the migrations and kept in the system's temporary folder. */
async function cachedCluster(): Promise<Uint8Array> {
  const file = join(tmpdir(), `daarion-test-${await imageKey()}.tar`)
  const found = await readFile(file).catch(() => undefined)
  if (found) return found
  const tar = await emptyCluster()
  const part = `${file}.${process.pid}.${Math.random()}`
  await writeFile(part, tar)
  await rename(part, file)
  return tar
}
