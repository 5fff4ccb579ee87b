import { readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Clock, systemClock } from '../../src/kernel/clock.ts'
import { createIds } from '../../src/kernel/ids.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { emptyCluster, imageKey } from '../../src/platform/database/image.ts'
import { openPglite } from '../../src/platform/database/pglite.ts'
import type { Events } from '../../src/platform/events/events.ts'
import { openEvents } from '../../src/platform/events/in-process.ts'

let cluster: Promise<Uint8Array> | undefined

/** A fresh PGlite in memory with every migration applied; each call its own (about 0.3 s and 100 MB, so dispose it). */
export async function testDatabase(): Promise<Database> {
  return await openPglite({ dataDir: null, image: await testCluster(), waitMs: 10_000 })
}

/** The empty migrated cluster that test databases begin with. */
export async function testCluster(): Promise<Uint8Array> {
  cluster ??= cachedCluster()
  return await cluster
}

export interface TestEvents extends Events, AsyncDisposable {
  /** Resolves when nothing is in the outbox or under way; rejects after `ms` (10 s) with the counts. What waits for a later time, a retry by a hand-turned clock too, counts as under way. */
  settled(ms?: number): Promise<void>
}

/** Events within the process, not started: consumers register first. Dispose them before the database. */
export function testEvents(database: Database, clock: Clock = systemClock): TestEvents {
  const events = openEvents({ database, clock, ids: createIds(clock), logger: pino({ level: 'silent' }) })
  return {
    ...events,
    async settled(ms = 10_000) {
      const end = Date.now() + ms
      for (;;) {
        const state = await events.state()
        if (state.outbox + state.pending === 0) return
        if (Date.now() > end) throw new Error(`events did not settle: ${JSON.stringify(state)}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    [Symbol.asyncDispose]: () => events.stop(),
  }
}

/** Made once per state of the migrations and kept in the system's temporary folder. */
async function cachedCluster(): Promise<Uint8Array> {
  const file = join(tmpdir(), `daarion-test-${await imageKey()}.tar`)
  const found = await readFile(file).catch(() => undefined)
  if (found) return found
  const tar = await emptyCluster()
  const part = `${file}.${process.pid}.${Math.random()}`
  await writeFile(part, tar)
  await rename(part, file)
  return tar
}
