import { randomUUID } from 'node:crypto'
import { temporaryFolder } from '../test/kit/city.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { type Listener, listen } from './listeners.ts'
import { builtTarget, cpuOf, median, type Row, type Slice, type Target } from './measure.ts'

const SATURATED = { sockets: 100, rounds: 3, ms: 2_000 }
/** Messages of one publisher that are under way at a time. */
const WINDOW = 2
const PACED = { sockets: 1_000, rounds: 3, ms: 3_000, everyMs: 50 }
const LATE_MS = 30_000
/** Sockets that open at a time. */
const TOGETHER = 50
const TEXT = 'Воду вимкнуть у суботу з 9:00 до 13:00, запасіться нею на день.'

/** Messages that are stored in PostgreSQL (synchronous commit), numbered, then heard by many sockets: the whole city service, beside a loop over `ws` that stores nothing, by turns. A hundred sockets that all speak, as fast as it goes; then a thousand that hear twenty messages a second, and how long each takes. Needs `TEST_DATABASE_URL`. */
export async function storedFanout(): Promise<readonly Row[]> {
  const { TEST_DATABASE_URL: admin } = process.env
  if (!admin) {
    console.log('left out: stored-fanout, because TEST_DATABASE_URL is not set')
    return []
  }
  await using database = await scratchPostgres(admin)
  using folder = temporaryFolder()
  await using ours = await builtTarget('city.ts', database.url.reveal(), folder.path)
  await using bare = await builtTarget('live.ts', 'ws')
  const open = async (sockets: number) =>
    [await gather(ours, sockets, '/api/city/live'), await gather(bare, sockets)] as const
  return [await saturated(await open(SATURATED.sockets)), await paced(await open(PACED.sockets))]
}

type Pair = readonly [Crowd, Crowd]

async function saturated(crowds: Pair): Promise<Row> {
  const [ours, bare] = await byTurns(crowds, SATURATED.rounds, (crowd) => crowd.saturate())
  const ratio = median(ours.map(({ perSecond }, i) => perSecond / (bare[i]?.perSecond ?? Number.NaN)))
  const show = (of: readonly Slice[]) =>
    `${median(of.map((s) => s.perSecond)).toFixed(0)} messages/s, ${median(of.map((s) => s.cpuMicroseconds)).toFixed(0)} µs CPU each`
  return {
    what: `stored, then broadcast to ${SATURATED.sockets} sockets, saturated`,
    ours: show(ours),
    peer: `a loop over ws that stores nothing: ${show(bare)}`,
    ratio,
    goal: '≥ 5',
    met: ratio >= 5,
  }
}

async function paced(crowds: Pair): Promise<Row> {
  const [ours, bare] = await byTurns(crowds, PACED.rounds, (crowd) => crowd.pace())
  const ratio = median(ours.map(({ p99 }, i) => p99 / (bare[i]?.p99 ?? Number.NaN)))
  const show = (of: readonly Lateness[]) =>
    `p50 ${median(of.map((s) => s.p50)).toFixed(1)} ms, p99 ${median(of.map((s) => s.p99)).toFixed(1)} ms, ${median(of.map((s) => s.cpuMicroseconds)).toFixed(0)} µs CPU each`
  return {
    what: `stored, then heard by ${PACED.sockets} sockets, ${1000 / PACED.everyMs} a second`,
    ours: show(ours),
    peer: `a loop over ws that stores nothing: ${show(bare)}`,
    ratio,
    goal: '≤ 1.3',
    met: ratio <= 1.3,
  }
}

async function byTurns<T>(
  crowds: Pair,
  rounds: number,
  turn: (crowd: Crowd) => Promise<T>,
): Promise<readonly [T[], T[]]> {
  const told: [T[], T[]] = [[], []]
  // The first round warms up.
  for (let round = 0; round <= rounds; round++)
    for (const [i, crowd] of crowds.entries()) {
      const one = await turn(crowd)
      if (round > 0) told[i]?.push(one)
    }
  for (const crowd of crowds) crowd.close()
  return told
}

interface Lateness {
  readonly p50: number
  readonly p99: number
  readonly cpuMicroseconds: number
}

interface Crowd {
  /** Everybody says the next as soon as all have been heard that they said before; until every message was heard by all. */
  saturate(): Promise<Slice>
  /** One says something at a steady pace; a time for each message and socket. */
  pace(): Promise<Lateness>
  close(): void
}

/** Many who follow one room, and all count what they hear. Without a path it is a server that everybody follows who comes in. */
async function gather(at: Target, sockets: number, path?: string): Promise<Crowd> {
  const crowd = randomUUID()
  const people: Listener[] = []
  const heard = new Uint32Array(sockets)
  const mine = new Uint32Array(sockets)
  let sent = 0
  /** Sockets that have heard everything so far. */
  let complete = 0
  let isOpen = false
  let wake = () => {}
  let times: { sentAt: number[]; since: number; took: number[] } | undefined

  const say = (i: number): void => {
    sent++
    complete = 0
    mine[i] = (mine[i] ?? 0) + 1
    people[i]?.say({ type: 'send', room: 'square', clientId: `${crowd} ${sent}`, text: TEXT })
  }
  const told = (i: number): void => {
    const count = (heard[i] ?? 0) + 1
    heard[i] = count
    if (times) times.took.push(performance.now() - (times.sentAt[count - times.since - 1] ?? Number.NaN))
    if (count === sent && ++complete === sockets) wake()
    // As many as everybody has heard of each: nobody runs ahead.
    if (isOpen && (mine[i] ?? 0) < start + Math.floor((count - base) / sockets) + WINDOW) say(i)
  }
  let start = 0
  let base = 0
  const enter = (i: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const hear = frameReader((letter) => {
        if (letter === MESSAGE) told(i)
        else if (letter === SUBSCRIBED) resolve()
      })
      const headers = { authorization: `Bearer p_${i}` }
      listen({ url: at.url, path: path ?? '/', headers, heard: hear }).then((one) => {
        people[i] = one
        if (path === undefined) resolve()
        else one.say({ type: 'subscribe', room: 'square' })
      }, reject)
    })
  for (let i = 0; i < sockets; i += TOGETHER)
    await Promise.all(Array.from({ length: Math.min(TOGETHER, sockets - i) }, (_, n) => enter(i + n)))
  const all = async (): Promise<void> => {
    const late = performance.now() + LATE_MS
    while (heard.some((count) => count < sent)) {
      if (performance.now() > late) throw new Error(`${sent - Math.min(...heard)} messages never came`)
      await new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, 50)
      })
    }
  }
  const measured = async (work: () => Promise<void>): Promise<Slice> => {
    const started = performance.now()
    const cpu = cpuOf(at.pid)
    const before = sent
    await work()
    await all()
    const messages = sent - before
    return {
      perSecond: messages / ((performance.now() - started) / 1000),
      cpuMicroseconds: (cpuOf(at.pid) - cpu) / messages,
    }
  }
  return {
    close: () => {
      for (const one of people) one.close()
    },
    saturate: () =>
      measured(async () => {
        start = mine[0] ?? 0
        mine.fill(start)
        base = heard[0] ?? 0
        isOpen = true
        for (let n = 0; n < WINDOW; n++) for (let i = 0; i < sockets; i++) say(i)
        await new Promise((resolve) => setTimeout(resolve, SATURATED.ms))
        isOpen = false
      }),
    async pace() {
      const sentAt: number[] = []
      const took: number[] = []
      times = { sentAt, since: heard[0] ?? 0, took }
      const { cpuMicroseconds } = await measured(async () => {
        const started = performance.now()
        for (let n = 0; n * PACED.everyMs < PACED.ms; n++) {
          const due = started + n * PACED.everyMs - performance.now()
          if (due > 0) await new Promise((resolve) => setTimeout(resolve, due))
          sentAt.push(performance.now())
          say(0)
        }
      })
      times = undefined
      took.sort((a, b) => a - b)
      const at = (share: number) => took[Math.floor(took.length * share)] ?? Number.NaN
      return { p50: at(0.5), p99: at(0.99), cpuMicroseconds }
    },
  }
}

/** Where the first letter of a frame's type stands, after `{"type":"`. No other frame here begins as these do. */
const TYPE_AT = 9
const MESSAGE = 'm'.charCodeAt(0)
const SUBSCRIBED = 's'.charCodeAt(0)

/** Calls with the first letter of the type of each frame in a server's stream, wherever that is cut. */
function frameReader(read: (letter: number | undefined) => void): (chunk: Buffer) => void {
  let rest: Buffer | undefined
  return (chunk) => {
    const bytes = rest ? Buffer.concat([rest, chunk]) : chunk
    let at = 0
    while (bytes.length - at >= 4) {
      const short = (bytes[at + 1] ?? 0) & 127
      const head = short < 126 ? 2 : 4
      const size = short < 126 ? short : bytes.readUInt16BE(at + 2)
      if (bytes.length - at < head + size) break
      read(bytes[at + head + TYPE_AT])
      at += head + size
    }
    rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined
  }
}
