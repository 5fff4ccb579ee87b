import { frame } from '../src/platform/live/wire.ts'
import { type Listener, listen, masked } from './listeners.ts'
import { builtTarget, cpuOf, median, type Row, type Target } from './measure.ts'
import { messageFrame } from './targets/message-frame.ts'

const SOCKETS = 1_000
const ROUNDS = 6
const SLICE_MS = 1_200
const BURST = 8
const TEXT = 'Воду вимкнуть у суботу з 9:00 до 13:00, запасіться нею на день.'
/** Made before: what is said at once is said at once. */
const SEND = masked({ type: 'send', room: 'r', clientId: 'c-1', text: TEXT })

interface Slice {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

/** One message to a thousand sockets, one at a time and eight at a time: our route and feeds beside a loop over the sockets of `ws`, by turns. Every byte of every frame is waited for. */
export async function fanout(): Promise<readonly Row[]> {
  await using ours = await builtTarget('live.ts')
  await using bare = await builtTarget('live.ts', 'ws')
  const rooms = [await open(ours, '/live'), await open(bare, '/')] as const
  const slices = { one: [[], []] as [Slice[], Slice[]], burst: [[], []] as [Slice[], Slice[]] }
  for (let round = 0; round <= ROUNDS; round++)
    for (const [i, room] of rooms.entries()) {
      const one = await room.run(1)
      const burst = await room.run(BURST)
      // The first round warms up.
      if (round === 0) continue
      slices.one[i]?.push(one)
      slices.burst[i]?.push(burst)
    }
  for (const room of rooms) room.close()
  return [
    row(`one message to ${SOCKETS} sockets`, slices.one, 1.2),
    row(`${BURST} messages at once to ${SOCKETS} sockets`, slices.burst, 7.5),
  ]
}

async function open(at: Target, path: string) {
  const size = frame(messageFrame('room_01jd7k00000000000000000000', 1, TEXT)).length
  let got = 0
  let wanted = 0
  let done = () => {}
  const heard = (chunk: Buffer) => {
    got += chunk.length
    if (got >= wanted) done()
  }
  const followers: Listener[] = []
  for (let i = 0; i < SOCKETS; i++) {
    const one = await listen({ url: at.url, path, headers: { authorization: 'Bearer bench' }, heard })
    one.say({ type: 'subscribe', room: 'r', after: 0 })
    followers.push(one)
  }
  const publishers = followers.slice(0, BURST)
  return {
    close: () => {
      for (const one of followers) one.close()
    },
    async run(together: number): Promise<Slice> {
      const started = performance.now()
      const cpu = cpuOf(at.pid)
      let messages = 0
      while (performance.now() - started < SLICE_MS) {
        got = 0
        wanted = together * SOCKETS * size
        const all = new Promise<void>((resolve) => {
          done = resolve
        })
        for (const publisher of publishers.slice(0, together)) publisher.raw(SEND)
        await all
        if (got !== wanted) throw new Error(`${got} bytes came instead of ${wanted}`)
        messages += together
      }
      const deliveries = messages * SOCKETS
      return {
        perSecond: deliveries / ((performance.now() - started) / 1000),
        cpuMicroseconds: (cpuOf(at.pid) - cpu) / deliveries,
      }
    },
  }
}

function row(what: string, [ours, bare]: readonly [readonly Slice[], readonly Slice[]], goal: number): Row {
  const ratio = median(ours.map(({ perSecond }, i) => perSecond / (bare[i]?.perSecond ?? Number.NaN)))
  const show = (slices: readonly Slice[]) =>
    `${Math.round(median(slices.map((s) => s.perSecond)) / 1000)} k/s, ${median(slices.map((s) => s.cpuMicroseconds)).toFixed(2)} µs CPU`
  return {
    what,
    ours: show(ours),
    peer: `a loop over ws: ${show(bare)}`,
    ratio,
    goal: `≥ ${goal}`,
    met: ratio >= goal,
  }
}
