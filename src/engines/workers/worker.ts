import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { startChild } from './child-process.ts'
import { fromTheWire } from './error-wire.ts'
import type { RunOptions } from './pool.ts'
import { type FromChild, SLICE_BYTES } from './protocol.ts'

/** How one try of a job ended. `died`: the child is gone; `late` where it outlasted the deadline; `blame` where the job had begun. */
export type Outcome =
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: AppError }
  | { readonly type: 'died'; readonly late: boolean; readonly blame: boolean }

/** One child of a pool and the job it has. */
export interface Worker {
  readonly pid: number
  readonly jobs: number
  readonly taken: boolean
  /** Dead or dying. */
  readonly gone: boolean
  readonly ended: Promise<void>
  reserve(): void
  free(): void
  /** Never rejects. One at a time. */
  run(method: string, payload: unknown, options: RunOptions<unknown>, signal: AbortSignal): Promise<Outcome>
  kill(): void
}

export interface WorkerOptions {
  readonly entry: URL
  readonly memoryLimitBytes: number
  readonly threads?: number | undefined
  readonly idleMs: number
  readonly clock: Clock
}

/** Loading a module takes a second or two; one that says nothing for so long never will. */
const START_MS = 60_000

export function createWorker({ clock, entry, idleMs, memoryLimitBytes, threads }: WorkerOptions): Worker {
  let hear: (message: FromChild) => void = () => {}
  let announce: () => void = () => {}
  const ready = new Promise<void>((resolve) => {
    announce = resolve
  })
  let isReady = false
  const child = startChild({
    entry,
    memoryLimitBytes,
    threads,
    onMessage: (message) => {
      if (message.type !== 'ready') return hear(message)
      isReady = true
      announce()
    },
  })
  let jobs = 0
  let taken = false
  let gone = false
  let idle = new AbortController()
  const ended = child.ended.then(() => {
    gone = true
    idle.abort()
  })
  const kill = (): void => {
    gone = true
    child.kill()
  }
  const restWhenIdle = (): void => {
    idle = new AbortController()
    clock.sleep(idleMs, idle.signal).then(kill, () => {})
  }

  const send = async (method: string, payload: unknown, bytes: Uint8Array | undefined): Promise<void> => {
    for (let at = 0; bytes && at < bytes.length; at += SLICE_BYTES)
      await child.send({ type: 'bytes', slice: bytes.slice(at, at + SLICE_BYTES) })
    await child.send({ type: 'run', method, payload })
  }

  const run: Worker['run'] = async (method, payload, options, signal) => {
    const { bytes, deadlineMs, onMessage, silenceMs = deadlineMs } = options
    jobs++
    let late = false
    let heardOf = false
    const expire = () => {
      late = true
      kill()
    }
    const starting = createTimer(clock, START_MS, expire)
    const working = createTimer(clock, deadlineMs, expire)
    const silent = createTimer(clock, silenceMs, expire)
    let callOff = (): void => kill()
    const settled = new Promise<Outcome>((resolve) => {
      // The caller does not wait for what a large child takes to give its memory back.
      callOff = () => {
        kill()
        resolve({ type: 'died', late, blame: false })
      }
      hear = (message) => {
        if (message.type === 'done') resolve(message)
        else if (message.type === 'failed') resolve({ type: 'failed', error: fromTheWire(message.error) })
        else if (message.type === 'message') {
          working.pause()
          silent.pause()
          const resume = () => {
            working.resume()
            silent.restart()
            silent.resume()
          }
          deliver(message, onMessage).then(resume, (cause: unknown) => {
            resolve({ type: 'failed', error: AppError.from(cause) })
            kill()
          })
        }
      }
      void ended.then(() => resolve({ type: 'died', late, blame: heardOf && !signal.aborted }))
    })
    const deliver = async (
      { body, message }: Extract<FromChild, { type: 'message' }>,
      to: RunOptions<unknown>['onMessage'],
    ): Promise<void> => {
      inTurn = inTurn.then(() => to?.(body))
      await inTurn
      await child.send({ type: 'taken', message }).catch(() => {})
    }
    let inTurn: Promise<void> = Promise.resolve()
    signal.addEventListener('abort', callOff, { once: true })
    if (signal.aborted) callOff()
    try {
      starting.resume()
      await Promise.race([ready, ended, settled])
      starting.pause()
      if (!gone) {
        heardOf = isReady
        working.resume()
        silent.resume()
        // A child that dies while it is being told is heard of through `ended`.
        await Promise.race([send(method, payload, bytes).catch(() => {}), settled])
      }
      return await settled
    } finally {
      starting.pause()
      working.pause()
      silent.pause()
      signal.removeEventListener('abort', callOff)
      hear = () => {}
    }
  }

  return {
    pid: child.pid,
    ended,
    get jobs() {
      return jobs
    },
    get taken() {
      return taken
    },
    get gone() {
      return gone
    },
    reserve: () => {
      taken = true
      idle.abort()
    },
    free: () => {
      taken = false
      if (!gone) restWhenIdle()
    },
    run,
    kill,
  }
}

interface Timer {
  pause(): void
  resume(): void
  /** The whole time again; while paused. */
  restart(): void
}

/** Calls `expire` after `ms` of running time. Starts paused; pauses nest. */
function createTimer(clock: Clock, ms: number, expire: () => void): Timer {
  let leftMs = ms
  let pauses = 1
  let startedAt = 0
  let running = new AbortController()
  const pause = (): void => {
    if (pauses++ > 0) return
    running.abort()
    leftMs -= clock.now() - startedAt
  }
  const resume = (): void => {
    if (--pauses > 0) return
    running = new AbortController()
    startedAt = clock.now()
    clock.sleep(Math.max(0, leftMs), running.signal).then(expire, () => {})
  }
  const restart = (): void => {
    leftMs = ms
  }
  return { pause, resume, restart }
}
