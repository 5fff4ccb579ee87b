// One room that everybody follows: what a client says gets the room's next number and goes to all of them. `ours` by our live route and feeds: identity before the upgrade, frames judged, numbers without a gap, slow readers closed. `ws` by a loop over the sockets of `ws` alone.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { systemClock } from '../../src/kernel/clock.ts'
import { createHttp } from '../../src/platform/http/http.ts'
import { liveRoute } from '../../src/platform/live/live.ts'
import { type Frame, frame } from '../../src/platform/live/wire.ts'
import { createLogger } from '../../src/platform/logger.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { createFeeds, type Follower } from '../../src/services/city/live/feeds.ts'
import { understand } from '../../src/services/city/messages/understand.ts'
import { messageFrame } from './message-frame.ts'

const ROOM = 'room_01jd7k00000000000000000000'
const principal = { id: 'person_1', kind: 'person', name: 'Ада', role: 'resident' } as const

async function ours(): Promise<string> {
  const log: { seq: number; frame: Frame }[] = []
  const feeds = createFeeds(
    {
      seqs: async () => new Map([[ROOM, log.length]]),
      read: async (_, { after, upto }) => log.slice(after, upto),
    },
    systemClock,
    (failure) => console.error(failure),
  )
  const app = await createHttp({
    logger: createLogger('warn'),
    metrics: createMetrics(),
    publicUrl: 'http://127.0.0.1',
    trustProxy: false,
    maxUploadBytes: 1024,
  })
  liveRoute(app, '/live', {
    right: 'city.message.read',
    authenticate: async () => ({ principal, service: null, credential: null }),
    publicUrl: 'http://127.0.0.1',
    clock: systemClock,
    // Who publishes for a bench is no flood; pings would count among the bytes.
    limits: { burstFrames: 1e9, pingMs: 3_600_000 },
    opened(connection) {
      const follower: Follower = connection
      return {
        hear(text) {
          const { said } = understand(text)
          if (said?.type === 'subscribe') void feeds.follow(ROOM, follower, said.after, () => undefined)
          if (said?.type !== 'send') return
          const seq = log.length + 1
          log.push({ seq, frame: frame(messageFrame(ROOM, seq, said.text)) })
          feeds.grew(ROOM, seq)
        },
        left: () => feeds.unfollow(ROOM, follower),
        checked: () => undefined,
      }
    },
  })
  return await app.listen({ port: 0, host: '127.0.0.1' })
}

function bare(): Promise<string> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  let seq = 0
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const said = JSON.parse(data.toString()) as { type: string; text: string }
      if (said.type !== 'send') return
      const text = JSON.stringify(messageFrame(ROOM, ++seq, said.text))
      for (const client of sockets.clients) client.send(text)
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve(`http://127.0.0.1:${address.port}`)
    })
  })
}

console.log(await (process.argv.includes('ws') ? bare() : ours()))
process.on('disconnect', () => process.exit())
