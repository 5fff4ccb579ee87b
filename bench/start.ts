import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import WebSocket from 'ws'
import { type RunningCity, startCity, temporaryFolder } from '../test/kit/city.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { everywhere, firstOwner, type Resident, resident } from '../test/kit/resident.ts'
import { cpuOf, median, memoryOf, type Row } from './measure.ts'

const WARM_STARTS = 5
const PGLITE = join(import.meta.dirname, 'targets/pglite.ts')
const SETTLE_MS = 5_000

/** From nothing to the first message stored and delivered to another socket, and what a city at rest takes. */
export async function start(): Promise<readonly Row[]> {
  // Builds what is stale, so that the build is in no figure.
  await using _built = await startCity({ DATA_DIR: temporaryFolder().path })
  using folder = temporaryFolder()
  const first = await delivered({ DATA_DIR: folder.path })
  const key = first.resident.key
  const embedded = await atRest(first.city)
  await first.city.stop()
  using bare = temporaryFolder()
  const bareFirst = await pgliteAlone(bare.path)
  const warm: number[] = []
  const cpu: number[] = []
  const bareWarm: number[] = []
  for (let n = 0; n < WARM_STARTS; n++) {
    const again = await delivered({ DATA_DIR: folder.path }, key)
    warm.push(again.ms)
    cpu.push(again.cpuMs)
    await again.city.stop()
    bareWarm.push(await pgliteAlone(bare.path))
  }
  const rows = [
    started('first start ever', first.ms, first.cpuMs, bareFirst, 4),
    started('warm start', median(warm), median(cpu), median(bareWarm), 1.2),
    below('idle memory, embedded', embedded, 380, 'MB'),
  ]
  const admin = process.env.TEST_DATABASE_URL
  if (!admin) return rows
  await using database = await scratchPostgres(admin)
  using files = temporaryFolder()
  const { city } = await delivered({ DATA_DIR: files.path, DATABASE_URL: database.url.reveal() })
  const postgres = await atRest(city)
  await city.stop()
  return [...rows, below('idle memory, on PostgreSQL', postgres, 130, 'MB')]
}

/** Starts a city and times it until a message that was posted has come out of a live socket. The owner's account, which a person makes, is not in the time. */
async function delivered(
  env: Record<string, string>,
  key?: string,
): Promise<{ city: RunningCity; resident: Resident; ms: number; cpuMs: number }> {
  const begun = performance.now()
  const city = await startCity(env)
  const opened = performance.now() - begun
  const cpuOpened = cpuOf(city.pid)
  const who = key === undefined ? await firstOwner(city) : resident(everywhere(city.url), key)
  const then = performance.now()
  const cpuThen = cpuOf(city.pid)
  const socket = new WebSocket(new URL('/api/city/live', city.url.replace('http', 'ws')), {
    headers: { authorization: who.authorization },
  })
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', room: 'square' })))
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { type: string }
      if (frame.type === 'subscribed') void who.say('square', 'Перше слово').catch(reject)
      if (frame.type === 'message') resolve()
    })
  })
  const ms = opened + performance.now() - then
  const cpuMs = (cpuOpened + cpuOf(city.pid) - cpuThen) / 1000
  socket.close()
  return { city, resident: who, ms, cpuMs }
}

async function atRest(city: RunningCity): Promise<number> {
  await new Promise((done) => setTimeout(done, SETTLE_MS))
  return memoryOf(city.pid)
}

/** A new process with nothing but the embedded database, until it has answered; it shows what the machine makes of such a start just now. */
async function pgliteAlone(folder: string): Promise<number> {
  const begun = performance.now()
  await promisify(execFile)(process.execPath, ['--import', 'tsx', PGLITE, join(folder, 'alone')], {
    timeout: 60_000,
  })
  return performance.now() - begun
}

const started = (what: string, ms: number, cpuMs: number, aloneMs: number, limit: number): Row => ({
  what: `${what} → first message delivered`,
  ours: `${(ms / 1000).toFixed(2)} s, ${(cpuMs / 1000).toFixed(2)} s CPU`,
  peer: `the limit, ${limit} s (the embedded database alone: ${(aloneMs / 1000).toFixed(2)} s)`,
  ratio: ms / 1000 / limit,
  goal: '≤ 1',
  met: ms / 1000 <= limit,
})

const below = (what: string, value: number, limit: number, unit: string): Row => ({
  what,
  ours: `${value.toFixed(0)} ${unit}`,
  peer: `the limit, ${limit} ${unit}`,
  ratio: value / limit,
  goal: '≤ 1',
  met: value <= limit,
})
