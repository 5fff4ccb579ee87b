import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { scratchPostgres } from '../../../test/kit/postgres.ts'
import { databaseConformance } from './database.conformance.ts'
import { openPglite } from './pglite.ts'
import { openPostgres } from './postgres.ts'

databaseConformance('PGlite', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pglite-'))
  return {
    open: (waitMs = 10_000) => openPglite({ dataDir, waitMs }),
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }),
  }
})

const server = process.env.TEST_DATABASE_URL
test.skipIf(!server)('PostgreSQL opens also while the process is held up by something else', async () => {
  await using scratch = await scratchPostgres(server ?? '')
  const opening = openPostgres({ url: scratch.url })
  const until = performance.now() + 1500
  // As the loading of a program does on a busy machine.
  await new Promise((resolve) => setTimeout(resolve, 1))
  while (performance.now() < until);
  await using database = await opening
  await database.ping()
})
if (server)
  databaseConformance('PostgreSQL', async () => {
    const scratch = await scratchPostgres(server)
    return {
      open: (waitMs = 10_000) => openPostgres({ url: scratch.url, connections: 1, waitMs }),
      [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
    }
  })
else describe.skip('PostgreSQL (TEST_DATABASE_URL is not set)', () => undefined)
