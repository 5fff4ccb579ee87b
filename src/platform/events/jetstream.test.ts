import { randomBytes } from 'node:crypto'
import { createServer, connect as dial, type Socket } from 'node:net'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { testDatabase } from '../../../test/kit/database.ts'
import { eventually } from '../../../test/kit/eventually.ts'
import { systemClock } from '../../kernel/clock.ts'
import { channel, event } from '../../kernel/event.ts'
import { createIds } from '../../kernel/ids.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Database } from '../database/database.ts'
import { openJetStreamEvents } from './jetstream.ts'

const sung = event('test.sung', 1, z.object({ n: z.number(), words: z.string().optional() }))
const noise = channel('test.noise', z.object({ n: z.number() }))

interface Line {
  readonly url: string
  /** Breaks the line and keeps it broken until it is mended. */
  cut(): void
  mend(): void
  close(): void
}

/** A line to the server that can be cut. */
async function lineTo(target: string): Promise<Line> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let whole = true
  const server = createServer((near) => {
    if (!whole) return near.destroy()
    const far = dial(Number(port), hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const cut = () => {
    whole = false
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `nats://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    cut,
    mend() {
      whole = true
    },
    close() {
      cut()
      server.close()
    },
  }
}

const sorted = (words: readonly string[]) => [...words].sort((a, b) => a.localeCompare(b))

const url = process.env.TEST_NATS_URL ?? ''
const open = (database: Database, server: string, space: string) =>
  openJetStreamEvents({
    database,
    clock: systemClock,
    ids: createIds(systemClock),
    logger: pino({ level: 'silent' }),
    url: new Secret(server),
    space,
  })

describe.skipIf(!url)('JetStream (TEST_NATS_URL)', { timeout: 60_000 }, () => {
  async function spaced(work: (space: string) => Promise<void>): Promise<void> {
    const space = `line_${randomBytes(6).toString('hex')}`
    try {
      await work(space)
    } finally {
      const nats = await connect({ servers: url })
      await (await jetstreamManager(nats)).streams.delete(`${space}_events`)
      await nats.close()
    }
  }

  test('what is forgotten is erased from the stream too, once everybody has taken it in', () =>
    spaced(async (space) => {
      await using database = await testDatabase()
      const events = await open(database, url, space)
      const heard: number[] = []
      events.consume({
        name: 'test.hears',
        db: database.kysely,
        types: [sung],
        handle: async ({ data }) => void heard.push(data.n),
      })
      await events.start()
      const nats = await connect({ servers: url })
      try {
        const manager = await jetstreamManager(nats)
        const stream = `${space}_events`
        const kept = async () => {
          const found: string[] = []
          for (let seq = 1; seq <= 2; seq++) {
            const message = await manager.streams.getMessage(stream, { seq }).catch(() => null)
            found.push(message ? new TextDecoder().decode(message.data) : '')
          }
          return found.join()
        }
        // Somebody who is slow: what they have not taken in yet stays.
        await manager.consumers.add(stream, { durable_name: 'slow', ack_policy: 'explicit' })
        await database.kysely.transaction().execute(async (tx) => {
          for (const words of ['msg_1 a secret', 'msg_2 the rest'])
            await events.append(tx, { type: sung, principal: null, data: { n: 1, words } })
        })
        await eventually(() => expect(heard).toHaveLength(2), 20_000)
        const forget = () => events.forget('msg_1', [])
        await eventually(async () => {
          expect(await forget()).toBe(false)
          const { rows } = await sql<{ data: object }>`select data from events.outbox order by id`.execute(
            database.kysely,
          )
          expect(rows[0]?.data).toEqual({})
        }, 20_000)
        expect(await kept()).toContain('a secret')
        await manager.consumers.delete(stream, 'slow')
        await eventually(async () => expect(await forget()).toBe(true), 20_000)
        expect(await kept()).not.toContain('a secret')
        expect(await kept()).toContain('the rest')
      } finally {
        await nats.close()
        await events.stop()
      }
    }))

  test('while NATS is away events wait in the outbox; then all arrive, once', () =>
    spaced(async (space) => {
      await using database = await testDatabase()
      const line = await lineTo(url)
      const events = await open(database, line.url, space)
      const heard: number[] = []
      events.consume({
        name: 'test.away',
        db: database.kysely,
        types: [sung],
        handle: async ({ data }) => void heard.push(data.n),
      })
      await events.start()
      const sing = (n: number) =>
        database.kysely
          .transaction()
          .execute((tx) => events.append(tx, { type: sung, principal: null, data: { n } }))
      await sing(0)
      await eventually(() => expect(heard).toEqual([0]), 20_000)
      line.cut()
      for (let n = 1; n <= 20; n++) await sing(n)
      events.broadcast(noise, { n: 1 })
      expect((await events.state()).outbox).toBe(20)
      line.mend()
      await eventually(() => expect(heard).toHaveLength(21), 30_000)
      expect(heard).toEqual(Array.from({ length: 21 }, (_, i) => i))
      expect((await events.state()).outbox).toBe(0)
      await events.stop()
      line.close()
    }))

  test('what one process says another hears, each once; events past the size of a message arrive too', () =>
    spaced(async (space) => {
      await using here = await testDatabase()
      await using there = await testDatabase()
      const a = await open(here, url, space)
      const b = await open(there, url, space)
      const heard: string[] = []
      a.listen(noise, ({ n }) => heard.push(`a${n}`))
      b.listen(noise, ({ n }) => heard.push(`b${n}`))
      const words = 'дуже довго '.repeat(100_000)
      let arrived: string | undefined
      b.consume({
        name: 'test.there',
        db: there.kysely,
        types: [sung],
        async handle({ data }, job) {
          await job.commit(async (tx) => {
            await sql`select 1`.execute(tx)
            arrived = data.words
          })
        },
      })
      await a.start()
      await b.start()
      a.broadcast(noise, { n: 1 })
      await eventually(() => expect(sorted(heard)).toEqual(['a1', 'b1']), 20_000)
      b.broadcast(noise, { n: 2 })
      await eventually(() => expect(sorted(heard)).toEqual(['a1', 'a2', 'b1', 'b2']), 20_000)
      await here.kysely
        .transaction()
        .execute((tx) => a.append(tx, { type: sung, principal: null, data: { n: 1, words } }))
      await eventually(() => expect(arrived?.length).toBe(words.length), 20_000)
      // Each keeps its own: here the outbox, there the delivery.
      expect(await a.state()).toEqual({ outbox: 0, pending: 0, dead: 0 })
      await Promise.all([a.stop(), b.stop()])
    }))

  test('a server that is not there is said', async () => {
    await using database = await testDatabase()
    const line = await lineTo(url)
    line.close()
    await expect(open(database, line.url, 'none')).rejects.toMatchObject({ code: 'events.transport_down' })
  })
})
