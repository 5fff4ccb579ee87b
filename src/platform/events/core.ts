import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Channel } from '../../kernel/event.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Database } from '../database/database.ts'
import type { Logger } from '../logger.ts'
import { createBell } from './bell.ts'
import { type Broadcasts, createBroadcasts } from './broadcasts.ts'
import { counts, deadLetters, due, prune, reclaim, renew, revive } from './delivery.ts'
import type { Events } from './events.ts'
import { forget } from './forget.ts'
import { type Route, write } from './outbox.ts'
import { createWorker, type Worker, type WorkerNeeds } from './worker.ts'

const POLL_MS = 400
/** After an append the outbox is looked at again and again for a moment: nobody tells when the transaction commits. On PGlite the look itself waits for it. */
const LOOKS_MS = { pglite: [0], postgres: [1, 5, 20, 80] }
const GRACE_MS = 5000
const PRUNE_EVERY_MS = 3_600_000
const KEEP_MS = 7 * 86_400_000

export interface EventsNeeds {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  /** In [0, 1); spreads retries. */
  readonly random?: () => number
  /** How long a process of several is believed to live without a word; 3 s where nothing is said. What it had under way is another's after that. */
  readonly leaseMs?: number
  /** How long stopping waits for what is under way; 5 s where nothing is said. */
  readonly graceMs?: number
}

export const LEASE_MS = 3000

/** What carries events from the outbox to the deliveries, and broadcasts from process to process. */
export interface Transport {
  /** `arrived` is to be called when deliveries of a consumer came in by themselves. */
  start(routes: readonly Route[], arrived: (consumer: string) => void): Promise<void>
  /** Carries one batch out of the outbox. */
  relay(routes: readonly Route[]): Promise<{ readonly consumers: readonly string[]; readonly more: boolean }>
  /** Carries a broadcast to every process, this one too. */
  broadcast(channel: string, data: unknown, here: Broadcasts): void
  /** The same by a second way too. Absent where a broadcast cannot be lost. */
  announce?(channel: string, data: unknown): void
  /** Erases copies that it keeps of events everybody has taken in; answers with those that are gone. Absent where it keeps none. */
  erase?(copies: readonly number[]): Promise<readonly number[]>
  stop(): Promise<void>
}

/** Everything about events that is the same whatever carries them. */
export function createEvents(
  { database, clock, ids, logger, random = Math.random, leaseMs = LEASE_MS, graceMs = GRACE_MS }: EventsNeeds,
  makeTransport: (here: Broadcasts, report: (failure: unknown) => void) => Transport,
): Events {
  const db = database.kysely
  const report = reporter(logger)
  const alone = database.driver === 'pglite'
  const owner = ids.make('life')
  const here = createBroadcasts((failure) => report(failure, { part: 'broadcast' }))
  const transport = makeTransport(here, (failure) => report(failure, { part: 'transport' }))
  const workers = new Map<string, Worker>()
  const outboxBell = createBell()
  const sweepBell = createBell()
  let looks: readonly number[] = []
  let sweeping = true
  let state: 'new' | 'started' | 'stopped' = 'new'
  let loops: Promise<unknown> = Promise.resolve()
  let routes: readonly Route[] = []

  const wake = (consumer: string) => workers.get(consumer)?.wake()
  const poke = () => {
    looks = LOOKS_MS[database.driver]
    outboxBell.ring()
  }

  async function relay(): Promise<void> {
    while (state === 'started') {
      try {
        const { consumers, more } = await transport.relay(routes)
        consumers.forEach(wake)
        if (more) continue
      } catch (failure) {
        report(failure, { part: 'relay' })
        await sleepThrough(POLL_MS)
      }
      const [next, ...later] = looks
      looks = later
      await outboxBell.sleep(next ?? POLL_MS)
    }
  }

  /** A pause that pokes do not shorten, so that a broken way is not hammered. */
  async function sleepThrough(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms))
  }

  async function sweep(): Promise<void> {
    let pruneAt = clock.now()
    // Whoever waited at the door is served before what a last life left is taken up again.
    await sweepBell.sleep(POLL_MS)
    while (sweeping) {
      try {
        const held = [...workers.values()].flatMap((worker) => worker.held())
        if (held.length > 0) await renew(db, owner, held, leaseMs)
        await reclaim(db, false)
        const names = await due(db, [...workers.keys()], new Date(clock.now()))
        names.forEach(wake)
        if (clock.now() >= pruneAt) {
          const more = await prune(db, new Date(clock.now() - KEEP_MS))
          if (!more) pruneAt = clock.now() + PRUNE_EVERY_MS
        }
      } catch (failure) {
        report(failure, { part: 'sweep' })
      }
      await sweepBell.sleep(POLL_MS)
    }
  }

  return {
    async append(tx, ...events) {
      await write(tx, events, clock, ids)
      poke()
    },
    consume(consumer) {
      if (state !== 'new') throw new Error(`the consumer ${consumer.name} came after the start`)
      if (workers.has(consumer.name)) throw new Error(`there are two consumers named ${consumer.name}`)
      workers.set(consumer.name, createWorker(consumer, { owner, leaseMs, clock, random, report }))
    },
    broadcast<C extends Channel>(channel: C, data: Parameters<C['data']['parse']>[0]) {
      transport.broadcast(channel.channel, channel.data.parse(data), here)
    },
    announce<C extends Channel>(channel: C, data: Parameters<C['data']['parse']>[0]) {
      const said = channel.data.parse(data)
      if (transport.announce) transport.announce(channel.channel, said)
      else transport.broadcast(channel.channel, said, here)
    },
    listen: (channel, heard) => here.listen(channel, heard),
    async start() {
      if (state !== 'new') throw new Error('events start once')
      if (alone) await reclaim(db, true)
      routes = [...workers.values()].flatMap((worker) => worker.routes)
      state = 'started'
      await transport.start(routes, wake)
      for (const worker of workers.values()) worker.start()
      loops = Promise.all([relay(), sweep()])
    },
    async stop() {
      if (state === 'stopped') return
      state = 'stopped'
      outboxBell.ring()
      // The sweep goes on renewing leases until the workers are done.
      await Promise.all([...workers.values()].map((worker) => worker.stop(graceMs)))
      sweeping = false
      sweepBell.ring()
      await loops
      await transport.stop()
    },
    state: () => counts(db),
    dead: (limit) => deadLetters(db, limit),
    forget: (id, except) => forget(db, id, except, transport.erase),
    async replay(consumer, event) {
      const revived = await revive(db, consumer, event, new Date(clock.now()))
      if (revived) wake(consumer)
      return revived
    },
  }
}

/** Logs a fault once, without what a database's error may quote of people's words. */
const reporter =
  (logger: Logger): WorkerNeeds['report'] =>
  (failure, about) => {
    const { code, retryable } = AppError.from(failure)
    const foreseen = failure instanceof AppError
    const trace = failure instanceof Error && !foreseen ? { name: failure.name, stack: failure.stack } : {}
    logger[foreseen && retryable ? 'warn' : 'error']({ ...about, code, ...trace }, 'events: a try failed')
  }
