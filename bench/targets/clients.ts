// Many clients of the live socket in one process, each a resident of its own who follows the square and says that they are here. `warm` opens some and closes them, `open` opens them, `storm` breaks every line at once and comes back to each room from where it was, `told` says what they heard; each answers when it is done, or when its time is up.
import { type Listener, listen, masked } from '../listeners.ts'

type Said = { readonly withinMs: number } & (
  | {
      readonly do: 'warm' | 'open'
      readonly url: string
      readonly from: string
      readonly first: number
      readonly count: number
    }
  | { readonly do: 'storm' }
  | { readonly do: 'told'; readonly upTo: number }
)

interface Client {
  line: Listener | undefined
  /** The last number heard, each after the one before; a hole or a repetition is counted. */
  seq: number
  joined: boolean
  rest: Buffer
}

/** Lines that are being opened at the same time. */
const AT_ONCE = 100
/** Each says so often that it is still here. */
const REPORT_MS = 50_000
/** Before a line that was refused, or not open in time, is tried again. */
const AGAIN_MS = 500
const NOTHING = Buffer.alloc(0)
const HERE = masked({ type: 'presence', state: 'here', room: 'square' })
const PING = 0x89
/** A client's, with a mask of zeros. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const clients: Client[] = []
let faults = 0
let again = 0
/** When what was asked has to be answered. */
let until = 0
let at: Extract<Said, { do: 'warm' | 'open' }> | undefined

async function openAll(): Promise<void> {
  let next = 0
  const work = async () => {
    for (let i = next++; i < clients.length && Date.now() < until; i = next++) await comeBack(i)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

async function comeBack(i: number): Promise<void> {
  for (; !(await openOne(i)) && Date.now() < until; again++)
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
}

/** Answers whether the line is open. One that breaks by itself later is opened again, as every client does. */
async function openOne(i: number): Promise<boolean> {
  const client = clients[i]
  if (!client || !at) return true
  client.rest = NOTHING
  client.joined = false
  let line: Listener | undefined
  line = await listen({
    url: at.url,
    path: '/api/city/live',
    headers: { authorization: `Bearer p_${at.first + i}` },
    from: at.from,
    heard: (chunk) => hear(client, chunk),
    closed: () => {
      if (line === undefined || client.line !== line) return
      again++
      void comeBack(i)
    },
  }).catch(() => undefined)
  if (!line) return false
  client.line = line
  line.say({ type: 'subscribe', rooms: [{ room: 'square', after: client.seq }] })
  line.raw(HERE)
  return true
}

/** Everybody's report is due once in the same time, some at each moment. */
function report(): void {
  const turns = REPORT_MS / 1000
  let turn = 0
  setInterval(() => {
    turn = (turn + 1) % turns
    for (let i = turn; i < clients.length; i += turns) if (clients[i]?.joined) clients[i]?.line?.raw(HERE)
  }, 1000).unref()
}

function hear(client: Client, chunk: Buffer): void {
  let bytes = client.rest.length > 0 ? Buffer.concat([client.rest, chunk]) : chunk
  for (;;) {
    if (bytes.length < 2) break
    const short = (bytes[1] ?? 0) & 127
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < head) break
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6)
    if (bytes.length < head + size) break
    if (bytes[0] === 0x81) read(client, bytes.toString('latin1', head, Math.min(head + size, head + 120)))
    if (bytes[0] === PING) client.line?.raw(PONG)
    bytes = bytes.subarray(head + size)
  }
  client.rest = bytes.length > 0 ? Buffer.from(bytes) : NOTHING
}

/** The beginning of a frame says all that is asked here. */
function read(client: Client, text: string): void {
  const [, type, seq] = /^\{"type":"(\w+)"(?:,"room":"[^"]*","seq":(\d+))?/.exec(text) ?? []
  if (type === 'subscribed') client.joined = true
  if (type === 'error') faults++
  if (type !== 'message' && type !== 'runs' && type !== 'part') return
  if (Number(seq) !== client.seq + 1) faults++
  client.seq = Number(seq)
}

async function wait(test: () => boolean): Promise<void> {
  while (!test() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Lines that are closed from here are not opened again by themselves. */
function closeAll(): void {
  for (const client of clients) {
    const { line } = client
    client.line = undefined
    line?.close()
  }
}

async function act(said: Said): Promise<void> {
  until = Date.now() + said.withinMs
  if (said.do === 'warm' || said.do === 'open') {
    at = said
    for (let i = 0; i < said.count; i++)
      clients.push({ line: undefined, seq: 0, joined: false, rest: NOTHING })
    await openAll()
  }
  if (said.do === 'storm') {
    closeAll()
    await openAll()
  }
  if (said.do === 'told') await wait(() => clients.every(({ seq }) => seq >= said.upTo))
  else await wait(() => clients.every(({ joined }) => joined))
  if (said.do === 'warm') {
    closeAll()
    clients.length = 0
  }
  process.send?.({
    joined: clients.filter(({ joined }) => joined).length,
    whole: clients.filter(({ seq }) => said.do !== 'told' || seq === said.upTo).length,
    faults,
    again,
  })
}

process.on(
  'message',
  (said: Said) =>
    void act(said).catch((failure) => {
      console.error(failure)
      process.exit(1)
    }),
)
process.on('disconnect', () => process.exit())
report()
console.log('ready')
