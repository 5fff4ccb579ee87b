import { Pool } from 'undici'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { askOften, requestBytes } from './asking.ts'
import { builtTarget, cpuOf, median, type Row, target } from './measure.ts'
import { litellm, nginx, portkey } from './peers.ts'

const ROUNDS = 3
const SLICE_MS = 1_500
const WARM_REQUESTS = 30_000
const WARM_MS = 15_000
const CONNECTIONS = 32
const STEADY_PER_SECOND = 300
const STEADY_MS = 2_000
const STREAMS = 300
const FRAMES = 12
const EVERY_MS = 60
const MILLION = 1_000_000
const AT_ONCE = 20

/** Whoever can be asked: ours, a peer, or the provider itself. */
interface Door {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly headers: Readonly<Record<string, string>>
}

/** The door to language models beside nginx, Portkey, LiteLLM and no door at all: throughput and CPU, what it adds at a steady rate, the first token among many streams, and a million frames. */
export async function proxy(): Promise<readonly Row[]> {
  await using provider = await target('provider.ts')
  const { TEST_DATABASE_URL } = process.env
  await using scratch = TEST_DATABASE_URL ? await scratchPostgres(TEST_DATABASE_URL) : null
  await using full = await builtTarget('proxy.ts', provider.url, '', scratch?.url.reveal() ?? '')
  await using bare = await builtTarget('proxy.ts', provider.url, 'bare')
  await using there = await portkey(provider.url)
  const plain = await nginx(provider.url)
  const slow = await litellm(provider.url)
  const key = { authorization: 'Bearer dk_bench' }
  const door = (name: string, at: { url: string; pid: number }): Door => ({
    name,
    url: at.url,
    pid: at.pid,
    headers: key,
  })
  const ours = door('ours', full)
  const doors: Record<string, Door> = {
    direct: door('direct', provider),
    ours,
    bare: door('bare', bare),
    portkey: { ...there, headers: { ...key, ...there.headers } },
    ...(plain && { nginx: { ...plain, headers: key } }),
  }
  const all = { ...doors, ...(slow && { litellm: slow }) }
  try {
    const rows = [...(await throughput(all)), ...(await steady(doors)), ...(await firstTokens(doors))]
    return [...rows, await million(ours)]
  } finally {
    await plain?.[Symbol.asyncDispose]()
    await slow?.[Symbol.asyncDispose]()
  }
}

const whole = JSON.stringify({
  model: 'm',
  messages: [{ role: 'user', content: 'слово '.repeat(80) }],
  max_tokens: 100,
})
const streamed = (frames: number, every: number) =>
  JSON.stringify({
    model: 'm',
    stream: true,
    user: `${frames} ${every}`,
    messages: [{ role: 'user', content: 'слово '.repeat(80) }],
  })

const open = ({ url }: Door, connections: number) => new Pool(url, { connections, pipelining: 1 })
const request = (headers: Door['headers'], body: string) =>
  ({
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  }) as const

/** Turns through all doors so many times; the first round warms up. */
async function rotated<T>(doors: Record<string, Door>, measure: (door: Door) => Promise<T>) {
  const found: Record<string, T[]> = {}
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, door] of Object.entries(doors)) {
      const one = await measure(door)
      const list = found[name] ?? []
      found[name] = list
      if (round > 0) list.push(one)
    }
  return (name: string): readonly T[] => found[name] ?? []
}

/** So many requests, or for so long; answers how many there were. */
const send = ({ url, headers }: Door, most: number, ms: number): Promise<number> =>
  askOften(url, requestBytes(url, '/v1/chat/completions', headers, whole), CONNECTIONS, most, ms)

async function throughput(doors: Record<string, Door>): Promise<Row[]> {
  const warm = new Set<string>()
  const of = await rotated(doors, async (door) => {
    // A server that has run for days is compiled; one that has answered a thousand is not.
    if (!warm.has(door.name)) await send(door, WARM_REQUESTS, WARM_MS)
    warm.add(door.name)
    const cpu = cpuOf(door.pid)
    const began = performance.now()
    const done = await send(door, Number.POSITIVE_INFINITY, SLICE_MS)
    const perSecond = done / ((performance.now() - began) / 1000)
    const cpuMicroseconds = (cpuOf(door.pid) - cpu) / done
    return { perSecond, cpuMicroseconds }
  })
  const cpu = (name: string) => median(of(name).map((one) => one.cpuMicroseconds))
  // On one core a server gives what its CPU allows, whatever the machine does besides. nginx alone waits for whoever asks it: of it, what was answered.
  const ratio = (name: string, peer: string) =>
    median(
      of(name).map((one, i) => {
        const other = of(peer)[i]
        if (!other) return Number.NaN
        return peer === 'nginx'
          ? one.perSecond / other.perSecond
          : other.cpuMicroseconds / one.cpuMicroseconds
      }),
    )
  const show = (name: string) =>
    `${Math.round(median(of(name).map((one) => one.perSecond)))}/s, ${cpu(name).toFixed(1)} µs CPU`
  const row = (what: string, name: string, peer: string, least: number): Row => ({
    what,
    ours: show(name),
    peer: `${peer}: ${show(peer)}`,
    ratio: ratio(name, peer),
    goal: `≥ ${least}`,
    met: ratio(name, peer) >= least,
  })
  return [
    {
      what: 'LLM request, all on: CPU',
      ours: show('ours'),
      peer: `direct: ${show('direct')}`,
      ratio: cpu('ours'),
      goal: '≤ 55 µs',
      met: cpu('ours') <= 55,
    },
    row('LLM throughput on one core, all on', 'ours', 'portkey', 19),
    row('LLM throughput on one core, bare', 'bare', 'portkey', 22),
    ...(doors.litellm ? [row('LLM throughput on one core, all on', 'ours', 'litellm', 19)] : []),
    ...(doors.nginx
      ? [
          row('LLM throughput on one core, all on', 'ours', 'nginx', 0.5),
          row('LLM throughput on one core, bare', 'bare', 'nginx', 0.6),
        ]
      : []),
  ]
}

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

async function steady(doors: Record<string, Door>): Promise<Row[]> {
  const of = await rotated(doors, async (door) => {
    const pool = open(door, 64)
    const times: number[] = []
    const asked: Promise<void>[] = []
    const began = performance.now()
    const total = (STEADY_PER_SECOND * STEADY_MS) / 1000
    while (asked.length < total) {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * STEADY_PER_SECOND) + 1)
      while (asked.length < due) {
        const from = performance.now()
        asked.push(
          pool.request(request(door.headers, whole)).then(async ({ body }) => {
            await body.dump()
            times.push(performance.now() - from)
          }),
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await Promise.all(asked)
    await pool.close()
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
  })
  const added = (name: string, at: 'p50' | 'p99') =>
    median(of(name).map((one, i) => Math.max(0.001, one[at] - (of('direct')[i]?.[at] ?? 0))))
  const row = (at: 'p50' | 'p99', peer: string, most: number, goal: string): Row => {
    const ratio = added('ours', at) / added(peer, at)
    return {
      what: `LLM added ${at} at ${STEADY_PER_SECOND}/s`,
      ours: `${added('ours', at).toFixed(3)} ms`,
      peer: `${peer}: ${added(peer, at).toFixed(3)} ms`,
      ratio,
      goal,
      met: ratio <= most,
    }
  }
  return [
    row('p50', 'portkey', 1 / 6, '≤ 1/6'),
    row('p99', 'portkey', 1 / 20, '≤ 1/20'),
    ...(doors.nginx ? [row('p50', 'nginx', 1.6, '≤ 1.6')] : []),
  ]
}

async function firstTokens(doors: Record<string, Door>): Promise<Row[]> {
  const { direct, ours, portkey: peer } = doors
  if (!direct || !ours || !peer) return []
  const of = await rotated({ direct, ours, portkey: peer }, async (door) => {
    const pool = new Pool(door.url, { connections: null, pipelining: 1 })
    const firsts: number[] = []
    const one = async () => {
      const from = performance.now()
      const { body } = await pool.request(request(door.headers, streamed(FRAMES, EVERY_MS)))
      let first = true
      for await (const _ of body) {
        if (first) firsts.push(performance.now() - from)
        first = false
      }
    }
    const all: Promise<void>[] = []
    // They come one by one, as people do, until all are live.
    for (let i = 0; i < STREAMS; i++) {
      all.push(one())
      if (i % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 4))
    }
    await Promise.all(all)
    await pool.close()
    return quantile(firsts, 0.5)
  })
  const added = (name: string) =>
    median(of(name).map((one, i) => Math.max(0.01, one - (of('direct')[i] ?? 0))))
  const ratio = added('ours') / added('portkey')
  return [
    {
      what: `LLM first token added, ${STREAMS} streams`,
      ours: `${added('ours').toFixed(2)} ms`,
      peer: `portkey: ${added('portkey').toFixed(2)} ms`,
      ratio,
      goal: '≤ 1/22',
      met: ratio <= 1 / 22,
    },
  ]
}

/** Every frame of a million comes once, and in its order. */
async function million(door: Door): Promise<Row> {
  const pool = open(door, AT_ONCE)
  const each = MILLION / AT_ONCE
  let good = 0
  let wrong = 0
  const began = performance.now()
  const one = async () => {
    const { body } = await pool.request(request(door.headers, streamed(each, 0)))
    let rest = ''
    let next = 0
    for await (const part of body) {
      const lines = (rest + part).split('\n\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const said = /"content":" (\d+)"/.exec(line)
        if (!said) continue
        if (Number(said[1]) === next) good++
        else wrong++
        next++
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  await pool.close()
  return {
    what: 'LLM frames, none lost or reordered',
    ours: `${good} in order, ${wrong} not, ${((performance.now() - began) / 1000).toFixed(1)} s`,
    peer: `${MILLION} sent`,
    ratio: good / MILLION,
    goal: '= 1',
    met: good === MILLION && wrong === 0,
  }
}
