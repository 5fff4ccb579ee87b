// The door to language models as the city runs it: keys, budgets, routing, usage and metrics on. Its arguments are the provider's address, `bare` for no budgets and no ledger, and a PostgreSQL to keep the ledger in.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { librarian } from '../../src/engines/llm/librarian.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createIds } from '../../src/kernel/ids.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { openPglite } from '../../src/platform/database/pglite.ts'
import { openPostgres } from '../../src/platform/database/postgres.ts'
import { openEvents } from '../../src/platform/events/in-process.ts'
import { createHttp } from '../../src/platform/http/http.ts'
import { serve } from '../../src/platform/http/serve.ts'
import type { Authenticate } from '../../src/platform/http/service.ts'
import { createLogger } from '../../src/platform/logger.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { steadyTicks } from '../../src/platform/steady-ticks.ts'
import type { LlmTables } from '../../src/services/llm-proxy/llm-proxy.tables.ts'
import { createLlmProxy } from '../../src/services/llm-proxy/llm-proxy.ts'
import { ModelsFile } from '../../src/services/llm-proxy/models-file.ts'
import { providersWith } from '../../src/services/llm-proxy/providers.ts'

const [provider = '', bare = '', databaseUrl = ''] = process.argv.slice(2)
steadyTicks()
const ids = createIds(systemClock)
const logger = createLogger('warn')
const metrics = createMetrics()
const file = ModelsFile.parse({
  providers: { p: { url: `${provider}/v1`, stream_usage: false } },
  models: { m: { provider: 'p', price: { input: 0.15, output: 0.6 }, context: 128_000 } },
  aliases: { city: { use: ['m', 'librarian'] } },
})
const principal = { id: 'usr_1', kind: 'person', name: 'Ада', role: 'resident' } as const
const authenticate: Authenticate = async () => ({
  principal,
  service: null,
  credential: { type: 'key', id: 'key_1' },
})

async function books() {
  // The embedded database would work in this very process, and be measured with it.
  const database = databaseUrl
    ? await openPostgres({ url: new Secret(databaseUrl) })
    : await openPglite({ dataDir: null })
  await migrateUp(database, 'migrations')
  const db = database.kysely.withTables<LlmTables>()
  await db
    .insertInto('llm.budget')
    .values(
      (['usd_day', 'usd_month', 'tokens_minute', 'requests_minute', 'concurrent'] as const).map((per) => ({
        kind: 'key' as const,
        subject: 'key_1',
        per,
        amount: per.startsWith('usd') ? 1e15 : 1e9,
      })),
    )
    .execute()
  const events = openEvents({ database, clock: systemClock, ids, logger })
  return { db, ids, events, folder: mkdtempSync(join(tmpdir(), 'bench-llm-')) }
}

const proxy = createLlmProxy({
  engines: [librarian({ clock: systemClock, ids })],
  file: { current: () => file, problem: () => null, stop: () => {} },
  open: providersWith(() => null),
  ...(bare ? {} : { books: await books() }),
})
const app = await createHttp({
  logger,
  metrics,
  publicUrl: 'http://127.0.0.1',
  trustProxy: false,
  maxUploadBytes: 1024,
})
serve(app, proxy, authenticate)
proxy.routes?.(app, authenticate)
await proxy.start?.()
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
process.on('disconnect', () => process.exit())
