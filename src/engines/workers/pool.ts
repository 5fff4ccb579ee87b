import type { Clock } from '../../kernel/clock.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { createQuarantine } from './quarantine.ts'
import type { ChildJob, ChildMethods } from './serve-child.ts'
import { createWorker, type Outcome, type Worker } from './worker.ts'

export interface PoolOptions {
  /** For metrics and logs, such as `parser`. */
  readonly name: string
  /** A `*.child.ts` module that calls `serveChild`: `childModule(import.meta.url, './parser.child')`. */
  readonly entry: URL
  /** How many children at most. They start when first needed. */
  readonly size: number
  /** For each child, from the operating system: everything it allocates counts, Buffers and WebAssembly too. */
  readonly memoryLimitBytes: number
  /** Worker threads that each child starts itself; none where nothing is said. */
  readonly threads?: number | undefined
  /** How many jobs may wait; one more is refused with `engine.busy`. */
  readonly maxQueue: number
  /** A child without work for so long is ended. */
  readonly idleMs?: number
  readonly clock: Clock
}

export interface RunOptions<Message> {
  /** How long the child may work on one try; waiting in the queue and for `onMessage` does not count. */
  readonly deadlineMs: number
  /** For long work that tells how far it is: how long the child may say nothing. */
  readonly silenceMs?: number
  readonly signal?: AbortSignal | undefined
  /** Handed to the child as `job.bytes`, in slices. */
  readonly bytes?: Uint8Array | undefined
  /** What the job is about, such as the sha256 of the file: a key whose jobs have ended two children is never tried again. */
  readonly key?: string | undefined
  /** Called with each message in order, one at a time; the child's `send` resolves when this has. If it rejects, the job ends with that error. */
  onMessage?(message: Message): Promise<void> | void
}

type PayloadOf<Method> = Method extends (payload: infer P, ...rest: never[]) => unknown ? P : never
type ResultOf<Method> = Method extends (...args: never[]) => infer R ? Awaited<R> : never
type MessageOf<Method> = Method extends (payload: never, job: ChildJob<infer M>) => unknown ? M : never

/** Child processes that do what must not be done in this one: foreign bytes, models. */
export interface Pool<Methods extends ChildMethods> {
  /**
   * Runs one job in a child of its own choosing. Aborting ends the child at once. A child that dies, or outlasts the deadline, is replaced and
   * the job tried once more on a fresh one; then it fails with `engine.crashed` or `call.timeout`. Also: `engine.busy`,
   * `engine.quarantined`, `call.cancelled`, and what the method throws.
   */
  run<Name extends keyof Methods & string>(
    method: Name,
    payload: PayloadOf<Methods[Name]>,
    options: RunOptions<MessageOf<Methods[Name]>>,
  ): Promise<ResultOf<Methods[Name]>>
  state(): PoolState
  /** Ends all children. What was waiting or running rejects with a retryable `call.cancelled`. */
  close(): Promise<void>
}

export interface PoolState {
  readonly name: string
  readonly queued: number
  readonly children: readonly { readonly pid: number; readonly busy: boolean; readonly jobs: number }[]
  /** Since the start: jobs finished (well or with an error of their own), and children that died at work. */
  readonly done: number
  readonly crashed: number
  readonly quarantined: number
}

type Take = (worker: Worker) => void

const IDLE_MS = 5 * 60_000

/** A pool of limited child processes; the caller closes it. Nothing is started before the first job. */
export function createPool<Methods extends ChildMethods>(options: PoolOptions): Pool<Methods> {
  const { clock, maxQueue, name, size } = options
  const workers = new Set<Worker>()
  const queue: Take[] = []
  const quarantine = createQuarantine(1000)
  const closing = new AbortController()
  let done = 0
  let crashed = 0
  let typicalMs = 1000

  const start = (): Worker => {
    const worker = createWorker({ ...options, idleMs: options.idleMs ?? IDLE_MS })
    workers.add(worker)
    void worker.ended.then(() => {
      workers.delete(worker)
      while (queue.length > 0 && workers.size < size) queue.shift()?.(start())
    })
    return worker
  }

  /** Reserved at once: who asks next must not be given the same one. */
  const acquire = (signal: AbortSignal): Promise<Worker> => {
    if (signal.aborted) return Promise.reject(cancelled(signal))
    const idle = [...workers].find((worker) => !worker.taken && !worker.gone)
    const worker = idle ?? (workers.size < size ? start() : undefined)
    if (worker) {
      worker.reserve()
      return Promise.resolve(worker)
    }
    if (queue.length >= maxQueue) {
      const retryAfterMs = Math.max(1000, Math.ceil(((queue.length + 1) * typicalMs) / size))
      const seconds = Math.ceil(retryAfterMs / 1000)
      return Promise.reject(engineError('engine.busy', { seconds }, { retryAfterMs }))
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        queue.splice(queue.indexOf(take), 1)
        reject(cancelled(signal))
      }
      const take: Take = (worker) => {
        signal.removeEventListener('abort', leave)
        worker.reserve()
        resolve(worker)
      }
      signal.addEventListener('abort', leave, { once: true })
      queue.push(take)
    })
  }

  const release = (worker: Worker): void => {
    worker.free()
    if (worker.gone) return
    queue.shift()?.(worker)
  }

  const once = async (
    method: string,
    payload: unknown,
    run: RunOptions<unknown>,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const worker = await acquire(signal)
    const startedAt = clock.now()
    try {
      return await worker.run(method, payload, run, signal)
    } finally {
      typicalMs = typicalMs * 0.8 + (clock.now() - startedAt) * 0.2
      release(worker)
    }
  }

  const run = async (method: string, payload: unknown, given: RunOptions<unknown>): Promise<unknown> => {
    const signal = given.signal ? AbortSignal.any([given.signal, closing.signal]) : closing.signal
    for (let attempt = 1; ; attempt++) {
      if (signal.aborted) throw cancelled(signal)
      if (given.key !== undefined && quarantine.holds(given.key)) throw engineError('engine.quarantined')
      const outcome = await once(method, payload, given, signal)
      if (outcome.type === 'done') {
        done++
        return outcome.result
      }
      if (outcome.type === 'failed') {
        done++
        throw outcome.error
      }
      if (signal.aborted) throw cancelled(signal)
      crashed++
      if (outcome.blame && given.key !== undefined) quarantine.blame(given.key)
      if (attempt === 2) throw outcome.late ? kernelError('call.timeout') : engineError('engine.crashed')
    }
  }

  return {
    // The child's method table, whose type this is, is what answers.
    run: (method, payload, given) => run(method, payload, given as RunOptions<unknown>) as never,
    state: () => ({
      name,
      queued: queue.length,
      children: [...workers].map(({ pid, taken, jobs }) => ({ pid, busy: taken, jobs })),
      done,
      crashed,
      quarantined: quarantine.size(),
    }),
    close: async () => {
      closing.abort()
      const last = [...workers]
      for (const worker of last) worker.kill()
      await Promise.all(last.map((worker) => worker.ended))
    },
  }
}

/** Why it was called off: the caller's own error where the signal carries one. */
function cancelled(signal: AbortSignal): AppError {
  const cause: unknown = signal.reason
  if (cause instanceof AppError) return cause
  if (cause instanceof Error && cause.name === 'TimeoutError') return AppError.from(cause)
  return kernelError('call.cancelled', {}, { cause, retryable: true })
}
