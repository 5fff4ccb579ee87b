import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundled } from '../../../test/kit/bundled.ts'
import { testCluster } from '../../../test/kit/database.ts'
import type { Prey } from '../../../test/kit/events.child.ts'
import { scratchPostgres } from '../../../test/kit/postgres.ts'
import type { Database } from '../database/database.ts'
import { migrateUp } from '../database/migrate.ts'
import { openPglite } from '../database/pglite.ts'
import { openPostgres } from '../database/postgres.ts'

const SOURCE = fileURLToPath(new URL('../../../test/kit/events.child.ts', import.meta.url))
const EVENTS = 40
const LIMIT_MS = 120_000
const ROUNDS = 3
/** What a dead process had under way is another's sooner than in the city, or each death would be waited for. */
const LEASE_MS = 1000

/** A database that outlives its processes. */
interface Ground extends AsyncDisposable {
  readonly name: string
  /** Where several processes may be at once. */
  readonly shared: boolean
  open(): Promise<Database>
}

async function folder(): Promise<Ground> {
  const name = await mkdtemp(join(tmpdir(), 'events-'))
  const image = await testCluster()
  return {
    name,
    shared: false,
    open: () => openPglite({ dataDir: name, image }),
    [Symbol.asyncDispose]: () => rm(name, { recursive: true, force: true }),
  }
}

async function server(url: string): Promise<Ground> {
  const scratch = await scratchPostgres(url)
  return {
    name: scratch.url.reveal(),
    shared: true,
    open: () => openPostgres({ url: scratch.url, waitMs: 20_000 }),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  }
}

async function lay(ground: Ground): Promise<void> {
  await using database = await ground.open()
  await migrateUp(database)
  await sql`
    create table cause (n int8 primary key);
    create table effect (n int8, what text);
    create table tally (n int8);
    insert into tally values (0);`.execute(database.kysely)
}

interface Hunt {
  /** What was said to be stored. */
  readonly acked: Set<number>
  readonly kills: number
}

/** Runs the process again and again, killing it at random moments the first `rounds` times, until it says that it is done. */
async function hunt(program: string, prey: Prey, rounds: number, acked: Set<number>): Promise<Hunt> {
  let kills = 0
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; ) {
    const done = await life(program, prey, kills < rounds, acked)
    if (done) return { acked, kills }
    kills++
  }
  throw new Error('the hunt did not end')
}

/** One life; true when it came to its own end. */
async function life(program: string, prey: Prey, kill: boolean, acked: Set<number>): Promise<boolean> {
  const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify(prey)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const late = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const gone = new Promise((resolve) => child.once('exit', resolve))
  let done = false
  if (child.stdout)
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('acked ')) acked.add(Number(line.slice(6)))
      if (line === 'ready' && kill) setTimeout(() => child.kill('SIGKILL'), Math.random() * 250)
      if (line === 'done') done = true
    }
  await gone
  clearTimeout(late)
  return done
}

/** What stands at the end, after checking that each cause has its one effect. */
async function verdict(ground: Ground, acked: ReadonlySet<number>): Promise<readonly string[]> {
  await using database = await ground.open()
  const { rows: effects } = await sql<{ n: number; what: string }>`
    select n, what from effect order by n`.execute(database.kysely)
  const { rows: causes } = await sql<{ n: number }>`select n from cause order by n`.execute(database.kysely)
  expect(effects.map(({ n }) => n)).toEqual(causes.map(({ n }) => n))
  const stored = new Set(causes.map(({ n }) => n))
  expect([...acked].filter((n) => !stored.has(n))).toEqual([])
  const { rows: tally } = await sql<{ n: number }>`select n from tally`.execute(database.kysely)
  const whats = effects.map(({ what }) => what)
  expect(tally).toEqual([{ n: whats.filter((what) => what === 'done').length }])
  return whats
}

function crashes(name: string, makeGround: () => Promise<Ground>, nats: string | null): void {
  describe(`${name}, killed`, () => {
    const spaces: string[] = []
    let program: Awaited<ReturnType<typeof bundled>>
    beforeAll(async () => {
      program = await bundled(SOURCE)
    })
    afterAll(async () => {
      program[Symbol.dispose]()
      if (!nats) return
      const connection = await connect({ servers: nats })
      const { streams } = await jetstreamManager(connection)
      for (const space of spaces) await streams.delete(`${space}_events`)
      await connection.close()
    })
    const preyOf = (ground: Ground, more: Partial<Prey>): Prey => {
      const space = `kill_${randomBytes(6).toString('hex')}`
      spaces.push(space)
      return {
        database: ground.name,
        nats,
        space,
        from: 0,
        count: EVENTS,
        poison: false,
        until: EVENTS,
        leaseMs: LEASE_MS,
        ...more,
      }
    }

    test('at random moments: every event that was stored has its effect exactly once', {
      timeout: LIMIT_MS * 2,
    }, async () => {
      await using ground = await makeGround()
      await lay(ground)
      const acked = new Set<number>()
      const prey = preyOf(ground, ground.shared ? { until: 2 * EVENTS } : {})
      const hunts = [hunt(program.path, prey, ROUNDS, acked)]
      if (ground.shared) hunts.push(hunt(program.path, { ...prey, from: EVENTS }, ROUNDS, acked))
      const kills = (await Promise.all(hunts)).reduce((sum, { kills }) => sum + kills, 0)
      const whats = await verdict(ground, acked)
      expect(whats).toHaveLength(prey.until)
      expect(kills).toBeGreaterThan(0)
      // Whoever was under way in five deaths is given up, and says so.
      expect(new Set(whats.filter((what) => what !== 'done' && what !== 'events.killed'))).toEqual(new Set())
    })

    test('by the same event five times: it goes to the dead letters with its last word, the others are handled', {
      timeout: LIMIT_MS * 2,
    }, async () => {
      await using ground = await makeGround()
      await lay(ground)
      const acked = new Set<number>()
      const { kills } = await hunt(
        program.path,
        preyOf(ground, { count: 5, until: 5, poison: true }),
        0,
        acked,
      )
      expect(kills).toBe(5)
      expect((await verdict(ground, acked))[0]).toBe('events.killed')
    })
  })
}

const { TEST_DATABASE_URL: url, TEST_NATS_URL: nats } = process.env
const absent = (name: string, variable: string) =>
  describe.skip(`${name}, killed (${variable} is not set)`, () => undefined)

crashes('in process, PGlite', folder, null)
if (url) crashes('in process, PostgreSQL', () => server(url), null)
else absent('in process, PostgreSQL', 'TEST_DATABASE_URL')
if (nats) crashes('JetStream, PGlite', folder, nats)
else absent('JetStream, PGlite', 'TEST_NATS_URL')
if (nats && url) crashes('JetStream, PostgreSQL', () => server(url), nats)
else absent('JetStream, PostgreSQL', 'TEST_NATS_URL or TEST_DATABASE_URL')
