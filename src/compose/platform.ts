import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { Secret } from '../kernel/secret.ts'
import type { Database } from '../platform/database/database.ts'
import { readImage } from '../platform/database/image.ts'
import { migrateUp } from '../platform/database/migrate.ts'
import { openPglite } from '../platform/database/pglite.ts'
import { openPostgres } from '../platform/database/postgres.ts'
import type { Events } from '../platform/events/events.ts'
import { openEvents } from '../platform/events/in-process.ts'
import { openJetStreamEvents } from '../platform/events/jetstream.ts'
import { openDisk } from '../platform/files/disk.ts'
import type { Files } from '../platform/files/files.ts'
import type { Kv } from '../platform/kv/kv.ts'
import { memoryKv } from '../platform/kv/memory.ts'
import { redisKv } from '../platform/kv/redis.ts'
import { createLogger, type Logger } from '../platform/logger.ts'
import { createMetrics, type Metrics } from '../platform/metrics.ts'

/** What a process stands on, opened. The scope closes it, last opened first. */
export interface Platform {
  readonly database: Database
  readonly events: Events
  readonly kv: Kv
  readonly files: Files
  readonly logger: Logger
  readonly metrics: Metrics
  readonly secret: Secret
  readonly clock: Clock
  readonly ids: Ids
}

export interface Means {
  readonly clock: Clock
  readonly ids: Ids
}

export async function openPlatform(config: Config, { clock, ids }: Means, scope: Scope): Promise<Platform> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const logger = createLogger(config.logLevel)
  const database = await openDatabase(config)
  scope.defer(() => database[Symbol.asyncDispose]())
  await migrateUp(database)
  const kv = config.secrets.redisUrl
    ? await redisKv(config.secrets.redisUrl, `${config.space}:`)
    : memoryKv(clock)
  scope.defer(() => kv[Symbol.asyncDispose]())
  const files = await openDisk({ folder: join(config.dataDir, 'files') })
  scope.defer(() => files[Symbol.asyncDispose]())
  const eventNeeds = { database, clock, ids, logger }
  const events = config.secrets.natsUrl
    ? await openJetStreamEvents({ ...eventNeeds, url: config.secrets.natsUrl, space: config.space })
    : await openEvents(eventNeeds)
  scope.defer(() => events.stop())
  const secret = config.secrets.city ?? (await keptSecret(join(config.dataDir, 'secret')))
  return { database, events, kv, files, logger, metrics: createMetrics(), secret, clock, ids }
}

/** The image that the build leaves beside the compiled code; run from sources there is none. */
const IMAGE = fileURLToPath(new URL('../database.image', import.meta.url))

/** The database a configuration names, without migrating it. */
export async function openDatabase(config: Config): Promise<Database> {
  const url = config.secrets.databaseUrl
  if (url) return await openPostgres({ url })
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  return await openPglite({ dataDir: join(config.dataDir, 'database'), image: await readImage(IMAGE) })
}

/** Made once, readable by the city's own user alone. */
async function keptSecret(path: string): Promise<Secret> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(randomBytes(32).toString('base64url'))
    await file.sync()
    await file.close()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return new Secret((await readFile(path, 'utf8')).trim())
}
