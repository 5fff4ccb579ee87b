// A process that appends and handles until it is killed or has handled all: the prey of the events suite. Its one argument is JSON of `Prey`; it says `acked N` for every append it got an answer to, `ready` and `done`.
import { sql } from 'kysely'
import { pino } from 'pino'
import { z } from 'zod'
import { systemClock } from '../../src/kernel/clock.ts'
import { event } from '../../src/kernel/event.ts'
import { createIds } from '../../src/kernel/ids.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { openPglite } from '../../src/platform/database/pglite.ts'
import { openPostgres } from '../../src/platform/database/postgres.ts'
import { openEvents } from '../../src/platform/events/in-process.ts'
import { openJetStreamEvents } from '../../src/platform/events/jetstream.ts'

export interface Prey {
  /** A folder for PGlite, or a PostgreSQL URL. */
  readonly database: string
  readonly nats: string | null
  readonly space: string
  /** How many events this process appends, numbered from `from`. */
  readonly from: number
  readonly count: number
  /** An event that ends the process that handles it. */
  readonly poison: boolean
  /** When so many effects stand, it is done. */
  readonly until: number
  /** How long a dead process is believed to live. */
  readonly leaseMs: number
}

export const struck = event('test.struck', 1, z.object({ n: z.number(), poison: z.boolean() }))

const prey = JSON.parse(process.argv[2] ?? '') as Prey
const say = (line: string) => process.stdout.write(`${line}\n`)

const database: Database = prey.database.startsWith('postgres')
  ? await openPostgres({ url: new Secret(prey.database), waitMs: 20_000 })
  : await openPglite({ dataDir: prey.database })
const db = database.kysely
const ids = createIds(systemClock)
const needs = { database, clock: systemClock, ids, logger: pino({ level: 'silent' }), leaseMs: prey.leaseMs }
const events = prey.nats
  ? await openJetStreamEvents({ ...needs, url: new Secret(prey.nats), space: prey.space })
  : openEvents(needs)
const breath = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

events.consume({
  name: 'test.strike',
  db,
  types: [struck],
  concurrency: 3,
  async handle({ data }, job) {
    if (data.poison) process.kill(process.pid, 'SIGKILL')
    await breath(10)
    await job.commit(async (tx) => {
      await sql`insert into effect (n, what) values (${data.n}, 'done')`.execute(tx)
      await sql`update tally set n = n + 1`.execute(tx)
    })
  },
  async failed({ data }, failure, tx) {
    await sql`insert into effect (n, what) values (${data.n}, ${failure.code})`.execute(tx)
  },
})
await events.start()
say('ready')

async function appendAll(): Promise<void> {
  for (let n = prey.from; n < prey.from + prey.count; n++) {
    await db.transaction().execute(async (tx) => {
      const { numAffectedRows } =
        await sql`insert into cause (n) values (${n}) on conflict do nothing`.execute(tx)
      if (numAffectedRows === 0n) return
      await events.append(tx, {
        type: struck,
        principal: null,
        data: { n, poison: prey.poison && n === prey.from },
      })
    })
    say(`acked ${n}`)
  }
}

const appending = appendAll()
for (;;) {
  const { rows } = await sql<{ n: number }>`select count(*) as n from effect`.execute(db)
  if ((rows[0]?.n ?? 0) >= prey.until) break
  await breath(25)
}
await appending
await events.stop()
await database[Symbol.asyncDispose]()
say('done')
process.exit(0)
