import type { Kysely, Transaction } from 'kysely'
import { z } from 'zod'
import type { AppError } from '../../kernel/errors.ts'
import { type Channel, channel, type EventOf, type EventType } from '../../kernel/event.ts'

/** What an event is made of; id and time are added. */
export interface NewEvent<T extends EventType = EventType> {
  readonly type: T
  readonly data: z.input<T['data']>
  readonly principal: string | null
  readonly room?: string
  readonly seq?: number
  readonly requestId?: string
  /** Not handed out before this time, in milliseconds since 1970. */
  readonly availableAt?: number
}

/** One delivery of an event to one consumer. */
export interface Job<Tables> {
  /** From 1. */
  readonly attempt: number
  /** Aborts at the consumer's deadline and when the process stops. */
  readonly signal: AbortSignal
  /** Stores the effects and marks the event as handled in one transaction, at most once whatever is killed. Where it is not called, the event is marked after `handle` resolves. */
  commit(work: (tx: Transaction<Tables>) => Promise<void>): Promise<void>
}

/** A durable consumer: every event of its types reaches it at least once, and its `commit` has effect once. */
export interface Consumer<Tables, T extends EventType> {
  /** Unique in the city and stable for ever, such as `city.part_outcome`. */
  readonly name: string
  readonly db: Kysely<Tables>
  readonly types: readonly T[]
  /** How many at a time in this process; 1 where nothing is said. */
  readonly concurrency?: number
  /** Tries before it goes to the dead letters; 8 where nothing is said. A failure that is not retryable goes there at once. */
  readonly attempts?: number
  /** Deadline of one try; 60 s where nothing is said. */
  readonly timeoutMs?: number
  handle(event: EventOf<T>, job: Job<Tables>): Promise<void>
  /** Says honestly that it failed: runs in the transaction that moves the event to the dead letters. */
  failed?(event: EventOf<T>, failure: AppError, tx: Transaction<Tables>): Promise<void>
}

/** Something with an open transaction; every Kysely transaction is one. */
export type AnyTransaction = Pick<Kysely<never>, 'getExecutor'>

/** Heard in a process alone whose line to the others broke or fell silent, or that learned this of another: what they broadcast may not come from now on. */
export const lineLost = channel('events.line_lost', z.object({}))

/** Heard in a process alone whose line to the others was broken and stands again: broadcasts of meanwhile never came. */
export const lineResumed = channel('events.line_resumed', z.object({}))

/** Durable events with their change in one transaction, and transient broadcasts. */
export interface Events {
  /** Writes events to the outbox in the caller's transaction; they go out when it commits. */
  append<T extends EventType>(tx: AnyTransaction, ...events: readonly NewEvent<T>[]): Promise<void>
  /** Registers a consumer; before `start`. */
  consume<Tables, T extends EventType>(consumer: Consumer<Tables, T>): void
  broadcast<C extends Channel>(channel: C, data: z.input<C['data']>): void
  /** A broadcast that must reach every process, such as a revocation: processes that share a database hear of it within half a second also when their line to each other, or one's alone, is broken or silent. Heard once. */
  announce<C extends Channel>(channel: C, data: z.input<C['data']>): void
  /** Hears broadcasts from now on, also other processes'; returns how to stop. */
  listen<C extends Channel>(channel: C, heard: (data: z.output<C['data']>) => void): () => void
  /** Begins to hand out. */
  start(): Promise<void>
  /** Stops handing out, waits for what is under way (up to 5 s, then aborts it). */
  stop(): Promise<void>
  /** Counts for health and the operator. */
  state(): Promise<{ outbox: number; pending: number; dead: number }>
  dead(limit: number): Promise<readonly DeadLetter[]>
  /** Empties what was already handled of events that carry this id, except those of the names given: their words are gone from here, their places stay. Answers whether none is left to be handled. Copies that a transport keeps are erased once everybody has taken them in. */
  forget(id: string, except: readonly string[]): Promise<boolean>
  /** Gives a dead letter another set of tries. */
  replay(consumer: string, event: string): Promise<boolean>
}

export interface DeadLetter {
  readonly consumer: string
  readonly event: string
  readonly name: string
  readonly at: string
  readonly attempts: number
  readonly code: string
}
