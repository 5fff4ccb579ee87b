import { engineError } from '../../engines/engine.errors.ts'
import type { Clock } from '../../kernel/clock.ts'

/** A bounded queue in front of an engine: so many at work, so many waiting, and the next one is told when to come back. */
export interface Lane {
  /** Rejects with `engine.busy` and its `retryAfterMs` where the queue is full. A patient caller, who is bounded elsewhere, may always wait. */
  run<T>(
    work: () => Promise<T>,
    how: { readonly signal: AbortSignal; readonly patient?: boolean },
  ): Promise<T>
  /** Throws as `run` would: to refuse before a body is read. */
  admit(): void
  readonly busy: number
}

export interface LaneSize {
  readonly slots: number
  readonly waiting: number
}

const FIRST_GUESS_MS = 10_000

export function createLane({ slots, waiting }: LaneSize, clock: Clock): Lane {
  const queue: (() => void)[] = []
  let working = 0
  let usualMs = FIRST_GUESS_MS

  const admit = () => {
    if (working < slots || queue.length < waiting) return
    const seconds = Math.min(600, Math.max(1, Math.ceil((usualMs * (queue.length + 1)) / slots / 1000)))
    throw engineError('engine.busy', { seconds }, { retryAfterMs: seconds * 1000 })
  }
  const turn = async (signal: AbortSignal) => {
    if (working < slots) {
      working += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        const place = queue.indexOf(enter)
        if (place >= 0) queue.splice(place, 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      queue.push(enter)
    })
  }
  // A slot that is given up goes to the next in the queue as it is.
  const done = () => {
    const next = queue.shift()
    if (next) next()
    else working -= 1
  }

  return {
    admit,
    get busy() {
      return working + queue.length
    },
    async run(work, { signal, patient = false }) {
      signal.throwIfAborted()
      if (!patient) admit()
      await turn(signal)
      const began = clock.now()
      try {
        return await work()
      } finally {
        usualMs = usualMs * 0.7 + (clock.now() - began) * 0.3
        done()
      }
    },
  }
}
