import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import type { Database } from '../platform/database/database.ts'

/** The image that the build leaves beside the compiled code; run from sources there is none. */
const IMAGE = fileURLToPath(new URL('../database.image', import.meta.url))

/** The database a configuration names, without migrating it. Makes the data folder. Only the driver that is used is loaded. `begun` is called when the embedded one goes on opening in a thread of its own. */
export async function openDatabase({ dataDir, secrets }: Config, begun?: () => void): Promise<Database> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const url = secrets.databaseUrl
  if (url) return await (await import('../platform/database/postgres.ts')).openPostgres({ url })
  const { openPglite } = await import('../platform/database/pglite.ts')
  return await openPglite({
    dataDir: join(dataDir, 'database'),
    image: async () => await (await import('../platform/database/image.ts')).readImage(IMAGE),
    ...(begun && { begun }),
  })
}
