import { randomBytes } from 'node:crypto'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe } from 'vitest'
import { testDatabase } from '../../../test/kit/database.ts'
import { scratchPostgres } from '../../../test/kit/postgres.ts'
import type { Clock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Database } from '../database/database.ts'
import { migrateUp } from '../database/migrate.ts'
import { openPostgres } from '../database/postgres.ts'
import { type EventsWorld, eventsConformance } from './events.conformance.ts'
import { openEvents } from './in-process.ts'
import { openJetStreamEvents } from './jetstream.ts'

const needs = (database: Database, clock: Clock, graceMs?: number) => ({
  database,
  clock,
  ids: createIds(clock),
  logger: pino({ level: 'silent' }),
  ...(graceMs !== undefined && { graceMs }),
})

type Base = Pick<EventsWorld, 'database' | typeof Symbol.asyncDispose>

async function pglite(): Promise<Base> {
  const database = await testDatabase()
  return { database, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}

const postgres = (server: string) => async (): Promise<Base> => {
  const scratch = await scratchPostgres(server)
  const database = await openPostgres({ url: scratch.url })
  await migrateUp(database)
  return {
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await scratch[Symbol.asyncDispose]()
    },
  }
}

const forget = async ({ database }: Base): Promise<void> => {
  await sql`truncate events.outbox, events.delivery`.execute(database.kysely)
}

const inProcess = (make: () => Promise<Base>) => async (): Promise<EventsWorld> => {
  const base = await make()
  return {
    ...base,
    forget: () => forget(base),
    life: async (clock, graceMs) => openEvents(needs(base.database, clock, graceMs)),
  }
}

const overNats = (make: () => Promise<Base>, url: string) => async (): Promise<EventsWorld> => {
  const base = await make()
  const spaces: string[] = []
  return {
    database: base.database,
    async forget() {
      await forget(base)
      spaces.push(`test_${randomBytes(6).toString('hex')}`)
    },
    life: (clock, graceMs) =>
      openJetStreamEvents({
        ...needs(base.database, clock, graceMs),
        url: new Secret(url),
        space: spaces.at(-1) ?? 'test',
      }),
    async [Symbol.asyncDispose]() {
      await base[Symbol.asyncDispose]()
      const nats = await connect({ servers: url })
      const { streams } = await jetstreamManager(nats)
      for (const space of spaces) await streams.delete(`${space}_events`)
      await nats.close()
    },
  }
}

const { TEST_DATABASE_URL: server, TEST_NATS_URL: nats } = process.env
const absent = (name: string, variable: string) =>
  describe.skip(`${name} (${variable} is not set)`, () => undefined)

eventsConformance('in process, PGlite', true, inProcess(pglite))
if (server) eventsConformance('in process, PostgreSQL', false, inProcess(postgres(server)))
else absent('in process, PostgreSQL', 'TEST_DATABASE_URL')
if (nats) eventsConformance('JetStream, PGlite', true, overNats(pglite, nats))
else absent('JetStream, PGlite', 'TEST_NATS_URL')
if (nats && server) eventsConformance('JetStream, PostgreSQL', false, overNats(postgres(server), nats))
else absent('JetStream, PostgreSQL', 'TEST_NATS_URL or TEST_DATABASE_URL')
