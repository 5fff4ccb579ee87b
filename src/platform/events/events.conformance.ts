import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type HandClock, handClock } from '../../../test/kit/clock.ts'
import { eventually } from '../../../test/kit/eventually.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { channel, event } from '../../kernel/event.ts'
import type { Database } from '../database/database.ts'
import type { Consumer, Events } from './events.ts'

/** One database, migrated, and whatever carries its events. */
export interface EventsWorld extends AsyncDisposable {
  readonly database: Database
  /** Forgets every event and consumer. No life is there. */
  forget(): Promise<void>
  /** Events of another life of the process, not started; the life before is stopped first, or another one where the driver allows several. `graceMs`: how long its stopping waits. */
  life(clock: Clock, graceMs?: number): Promise<Events>
}

const sung = event('test.sung', 1, z.object({ n: z.number() }))
const sung2 = event('test.sung', 2, z.object({ n: z.string() }))
const hummed = event('test.hummed', 1, z.object({ n: z.number() }))
const noise = channel('test.noise', z.object({ n: z.number() }))

type Tables = { effect: { n: number; what: string } }

/** What every driver of events promises while its processes live. `oneAtATime` says that the database has a single connection, where no two transactions overlap. */
export function eventsConformance(
  name: string,
  oneAtATime: boolean,
  makeWorld: () => Promise<EventsWorld>,
): void {
  describe(name, () => {
    let world: EventsWorld
    let clock: HandClock
    const lives: Events[] = []
    beforeAll(async () => {
      world = await makeWorld()
      await sql`create table effect (n int8, what text)`.execute(world.database.kysely)
    })
    afterAll(async () => {
      await world[Symbol.asyncDispose]()
    })

    let tests = 0
    /** Each test has consumers of its own, and no other life but its own. */
    async function living(
      consumers: readonly Partial<Consumer<Tables, typeof sung>>[] = [],
      options: { clock?: Clock; graceMs?: number } = {},
    ): Promise<{ events: Events; names: string[]; sing: (...numbers: number[]) => Promise<void> }> {
      await Promise.all(lives.splice(0).map((life) => life.stop()))
      await world.forget()
      await sql`truncate effect`.execute(world.database.kysely)
      tests++
      clock = handClock(Date.now())
      const events = await world.life(options.clock ?? clock, options.graceMs)
      lives.push(events)
      const names = consumers.map((consumer, i) => {
        const full = { name: `test.c${tests}_${i}`, db: db(), types: [sung], handle: store, ...consumer }
        events.consume(full)
        return full.name
      })
      await events.start()
      return { events, names, sing: (...numbers) => sing(events, numbers) }
    }
    const db = () => world.database.kysely.withTables<Tables>()
    const sing = (events: Events, numbers: readonly number[]) =>
      db()
        .transaction()
        .execute((tx) =>
          events.append(tx, ...numbers.map((n) => ({ type: sung, principal: 'p_1', data: { n } }))),
        )
    const store: Consumer<Tables, typeof sung>['handle'] = (heard, job) =>
      job.commit(async (tx) => {
        await tx.insertInto('effect').values({ n: heard.data.n, what: 'done' }).execute()
      })
    const effects = async () =>
      (await db().selectFrom('effect').selectAll().orderBy('n').orderBy('what').execute()).map(
        ({ n, what }) => `${n} ${what}`,
      )
    afterAll(() => Promise.all(lives.splice(0).map((life) => life.stop())))

    test('an event reaches every consumer of its name and version, whole, and no other', async () => {
      const heard: unknown[] = []
      const other: unknown[] = []
      const { events } = await living([
        { handle: async (it) => void heard.push(it) },
        { handle: async (it) => void heard.push(it) },
        { types: [hummed, sung2] as never, handle: async (it) => void other.push(it) },
      ])
      await db()
        .transaction()
        .execute((tx) =>
          events.append(tx, {
            type: sung,
            principal: 'p_1',
            data: { n: 1 },
            room: 'r_1',
            seq: 5,
            requestId: 'req_1',
          }),
        )
      await eventually(() => expect(heard).toHaveLength(2))
      expect(heard[0]).toEqual({
        id: expect.stringMatching(/^evt_/),
        name: 'test.sung',
        version: 1,
        at: new Date(clock.now()).toISOString(),
        principal: 'p_1',
        room: 'r_1',
        seq: 5,
        requestId: 'req_1',
        data: { n: 1 },
      })
      expect(heard[1]).toEqual(heard[0])
      await eventually(async () => expect(await events.state()).toEqual({ outbox: 0, pending: 0, dead: 0 }))
      expect(other).toEqual([])
    })

    test('an event of a transaction that fails was never there', async () => {
      const { events, sing: go } = await living([{}])
      const failing = db()
        .transaction()
        .execute(async (tx) => {
          await events.append(tx, { type: sung, principal: null, data: { n: 13 } })
          throw new Error('no')
        })
      await expect(failing).rejects.toThrow('no')
      await go(1)
      await eventually(async () => expect(await effects()).toEqual(['1 done']))
    })

    const late = async () => {
      const { events, sing: go } = await living([{}])
      await db()
        .transaction()
        .execute(async (tx) => {
          await events.append(tx, { type: sung, principal: null, data: { n: 1 } })
          await go(2)
          await eventually(async () => expect(await effects()).toEqual(['2 done']))
        })
      await eventually(async () => expect(await effects()).toEqual(['1 done', '2 done']))
    }
    if (!oneAtATime) test('one that commits late is not passed over by one that was written after it', late)

    test('hundreds at once each have their effect once, no more at a time than allowed', async () => {
      let now = 0
      let most = 0
      const { sing: go } = await living([
        {
          concurrency: 4,
          async handle(heard, job) {
            most = Math.max(most, ++now)
            await new Promise((resolve) => setImmediate(resolve))
            await store(heard, job)
            now--
          },
        },
      ])
      const numbers = Array.from({ length: 120 }, (_, i) => i)
      await Promise.all([go(...numbers.slice(0, 80)), ...numbers.slice(80).map((n) => go(n))])
      await eventually(async () => expect(await effects()).toHaveLength(120), 25_000)
      expect(await effects()).toEqual(numbers.map((n) => `${n} done`))
      expect(most).toBeGreaterThan(1)
      expect(most).toBeLessThanOrEqual(4)
    })

    test('a failed try comes again after a growing pause, with the failed effects undone', async () => {
      const tries: { attempt: number; at: number }[] = []
      const { events, sing: go } = await living([
        {
          async handle(heard, job) {
            tries.push({ attempt: job.attempt, at: clock.now() })
            await job.commit(async (tx) => {
              await tx
                .insertInto('effect')
                .values({ n: heard.data.n, what: `try ${job.attempt}` })
                .execute()
              if (job.attempt < 4) throw new Error('not yet')
            })
          },
        },
      ])
      await go(1)
      for (let i = 2; i <= 4; i++) {
        await eventually(() => expect(tries).toHaveLength(i - 1))
        // Once it waits for its time, only time brings it on.
        await eventually(async () => expect(await waiting()).toBe(1))
        while (tries.length < i) {
          await clock.advance(50)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      }
      await eventually(async () => expect(await effects()).toEqual(['1 try 4']))
      expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
      const pauses = tries.slice(1).map(({ at }, i) => at - (tries[i]?.at ?? 0))
      expect(pauses[0]).toBeGreaterThanOrEqual(150)
      expect(pauses[2]).toBeGreaterThanOrEqual(600)
      expect((await events.state()).dead).toBe(0)
    })
    const waiting = async () =>
      (
        await sql<{
          n: number
        }>`select count(*) as n from events.delivery where state = 'pending' and attempts > 0`.execute(db())
      ).rows[0]?.n

    test('when all tries are spent it is dead, says so once in the same transaction, and can be revived', async () => {
      const faults = [new AppError('unavailable', 'test.away', 'away')]
      const {
        events,
        names,
        sing: go,
      } = await living(
        [
          {
            attempts: 2,
            async handle(heard, job) {
              for (const fault of faults) throw fault
              await store(heard, job)
            },
            async failed({ data }, failure, tx) {
              await tx.insertInto('effect').values({ n: data.n, what: failure.code }).execute()
            },
          },
        ],
        { clock: { now: Date.now, sleep: () => Promise.reject(new Error('unused')) } },
      )
      await go(1)
      await eventually(async () => expect(await effects()).toEqual(['1 test.away']))
      expect((await events.state()).dead).toBe(1)
      const [letter] = await events.dead(10)
      expect(letter).toMatchObject({ consumer: names[0], name: 'test.sung', attempts: 2, code: 'test.away' })
      faults.length = 0
      expect(await events.replay(names[0] ?? '', letter?.event ?? '')).toBe(true)
      await eventually(async () => expect(await effects()).toEqual(['1 done', '1 test.away']))
      expect(await events.replay(names[0] ?? '', letter?.event ?? '')).toBe(false)
      expect(await events.state()).toEqual({ outbox: 0, pending: 0, dead: 0 })
    })

    test('a failure that will not pass, or an event that cannot be read, is dead at once', async () => {
      let tries = 0
      const stricter = event('test.sung', 1, z.object({ n: z.number().max(5) }))
      const { events, sing: go } = await living([
        {
          types: [stricter],
          async handle() {
            tries++
            throw new AppError('invalid', 'test.never', 'never')
          },
        },
      ])
      await go(1, 6)
      await eventually(async () => expect((await events.state()).dead).toBe(2))
      expect((await events.dead(10)).map(({ code }) => code).sort()).toEqual([
        'events.unreadable',
        'test.never',
      ])
      expect(tries).toBe(1)
    })

    test('a failing last word is tried again before the delivery is given up', async () => {
      let words = 0
      const { events, sing: go } = await living([
        {
          attempts: 1,
          async handle() {
            throw new AppError('invalid', 'test.never', 'never')
          },
          async failed({ data }, failure, tx) {
            if (++words === 1) throw new Error('no ink')
            await tx.insertInto('effect').values({ n: data.n, what: failure.code }).execute()
          },
        },
      ])
      await go(1)
      await eventually(async () => expect(await waiting()).toBe(1))
      await clock.advance(60_000)
      await eventually(async () => expect(await effects()).toEqual(['1 test.never']))
      expect((await events.state()).dead).toBe(1)
    })

    test('a try that outlives its deadline is told, handed on, and can store nothing afterwards', async () => {
      let late: Promise<unknown> = Promise.resolve()
      let told: unknown
      const { sing: go } = await living([
        {
          timeoutMs: 60,
          async handle(heard, job) {
            if (job.attempt > 1) return await store(heard, job)
            await new Promise((resolve) => job.signal.addEventListener('abort', resolve))
            told = job.signal.reason
            late = eventually(async () => expect(await effects()).toEqual(['1 done'])).then(() =>
              store(heard, job),
            )
            late.catch(() => undefined)
            await late
          },
        },
      ])
      await go(1)
      await eventually(async () => expect(await waiting()).toBe(1))
      await clock.advance(60_000)
      await expect(eventually(() => expect(told).toBeDefined()).then(() => late)).rejects.toMatchObject({
        code: 'events.job_lost',
      })
      expect(told).toMatchObject({ code: 'call.timeout' })
      expect(await effects()).toEqual(['1 done'])
    })

    test('what was taken while the answer was lost is taken again, though the life that took it goes on', async () => {
      let open = () => {}
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      const { names, sing: go } = await living([
        {
          async handle(heard, job) {
            if (heard.data.n === 1) await gate
            await store(heard, job)
          },
        },
      ])
      await go(1, 2)
      const consumer = names[0] ?? ''
      const taken = () =>
        sql<{ owner: string }>`
          select owner from events.delivery where consumer = ${consumer} and state = 'running'`.execute(db())
      await eventually(async () => expect((await taken()).rows).toHaveLength(1))
      // As if the second had been taken as well, and the line broke before this life heard of it.
      await eventually(async () => {
        const lost = await sql`
          update events.delivery set state = 'running', attempts = 1, owner = ${(await taken()).rows[0]?.owner},
            leased_until = clock_timestamp() + interval '1 second'
          where consumer = ${consumer} and state = 'pending'`.execute(db())
        expect(lost.numAffectedRows).toBe(1n)
      })
      open()
      await eventually(async () => expect(await effects()).toEqual(['1 done', '2 done']), 20_000)
    })

    test('a second commit is refused; what follows the first cannot undo it', async () => {
      let refusal: unknown
      const { events, sing: go } = await living([
        {
          async handle(heard, job) {
            await store(heard, job)
            refusal = await store(heard, job).catch((failure: unknown) => failure)
            throw new Error('afterwards')
          },
        },
      ])
      await go(1)
      await eventually(() => expect(refusal).toBeDefined())
      await eventually(async () => expect((await events.state()).pending).toBe(0))
      expect(refusal).toMatchObject({ code: 'events.committed' })
      expect(await effects()).toEqual(['1 done'])
    })

    test('an event for later waits for its time', async () => {
      const { events } = await living([{}])
      await db()
        .transaction()
        .execute((tx) =>
          events.append(
            tx,
            { type: sung, principal: null, data: { n: 1 }, availableAt: clock.now() + 60_000 },
            { type: sung, principal: null, data: { n: 2 } },
          ),
        )
      await eventually(async () => expect(await effects()).toEqual(['2 done']))
      await clock.advance(59_000)
      // A sweep looks several times a second.
      await new Promise((resolve) => setTimeout(resolve, 900))
      expect(await effects()).toEqual(['2 done'])
      await clock.advance(1000)
      await eventually(async () => expect(await effects()).toEqual(['1 done', '2 done']))
    })

    test('data that does not fit its type is refused, and a consumer cannot come late or twice', async () => {
      const { events, names } = await living([{}])
      await expect(
        db()
          .transaction()
          .execute((tx) => events.append(tx, { type: sung, principal: null, data: { n: 'x' } as never })),
      ).rejects.toThrow()
      expect(() => events.consume({ name: 'test.late', db: db(), types: [sung], handle: store })).toThrow(
        'after the start',
      )
      const next = await world.life(clock)
      lives.push(next)
      const twin = { name: names[0] ?? '', db: db(), types: [sung], handle: store }
      next.consume(twin)
      expect(() => next.consume(twin)).toThrow('two consumers')
    })

    test('stopping waits for what is under way, and what is not taken yet is there for the next life', async () => {
      let open: () => void = () => undefined
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      let begun = 0
      const slow: Partial<Consumer<Tables, typeof sung>> = {
        name: 'test.slow',
        async handle(heard, job) {
          begun++
          await gate
          await store(heard, job)
        },
      }
      const { events, sing: go } = await living([slow])
      await go(1, 2)
      await eventually(() => expect(begun).toBe(1))
      const stopped = events.stop()
      open()
      await stopped
      expect(await effects()).toHaveLength(1)
      const next = await world.life(clock)
      lives.push(next)
      next.consume({ name: 'test.slow', db: db(), types: [sung], handle: store })
      await next.start()
      await eventually(async () => expect(await effects()).toEqual(['1 done', '2 done']))
    })

    test('what does not end within the grace of stopping is put back, and the try does not count', async () => {
      const attempts: number[] = []
      const hang: Partial<Consumer<Tables, typeof sung>> = {
        name: 'test.hang',
        async handle(_, job) {
          attempts.push(job.attempt)
          await new Promise(() => undefined)
        },
      }
      const { events, sing: go } = await living([hang], { graceMs: 500 })
      await go(1)
      await eventually(() => expect(attempts).toEqual([1]))
      await events.stop()
      const next = await world.life(clock)
      lives.push(next)
      next.consume({
        name: 'test.hang',
        db: db(),
        types: [sung],
        async handle(heard, job) {
          attempts.push(job.attempt)
          await store(heard, job)
        },
      })
      await next.start()
      await eventually(async () => expect(await effects()).toEqual(['1 done']))
      expect(attempts).toEqual([1, 1])
    })

    test('what is done is forgotten after a week', async () => {
      const { events, sing: go } = await living([{}])
      await go(1)
      await eventually(async () => expect(await effects()).toEqual(['1 done']))
      await eventually(async () => expect((await events.state()).outbox).toBe(0))
      const rows = async () =>
        (
          await sql<{ n: number }>`
            select (select count(*) from events.outbox) + (select count(*) from events.delivery) as n`.execute(
            db(),
          )
        ).rows[0]?.n
      expect(await rows()).toBe(2)
      await clock.advance(8 * 86_400_000)
      await eventually(async () => expect(await rows()).toBe(0))
    })

    test('a broadcast is heard once by each listener, until it stops listening; one that throws disturbs nobody', async () => {
      const { events } = await living()
      const heard: string[] = []
      events.listen(noise, () => {
        throw new Error('deaf')
      })
      const stop = events.listen(noise, ({ n }) => heard.push(`a${n}`))
      events.listen(noise, ({ n }) => heard.push(`b${n}`))
      events.broadcast(noise, { n: 1 })
      await eventually(() => expect(heard).toEqual(['a1', 'b1']))
      stop()
      events.broadcast(noise, { n: 2 })
      await eventually(() => expect(heard).toEqual(['a1', 'b1', 'b2']))
      expect(() => events.broadcast(noise, { n: 'x' } as never)).toThrow()
    })
  })
}
