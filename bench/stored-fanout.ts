import { temporaryFolder } from '../test/kit/city.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { type Listener, listen } from './listeners.ts'
import { cpuOf, median, type Row, type Target, target } from './measure.ts'

const SOCKETS = 100
const PUBLISHERS = 100
/** Messages of one publisher that are under way at a time. */
const WINDOW = 2
const ROUNDS = 3
const SLICE_MS = 2_000
const LATE_MS = 30_000
const TEXT = 'Воду вимкнуть у суботу з 9:00 до 13:00, запасіться нею на день.'

interface Slice {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

/** Messages that are stored in PostgreSQL (synchronous commit), numbered, then heard by a hundred sockets: the whole city service, beside a loop over `ws` that stores nothing; both saturated, by turns. A message counts when the last of the hundred has it. Needs `TEST_DATABASE_URL`. */
export async function storedFanout(): Promise<readonly Row[]> {
  const { TEST_DATABASE_URL: admin } = process.env
  if (!admin) {
    console.log('left out: stored-fanout, because TEST_DATABASE_URL is not set')
    return []
  }
  await using database = await scratchPostgres(admin)
  using folder = temporaryFolder()
  await using ours = await target('city.ts', database.url.reveal(), folder.path)
  await using bare = await target('live.ts', 'ws')
  const rooms = [await open(ours, '/api/city/live'), await open(bare, '/')] as const
  const slices: [Slice[], Slice[]] = [[], []]
  for (let round = 0; round <= ROUNDS; round++)
    for (const [i, room] of rooms.entries()) {
      const slice = await room.run()
      // The first round warms up.
      if (round > 0) slices[i]?.push(slice)
    }
  for (const room of rooms) room.close()
  const ratio = median(
    slices[0].map(({ perSecond }, i) => perSecond / (slices[1][i]?.perSecond ?? Number.NaN)),
  )
  const show = (of: readonly Slice[]) =>
    `${median(of.map((s) => s.perSecond)).toFixed(0)} messages/s, ${median(of.map((s) => s.cpuMicroseconds)).toFixed(0)} µs CPU each`
  return [
    {
      what: `stored, then broadcast to ${SOCKETS} sockets`,
      ours: show(slices[0]),
      peer: `a loop over ws that stores nothing: ${show(slices[1])}`,
      ratio,
      goal: '≥ 5',
      met: ratio >= 5,
    },
  ]
}

async function open(at: Target, path: string) {
  let wake = () => {}
  let sent = 0
  const heard = new Array<number>(SOCKETS).fill(0)
  const followers: Listener[] = []
  for (let i = 0; i < SOCKETS; i++) {
    const count = messageCounter(() => {
      heard[i] = (heard[i] ?? 0) + 1
      if (heard[i] === sent) wake()
    })
    const one = await listen({ url: at.url, path, headers: { authorization: `Bearer p_${i}` }, heard: count })
    one.say({ type: 'subscribe', room: 'square', after: 0 })
    followers.push(one)
  }
  let said = 0
  const delivered = () => Math.min(...heard)
  return {
    close: () => {
      for (const one of followers) one.close()
    },
    async run(): Promise<Slice> {
      const started = performance.now()
      const cpu = cpuOf(at.pid)
      const before = delivered()
      while (performance.now() - started < SLICE_MS) {
        for (let n = 0; n < PUBLISHERS * WINDOW; n++) {
          sent++
          const publisher = followers[said++ % PUBLISHERS]
          publisher?.say({ type: 'send', room: 'square', clientId: `c-${said}`, text: TEXT })
        }
        // All of them have all of it: nothing is counted that is still on its way.
        while (delivered() < sent) {
          const late = setTimeout(
            () => process.emitWarning(`${sent - delivered()} messages are late`),
            LATE_MS,
          )
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          clearTimeout(late)
        }
      }
      const messages = delivered() - before
      return {
        perSecond: messages / ((performance.now() - started) / 1000),
        cpuMicroseconds: (cpuOf(at.pid) - cpu) / messages,
      }
    },
  }
}

const MESSAGE = Buffer.from('{"type":"message"')

/** Calls for each message that a stream of a server's frames holds, wherever it is cut. */
function messageCounter(count: () => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    for (;;) {
      if (bytes.length < 4) break
      const short = (bytes[1] ?? 0) & 127
      const head = short < 126 ? 2 : 4
      const size = short < 126 ? short : bytes.readUInt16BE(2)
      if (bytes.length < head + size) break
      if (bytes.subarray(head, head + MESSAGE.length).equals(MESSAGE)) count()
      bytes = bytes.subarray(head + size)
    }
    rest = bytes
  }
}
