import { temporaryFolder } from '../test/kit/city.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { cpuOf, type Row, type Target, target } from './measure.ts'

const SERVERS = 2
const CLIENT_PROCESSES = 2
const GOAL_BYTES = 8_000
const MESSAGES = 10
const SETTLE_MS = 1_500
const LOOKS = 3

interface Told {
  readonly joined: number
  readonly whole: number
  readonly faults: number
}

/** Thirty thousand residents, each with a socket of their own, held by two processes of the city over one database, all in one room and all present; then every line breaks at once while the room is spoken in. `SOCKETS` asks for fewer. Needs `TEST_DATABASE_URL`; presence among the processes needs `TEST_NATS_URL` and `TEST_REDIS_URL`. */
export async function sockets(): Promise<readonly Row[]> {
  const { TEST_DATABASE_URL: admin, SOCKETS = '30000' } = process.env
  if (!admin) {
    console.log('left out: sockets, because TEST_DATABASE_URL is not set')
    return []
  }
  const each = Math.floor(Number(SOCKETS) / SERVERS)
  await using database = await scratchPostgres(admin)
  using folder = temporaryFolder()
  const space = `bench_${process.pid}_${Date.now()}`
  const args = [database.url.reveal(), folder.path, space] as const
  await using one = await target('city.ts', ...args)
  await using two = await target('city.ts', ...args)
  await using first = await target('clients.ts')
  await using second = await target('clients.ts')
  const servers = [one, two]
  const clients = [first, second]
  const all = (said: (i: number) => unknown) =>
    Promise.all(clients.map(async (client, i) => (await client.ask(said(i))) as Told))

  await say(one, 'first')
  const idle = await held(servers)
  const cpu = servers.map(({ pid }) => cpuOf(pid))
  const started = performance.now()
  const opened = await all((i) => ({
    do: 'open',
    url: servers[i % SERVERS]?.url,
    from: `127.0.0.${i + 2}`,
    first: i * each,
    count: (each * SERVERS) / CLIENT_PROCESSES,
  }))
  const openSeconds = (performance.now() - started) / 1000
  const cpuEach = servers.reduce((sum, { pid }, i) => sum + cpuOf(pid) - (cpu[i] ?? 0), 0) / (each * SERVERS)
  const after = await held(servers)
  const perSocket = (after - idle) / (each * SERVERS)

  const storming = performance.now()
  const back = all(() => ({ do: 'storm' }))
  for (let n = 0; n < MESSAGES; n++) await say(servers[n % SERVERS] ?? one, `m${n}`)
  await back
  const stormSeconds = (performance.now() - storming) / 1000
  const upTo = await say(two, 'last')
  const told = await all(() => ({ do: 'told', upTo }))
  const sum = (each: (one: Told) => number, of: readonly Told[]) => of.reduce((n, one) => n + each(one), 0)
  const joined = sum((one) => one.joined, opened)
  const whole = sum((one) => one.whole, told)
  const faults = sum((one) => one.faults, told)
  return [
    {
      what: `${each * SERVERS} sockets held by ${SERVERS} processes, all present`,
      ours: `${joined} joined in ${openSeconds.toFixed(1)} s (${cpuEach.toFixed(0)} µs CPU each), ${(perSocket / 1000).toFixed(2)} kB each`,
      peer: `the limit, ${GOAL_BYTES / 1000} kB`,
      ratio: perSocket / GOAL_BYTES,
      goal: '≤ 1, all of them',
      met: perSocket <= GOAL_BYTES && joined === each * SERVERS,
    },
    {
      what: `every line broken at once while ${MESSAGES} messages were said`,
      ours: `${whole} heard all ${upTo} in order, back in ${stormSeconds.toFixed(1)} s; holes and repetitions: ${faults}`,
      peer: `all ${each * SERVERS}`,
      ratio: whole / (each * SERVERS),
      goal: '1, no fault',
      met: whole === each * SERVERS && faults === 0,
    },
  ]
}

const settle = () => new Promise((done) => setTimeout(done, SETTLE_MS))

/** Resident bytes of the servers together, once what is garbage is swept out and given back. */
async function held(servers: readonly Target[]): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let look = 0; look < LOOKS; look++) {
    await settle()
    let sum = 0
    for (const server of servers) sum += ((await server.ask('gc')) as { bytes: number }).bytes
    least = Math.min(least, sum)
  }
  return least
}

async function say(server: Target, clientId: string): Promise<number> {
  const answer = await fetch(new URL('/api/city/rooms/square/messages', server.url), {
    method: 'POST',
    headers: { authorization: 'Bearer p_speaker', 'content-type': 'application/json' },
    body: JSON.stringify({ clientId, text: 'Воду вимкнуть у суботу.' }),
    signal: AbortSignal.timeout(30_000),
  })
  const { seq } = (await answer.json()) as { seq?: number }
  if (seq === undefined) throw new Error(`saying it answered ${answer.status}`)
  return seq
}
