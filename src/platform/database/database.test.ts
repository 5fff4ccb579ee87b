import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
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
if (server)
  databaseConformance('PostgreSQL', async () => {
    const scratch = await scratchPostgres(server)
    return {
      open: (waitMs = 10_000) => openPostgres({ url: scratch.url, connections: 1, waitMs }),
      [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
    }
  })
else describe.skip('PostgreSQL (TEST_DATABASE_URL is not set)', () => undefined)
