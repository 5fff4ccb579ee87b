import { engineError } from '../../engines/engine.errors.ts'
import type { Clock } from '../../kernel/clock.ts'

/** A bounded queue in front of an engine: so many at work, so many waiting, and the next one is told when to come back. */
export interface Lane {
  /** Rejects with `engine.busy` and its `retryAfterMs` where the queue, or the asker's share of it, is full. A patient caller, who is bounded elsewhere, may always wait. */
  run<T>(work: () => Promise<T>, how: Turn & { readonly signal: AbortSignal }): Promise<T>
  /** Throws as `run` would: to refuse before a body is read. */
  admit(share?: string): void
  readonly busy: number
  readonly waiting: number
}

export interface Turn {
  readonly patient?: boolean | undefined
  /** Whose work it is. Turns go round among those who wait, and nobody holds more than half of the queue. */
  readonly share?: string | undefined
  /** Work nobody watches: its turn comes when no other waits. */
  readonly bulk?: boolean | undefined
}

export interface LaneSize {
  readonly slots: number
  readonly waiting: number
}

interface Waiter {
  readonly share: string
  readonly bulk: boolean
  readonly patient: boolean
  enter(): void
}

const FIRST_GUESS_MS = 10_000

export function createLane({ slots, waiting }: LaneSize, clock: Clock): Lane {
  const queue: Waiter[] = []
  /** When each share last got a turn, by count; only of those who wait or work. */
  const turns = new Map<string, number>()
  let turn = 0
  let working = 0
  let usualMs = FIRST_GUESS_MS

  const admit = (share = '') => {
    if (working < slots) return
    const counted = queue.filter(({ patient }) => !patient)
    const own = counted.filter((one) => one.share === share).length
    if (counted.length < waiting && own < Math.ceil(waiting / 2)) return
    const seconds = Math.min(600, Math.max(1, Math.ceil((usualMs * (queue.length + 1)) / slots / 1000)))
    throw engineError('engine.busy', { seconds }, { retryAfterMs: seconds * 1000 })
  }
  const enterAs = (share: string) => {
    turns.set(share, ++turn)
    const waits = new Set(queue.map((one) => one.share))
    for (const known of turns.keys()) if (known !== share && !waits.has(known)) turns.delete(known)
  }
  const wait = async (how: Turn, signal: AbortSignal) => {
    const { share = '', bulk = false, patient = false } = how
    if (working < slots) {
      working += 1
      enterAs(share)
      return
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        share,
        bulk,
        patient,
        enter() {
          signal.removeEventListener('abort', leave)
          enterAs(share)
          resolve()
        },
      }
      const leave = () => {
        const place = queue.indexOf(waiter)
        if (place >= 0) queue.splice(place, 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      queue.push(waiter)
    })
  }
  /** Watched work first; of that, whose last turn is longest ago; of those, who came first. */
  const next = (): Waiter | undefined => {
    const rank = ({ bulk, share }: Waiter) =>
      (bulk ? 1 : 0) * Number.MAX_SAFE_INTEGER + (turns.get(share) ?? 0)
    let best = 0
    for (const [place, waiter] of queue.entries()) {
      const leading = queue[best]
      if (leading && rank(waiter) < rank(leading)) best = place
    }
    return queue.splice(best, 1)[0]
  }
  // A slot that is given up goes on as it is.
  const done = () => {
    const waiter = next()
    if (waiter) waiter.enter()
    else working -= 1
  }

  return {
    admit,
    get busy() {
      return working + queue.length
    },
    get waiting() {
      return queue.length
    },
    async run(work, how) {
      how.signal.throwIfAborted()
      if (!how.patient) admit(how.share)
      await wait(how, how.signal)
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
