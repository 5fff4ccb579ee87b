import type { Clock } from '../../kernel/clock.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { EventOf, EventType } from '../../kernel/event.ts'
import { createBell } from './bell.ts'
import { type Outcome, settle, type Taken, take } from './delivery.ts'
import { eventsError } from './events.errors.ts'
import type { Consumer, Job } from './events.ts'
import type { Route } from './outbox.ts'

const IDLE_MS = 60_000
const AFTER_FAULT_MS = 500
const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 60_000
/** A process that dies is no fault of the event, most often: only what was there each of so many times is held to be its cause. */
const KILLS = 5
/** How often moving to the dead letters may fail before it is done without the consumer's word. */
const BURIALS = 5
const LATE_HANDLERS_MS = 1000

export interface WorkerNeeds {
  /** This life of the process. */
  readonly owner: string
  readonly leaseMs: number
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Told of what no caller hears: our own faults and each failed try. */
  report(failure: unknown, about: Readonly<Record<string, string | number>>): void
}

/** Handles the deliveries of one consumer, so many at a time. */
export interface Worker {
  readonly name: string
  readonly routes: readonly Route[]
  /** Takes nothing before it is woken. */
  start(): void
  /** What it works on at this moment. */
  held(): readonly Taken[]
  /** Says that something may be due. */
  wake(): void
  /** Takes no more, waits up to `graceMs` for what is under way, then aborts it and puts it back uncounted. */
  stop(graceMs: number): Promise<void>
}

export function createWorker<Tables, T extends EventType>(
  consumer: Consumer<Tables, T>,
  { owner, leaseMs, clock, random, report }: WorkerNeeds,
): Worker {
  const { name, db, concurrency = 1, attempts = 8, timeoutMs = 60_000 } = consumer
  const bell = createBell()
  const running = new Map<Promise<void>, { readonly taken: Taken; readonly controller: AbortController }>()
  let stopping = false
  let loop: Promise<void> | undefined

  async function work(): Promise<void> {
    // Not one query for each consumer at every start: the sweep says which of them have something.
    await bell.sleep(IDLE_MS)
    while (!stopping) {
      const free = concurrency - running.size
      try {
        const taken = free > 0 ? await take(db, name, owner, new Date(clock.now()), free, leaseMs) : []
        for (const one of taken) begin(one)
        if (free <= 0 || taken.length < free) await bell.sleep(IDLE_MS)
      } catch (failure) {
        report(failure, { consumer: name })
        await bell.sleep(AFTER_FAULT_MS)
      }
    }
  }

  function begin(taken: Taken): void {
    const controller = new AbortController()
    const run = handle(taken, controller)
      .catch((failure: unknown) => report(failure, { consumer: name, event: taken.eventId }))
      .finally(() => {
        running.delete(run)
        bell.ring()
      })
    running.set(run, { taken, controller })
  }

  async function handle(taken: Taken, controller: AbortController): Promise<void> {
    let committed = false
    const job: Job<Tables> = {
      attempt: taken.attempt,
      signal: controller.signal,
      async commit(effects) {
        if (committed) throw eventsError('events.committed')
        await db.transaction().execute(async (tx) => {
          if (!(await settle(tx, taken, { state: 'done', at: new Date(clock.now()) })))
            throw eventsError('events.job_lost')
          await effects(tx)
        })
        committed = true
      },
    }
    const timer = setTimeout(() => controller.abort(kernelError('call.timeout')), timeoutMs)
    try {
      const event = read(taken)
      const grave = graveOf(taken)
      if (grave) return await bury(taken, event, grave)
      await orAborted(consumer.handle(event, job), controller.signal)
      if (!committed) await settle(db, taken, { state: 'done', at: new Date(clock.now()) })
    } catch (cause) {
      if (committed) return report(cause, { consumer: name, event: taken.eventId, attempt: taken.attempt })
      await fail(taken, cause)
    } finally {
      clearTimeout(timer)
    }
  }

  function read(taken: Taken): EventOf<T> {
    const { envelope } = taken
    const type = consumer.types.find((t) => t.name === envelope.name && t.version === envelope.version)
    const data = type?.data.safeParse(envelope.data)
    if (!data?.success)
      throw eventsError('events.unreadable', { name: envelope.name, consumer: name }, { cause: data?.error })
    // The payload has just been read by the type of this very name and version.
    return { ...envelope, data: data.data } as EventOf<T>
  }

  /** Why a delivery is not to be tried again, if it is not. */
  function graveOf({ kills, attempt, lastFailure }: Taken): AppError | null {
    if (kills >= KILLS) return eventsError('events.killed', { times: kills })
    if (attempt - kills <= attempts) return null
    return lastFailure ?? eventsError('events.killed', { times: kills })
  }

  async function fail(taken: Taken, cause: unknown): Promise<void> {
    if (stopping && cause === STOPPED) return void (await settle(db, taken, { state: 'back' }))
    const failure = AppError.from(cause)
    if (failure.code === 'events.job_lost') return
    report(cause, { consumer: name, event: taken.eventId, attempt: taken.attempt, code: failure.code })
    // What is not an AppError is a fault nobody foresaw: it may pass.
    const final = cause instanceof AppError && !cause.retryable
    if (final || taken.attempt - taken.kills >= attempts) return await bury(taken, quietly(taken), failure)
    await settle(db, taken, retryOf(taken, failure))
  }

  function quietly(taken: Taken): EventOf<T> | null {
    try {
      return read(taken)
    } catch {
      return null
    }
  }

  function retryOf({ attempt }: Taken, failure: AppError): Outcome {
    const step = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1))
    const waitMs = Math.max(step * (0.75 + random() / 2), failure.retryAfterMs ?? 0)
    return { state: 'retry', at: new Date(clock.now() + Math.min(LAST_RETRY_MS, waitMs)), failure }
  }

  /** Moves a delivery to the dead letters and lets the consumer say so, in one transaction. */
  async function bury(taken: Taken, event: EventOf<T> | null, failure: AppError): Promise<void> {
    const dead: Outcome = { state: 'dead', at: new Date(clock.now()), failure }
    try {
      await db.transaction().execute(async (tx) => {
        if (!(await settle(tx, taken, dead))) return
        if (event) await consumer.failed?.(event, failure, tx)
      })
    } catch (cause) {
      report(cause, { consumer: name, event: taken.eventId, attempt: taken.attempt })
      const given = taken.attempt - attempts >= BURIALS
      await settle(db, taken, given ? dead : retryOf(taken, failure))
    }
  }

  return {
    name,
    routes: consumer.types.map((type) => ({ consumer: name, name: type.name, version: type.version })),
    start() {
      loop ??= work()
    },
    held: () => [...running.values()].map(({ taken }) => taken),
    wake: () => bell.ring(),
    async stop(graceMs) {
      stopping = true
      bell.ring()
      await loop
      await within(graceMs, Promise.all(running.keys()))
      for (const { controller } of running.values()) controller.abort(STOPPED)
      await within(LATE_HANDLERS_MS, Promise.all(running.keys()))
    },
  }
}

const STOPPED = kernelError('call.cancelled')

/** What was awaited, or the reason of the abort; the handler that does not listen is left to itself, and can store nothing any more. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, (failure: unknown) => reject(signal.aborted ? signal.reason : failure))
  })
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
