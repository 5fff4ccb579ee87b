import { randomBytes } from 'node:crypto'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { testDatabase } from '../../../test/kit/database.ts'
import { eventually } from '../../../test/kit/eventually.ts'
import { lineTo } from '../../../test/kit/line.ts'
import { scratchPostgres } from '../../../test/kit/postgres.ts'
import { systemClock } from '../../kernel/clock.ts'
import { channel, event } from '../../kernel/event.ts'
import { createIds } from '../../kernel/ids.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Database } from '../database/database.ts'
import { migrateUp } from '../database/migrate.ts'
import { openPostgres } from '../database/postgres.ts'
import { lineLost, lineResumed } from './events.ts'
import { openJetStreamEvents } from './jetstream.ts'

const sung = event('test.sung', 1, z.object({ n: z.number(), words: z.string().optional() }))
const noise = channel('test.noise', z.object({ n: z.number() }))

const sorted = (words: readonly string[]) => [...words].sort((a, b) => a.localeCompare(b))

const url = process.env.TEST_NATS_URL ?? ''
const postgres = process.env.TEST_DATABASE_URL ?? ''
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

  test.skipIf(!postgres)(
    'what must reach everybody reaches them from a process that is cut off, heard once',
    () =>
      spaced(async (space) => {
        await using scratch = await scratchPostgres(postgres)
        await using here = await openPostgres({ url: scratch.url })
        await using there = await openPostgres({ url: scratch.url })
        await migrateUp(here)
        const line = await lineTo(url)
        const cutOff = await open(here, line.url, space)
        const whole = await open(there, url, space)
        const heard: string[] = []
        whole.listen(noise, ({ n }) => heard.push(`${n}`))
        whole.listen(lineLost, () => heard.push('lost'))
        whole.listen(lineResumed, () => heard.push('resumed'))
        cutOff.listen(noise, ({ n }) => heard.push(`cut off: ${n}`))
        await whole.start()
        await cutOff.start()

        cutOff.announce(noise, { n: 1 })
        await eventually(() => expect(heard).toContain('1'), 30_000)
        line.cut()
        await eventually(() => expect(heard).toContain('lost'), 30_000)
        cutOff.broadcast(noise, { n: 2 })
        cutOff.announce(noise, { n: 3 })
        whole.announce(noise, { n: 4 })
        await eventually(() => expect(heard).toEqual(expect.arrayContaining(['3', 'cut off: 4'])), 30_000)
        line.mend()
        await eventually(() => expect(heard.at(-1)).toBe('resumed'), 30_000)
        const known = [
          '1',
          '3',
          '4',
          'cut off: 1',
          'cut off: 2',
          'cut off: 3',
          'cut off: 4',
          'lost',
          'resumed',
        ]
        expect(sorted(heard)).toEqual(known)

        // Cut off, and then not there any more: it is not waited for.
        line.cut()
        await eventually(() => expect(heard.at(-1)).toBe('lost'), 30_000)
        await cutOff.stop()
        await eventually(() => expect(heard.at(-1)).toBe('resumed'), 30_000)
        await whole.stop()
        line.close()
      }),
  )

  test('a server that is not there is said', async () => {
    await using database = await testDatabase()
    const line = await lineTo(url)
    line.close()
    await expect(open(database, line.url, 'none')).rejects.toMatchObject({ code: 'events.transport_down' })
  })
})
