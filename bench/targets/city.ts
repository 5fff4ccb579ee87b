// The city's service alone over PostgreSQL, and over JetStream and Redis where there are such: who comes in by `Bearer p_1` is the resident p_1. Told `gc` by its parent it cleans up and says how much it holds, in bytes; told `live` it says how many sockets are open.
import { systemClock } from '../../src/kernel/clock.ts'
import { createIds } from '../../src/kernel/ids.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { openPostgres } from '../../src/platform/database/postgres.ts'
import { openEvents } from '../../src/platform/events/in-process.ts'
import { openJetStreamEvents } from '../../src/platform/events/jetstream.ts'
import { openDisk } from '../../src/platform/files/disk.ts'
import { createHttp } from '../../src/platform/http/http.ts'
import { serve } from '../../src/platform/http/serve.ts'
import type { Authenticate } from '../../src/platform/http/service.ts'
import { memoryKv } from '../../src/platform/kv/memory.ts'
import { redisKv } from '../../src/platform/kv/redis.ts'
import { createLogger } from '../../src/platform/logger.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import type { CityTables } from '../../src/services/city/city.tables.ts'
import { createCity } from '../../src/services/city/city.ts'

const [databaseUrl = '', folder = '', space = ''] = process.argv.slice(2)
/** Without a space it is one process by itself. */
const { TEST_NATS_URL: nats, TEST_REDIS_URL: redis } = space === '' ? {} : process.env
const clock = systemClock
const ids = createIds(clock)
const logger = createLogger('warn')
const database = await openPostgres({ url: new Secret(databaseUrl) })
// From the root, where benches are run: bundled, the file is elsewhere.
await migrateUp(database, 'migrations')
const eventNeeds = { database, clock, ids, logger }
const events = nats
  ? await openJetStreamEvents({ ...eventNeeds, url: new Secret(nats), space })
  : openEvents(eventNeeds)
const kv = redis ? await redisKv(new Secret(redis), `${space}:`) : memoryKv(clock)

const authenticate: Authenticate = async ({ headers }) => {
  const id = headers.authorization?.slice('Bearer '.length) ?? 'p_0'
  const principal = { id, kind: 'person', name: 'Ада', role: 'resident' } as const
  return { principal, service: null, credential: { type: 'key', id: `key_${id}` } }
}
const city = createCity({
  db: database.kysely.withTables<CityTables>(),
  events,
  files: await openDisk({ folder }),
  kv,
  auth: {
    principals: async () => ({ items: [] }),
    standing: async ({ ids }) => ({ ids }),
    residents: async () => ({ items: [] }),
  },
  capabilities: { audio: false, image: false, file: false },
  clock,
  ids,
  // Who publishes for a bench is no flood; and where nobody answers pings, none are sent.
  limits: {
    maxUploadBytes: 1024,
    quotaBytes: 1024,
    live: { burstFrames: 1e9, ...(space === '' && { pingMs: 3_600_000 }) },
  },
  publicUrl: 'http://127.0.0.1',
  failed: (failure) => console.error(failure),
})
const app = await createHttp({
  logger,
  metrics: createMetrics(),
  publicUrl: 'http://127.0.0.1',
  trustProxy: false,
  maxUploadBytes: 1024,
})
serve(app, city, authenticate)
city.routes?.(app, authenticate)
await city.start?.()
await events.start()

process.on('message', (said) => {
  if (said === 'live')
    app.server.getConnections((_, count) => {
      process.send?.({ count })
    })
  if (said !== 'gc') return
  globalThis.gc?.()
  globalThis.gc?.()
  process.send?.({ bytes: process.memoryUsage().rss })
})
process.on('disconnect', () => process.exit())
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
