import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Ids } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { Secret } from '../kernel/secret.ts'
import type { Database } from '../platform/database/database.ts'
import { keepVacuumed } from '../platform/database/vacuum.ts'
import type { Events } from '../platform/events/events.ts'
import { openEvents } from '../platform/events/in-process.ts'
import { openDisk } from '../platform/files/disk.ts'
import type { Files } from '../platform/files/files.ts'
import type { Kv } from '../platform/kv/kv.ts'
import { memoryKv } from '../platform/kv/memory.ts'
import { createLogger, type Logger } from '../platform/logger.ts'
import type { Mail } from '../platform/mail/mail.ts'
import { createMetrics, type Metrics } from '../platform/metrics.ts'
import { openDatabase } from './open-database.ts'

/** What a process stands on, opened; the database is not migrated. The scope closes it, last opened first. */
export interface Platform {
  readonly database: Database
  readonly events: Events
  readonly kv: Kv
  readonly files: Files
  /** Null where the city sends no letters. */
  readonly mail: Mail | null
  readonly logger: Logger
  readonly metrics: Metrics
  readonly secret: Secret
  readonly clock: Clock
  readonly ids: Ids
}

export interface Means {
  readonly clock: Clock
  readonly ids: Ids
  /** The configuration's database, where the caller began to open it. */
  readonly database?: Promise<Database>
}

/** A driver that a configuration does not name is not even read from disk. */
export async function openPlatform(config: Config, means: Means, scope: Scope): Promise<Platform> {
  const { clock, ids } = means
  const logger = createLogger(config.logLevel)
  const database = await (means.database ?? openDatabase(config))
  scope.defer(() => database[Symbol.asyncDispose]())
  const kv = config.secrets.redisUrl
    ? await (await import('../platform/kv/redis.ts')).redisKv(config.secrets.redisUrl, `${config.space}:`)
    : memoryKv(clock)
  scope.defer(() => kv[Symbol.asyncDispose]())
  const files = await openDisk({ folder: join(config.dataDir, 'files') })
  scope.defer(() => files[Symbol.asyncDispose]())
  const mail = config.secrets.smtpUrl
    ? (await import('../platform/mail/smtp.ts')).smtpMail(config.secrets.smtpUrl, config.mailFrom)
    : null
  if (mail) scope.defer(() => mail[Symbol.asyncDispose]())
  const eventNeeds = { database, clock, ids, logger }
  const events = config.secrets.natsUrl
    ? await (await import('../platform/events/jetstream.ts')).openJetStreamEvents({
        ...eventNeeds,
        url: config.secrets.natsUrl,
        space: config.space,
      })
    : await openEvents(eventNeeds)
  scope.defer(() => events.stop())
  const stopping = new AbortController()
  const vacuuming =
    database.driver === 'pglite'
      ? keepVacuumed(
          { database, clock, failed: (failure) => logger.error({ err: failure }, 'vacuum failed') },
          stopping.signal,
        )
      : undefined
  scope.defer(async () => {
    stopping.abort()
    await vacuuming
  })
  const secret = config.secrets.city ?? (await keptSecret(join(config.dataDir, 'secret')))
  return { database, events, kv, files, mail, logger, metrics: createMetrics(), secret, clock, ids }
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
