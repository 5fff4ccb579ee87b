import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { handClock } from '../../../../test/kit/clock.ts'
import { testDatabase } from '../../../../test/kit/database.ts'
import { canRunServers, type OwnServer, ownNats, ownRedis } from '../../../../test/kit/servers.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { channel } from '../../../kernel/event.ts'
import { createIds } from '../../../kernel/ids.ts'
import { Secret } from '../../../kernel/secret.ts'
import type { Database } from '../../../platform/database/database.ts'
import { openJetStreamEvents } from '../../../platform/events/jetstream.ts'
import { redisKv } from '../../../platform/kv/redis.ts'
import { createPresence, type Reporter, type Shown } from './presence.ts'

const HERE: Shown = { state: 'here', room: null }
/** Comes after all that was broadcast before it. */
const wave = channel('test.wave', z.object({ id: z.string() }))

describe.skipIf(!canRunServers)('presence while Redis and NATS die and come back', () => {
  let redis: OwnServer
  let nats: OwnServer
  let database: Database
  /** Whether what one process broadcasts reaches the others. */
  let isLine = true
  let waves = 0
  const closers: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    redis = await ownRedis()
    nats = await ownNats()
    database = await testDatabase()
  })
  afterAll(async () => {
    for (const close of closers.reverse()) await close()
    await database?.[Symbol.asyncDispose]()
    await redis?.[Symbol.asyncDispose]()
    await nats?.[Symbol.asyncDispose]()
  })

  /** One process of the city, with a clock of its own and its own lines to both servers. */
  async function process() {
    const needs = {
      database,
      clock: systemClock,
      ids: createIds(systemClock),
      logger: pino({ level: 'silent' }),
    }
    const events = await openJetStreamEvents({ ...needs, url: new Secret(nats.url) })
    await events.start()
    const kv = await redisKv(new Secret(redis.url))
    const clock = handClock()
    const presence = createPresence({ kv, events, clock, ids: needs.ids, failed: () => undefined })
    const stopping = new AbortController()
    const running = presence.run(stopping.signal)
    closers.push(async () => {
      stopping.abort()
      await running
      await events.stop()
      await kv[Symbol.asyncDispose]()
    })
    const clients = new Map<string, Reporter>()
    const heard = new Set<string>()
    events.listen(wave, ({ id }) => heard.add(id))
    return {
      presence,
      clock,
      wave: (id: string) => events.broadcast(wave, { id }),
      sees: (id: string) => heard.delete(id),
      come(person: string) {
        const client = { person, shown: null, heardAt: 0, next: null }
        clients.set(person, client)
        presence.report(client, HERE)
      },
      go(person: string) {
        const client = clients.get(person)
        if (client) presence.leave(client)
        clients.delete(person)
      },
      /** As each of its clients does once a minute. */
      report() {
        for (const client of clients.values()) presence.report(client, HERE)
      },
    }
  }
  type Process = Awaited<ReturnType<typeof process>>

  /** Turns the clocks a second at a time; in between what goes over the wire has its own time, and arrives where there is a line. */
  async function pass(seconds: number, ...running: readonly Process[]) {
    for (let i = 0; i < seconds; i++)
      for (const { clock, report, wave } of running) {
        if (i % 30 === 0) report()
        await until(() => clock.sleepers > 0)
        await clock.advance(1_000)
        if (!isLine) continue
        const id = `wave_${waves++}`
        wave(id)
        for (const { sees } of running) await until(() => sees(id))
      }
  }
  async function until(so: () => boolean, between: () => Promise<unknown> = async () => undefined) {
    for (const end = Date.now() + 20_000; !so(); ) {
      if (Date.now() > end) throw new Error(`it did not come about: ${so}`)
      await between()
      await new Promise((done) => setTimeout(done, 5))
    }
  }
  const people = ({ presence }: Process) => [...presence.people.keys()].sort().join(' ')

  it('shows no ghost for longer than 90 s, and everybody again by itself', async () => {
    const [one, two] = [await process(), await process()]
    const both = () => pass(1, one, two)
    one.come('p_1')
    two.come('p_2')
    await until(() => people(one) === 'p_1 p_2' && people(two) === 'p_1 p_2', both)

    // Without Redis words go on: nobody is lost, and who comes is seen.
    await redis.kill()
    one.come('p_3')
    await until(() => people(two) === 'p_1 p_2 p_3', both)
    await pass(95, one, two)
    expect([people(one), people(two)]).toEqual(['p_1 p_2 p_3', 'p_1 p_2 p_3'])

    // Without either, each process knows its own people; the others' are gone within 90 s.
    await nats.kill()
    isLine = false
    one.go('p_1')
    await pass(90, one, two)
    expect([people(one), people(two)]).toEqual(['p_3', 'p_2'])

    // Redis alone, empty as it comes back, is enough.
    await redis.start()
    await until(() => people(one) === 'p_2 p_3' && people(two) === 'p_2 p_3', both)
    await nats.start()
    one.come('p_4')
    await until(() => people(two) === 'p_2 p_3 p_4', both)

    // A process that dies takes its people with it.
    await pass(90, two)
    expect(people(two)).toBe('p_2')
  })
})
