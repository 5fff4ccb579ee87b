import { temporaryFolder } from '../test/kit/city.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { builtTarget, cpuOf, type Row, type Target, target } from './measure.ts'

const SERVERS = 2
const CLIENT_PROCESSES = 4
/** What clients have for each thing that is asked of them, together less than six minutes; then they tell how far they got. */
const WITHIN_MS = { warm: 30_000, open: 130_000, storm: 130_000, told: 40_000 }
/** For the answer itself. */
const ANSWER_MS = 20_000
const GOAL_BYTES = 8_000
const MESSAGES = 10
/** Sockets of each client process that come and go before it is looked at what a server holds at rest: what it makes once, at the first of them, is not theirs. */
const WARM = 500
const SETTLE_MS = 1_500
const LOOKS = 3

const sum = (each: (one: Told) => number, of: readonly Told[]): number =>
  of.reduce((n, one) => n + each(one), 0)

interface Told {
  readonly joined: number
  readonly whole: number
  readonly faults: number
  /** Lines that were refused, or not open in time, and tried again. */
  readonly again: number
}

/** Thirty thousand residents, each with a socket of their own, held by two processes of the city over one database, all in one room and all present; then every line breaks at once while the room is spoken in. `SOCKETS` asks for fewer. Needs `TEST_DATABASE_URL`; presence among the processes needs `TEST_NATS_URL` and `TEST_REDIS_URL`. */
export async function sockets(): Promise<readonly Row[]> {
  const { TEST_DATABASE_URL: admin, SOCKETS = '30000' } = process.env
  if (!admin) {
    console.log('left out: sockets, because TEST_DATABASE_URL is not set')
    return []
  }
  const each = Math.floor(Number(SOCKETS) / CLIENT_PROCESSES) * (CLIENT_PROCESSES / SERVERS)
  await using database = await scratchPostgres(admin)
  using folder = temporaryFolder()
  const space = `bench_${process.pid}_${Date.now()}`
  const args = [database.url.reveal(), folder.path, space] as const
  await using one = await builtTarget('city.ts', ...args)
  await using two = await builtTarget('city.ts', ...args)
  await using pool = await clientProcesses(CLIENT_PROCESSES)
  const servers = [one, two]
  const ofEach = (each * SERVERS) / CLIENT_PROCESSES
  const all = (what: keyof typeof WITHIN_MS, said: (i: number) => object = () => ({})) => {
    const withinMs = WITHIN_MS[what]
    return Promise.all(
      pool.clients.map(
        async (client, i) =>
          (await client.ask({ do: what, withinMs, ...said(i) }, withinMs + ANSWER_MS)) as Told,
      ),
    )
  }

  await say(one, 'first')
  const places = (count: number) => (i: number) => ({
    url: servers[i % SERVERS]?.url,
    from: `127.0.0.${i + 2}`,
    first: i * count,
    count,
  })
  await all('warm', places(WARM))
  const idle = await held(servers)
  const cpu = servers.map(({ pid }) => cpuOf(pid))
  const started = performance.now()
  const opened = await all('open', places(ofEach))
  const openSeconds = (performance.now() - started) / 1000
  const cpuEach = servers.reduce((sum, { pid }, i) => sum + cpuOf(pid) - (cpu[i] ?? 0), 0) / (each * SERVERS)
  const after = await held(servers)
  const perSocket = (after - idle) / (each * SERVERS)

  const storming = performance.now()
  const stormCpu = servers.map(({ pid }) => cpuOf(pid))
  let stormSeconds = 0
  const back = all('storm').then((told) => {
    stormSeconds = (performance.now() - storming) / 1000
    return told
  })
  for (let n = 0; n < MESSAGES; n++) await say(servers[n % SERVERS] ?? one, `m${n}`)
  const rejoined = sum((one) => one.joined, await back)
  const stormEach =
    servers.reduce((cpu, { pid }, i) => cpu + cpuOf(pid) - (stormCpu[i] ?? 0), 0) / (each * SERVERS)
  const upTo = await say(two, 'last')
  const told = await all('told', () => ({ upTo }))
  const joined = sum((one) => one.joined, opened)
  const whole = sum((one) => one.whole, told)
  const faults = sum((one) => one.faults, told)
  const tries = sum((one) => one.again, told)
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
      ours: `${rejoined} came back within ${stormSeconds.toFixed(1)} s (${stormEach.toFixed(0)} µs CPU each), ${whole} heard all ${upTo} in order; holes and repetitions: ${faults}; lines that had to be tried again: ${tries}`,
      peer: `all ${each * SERVERS}`,
      ratio: whole / (each * SERVERS),
      goal: '1, no fault',
      met: whole === each * SERVERS && faults === 0,
    },
  ]
}

async function clientProcesses(count: number) {
  const clients: Target[] = []
  for (let i = 0; i < count; i++) clients.push(await target('clients.ts'))
  return {
    clients,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]()
    },
  }
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
