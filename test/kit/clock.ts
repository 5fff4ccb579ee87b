import type { Clock } from '../../src/kernel/clock.ts'

/** A clock that stands until it is turned. */
export interface HandClock extends Clock {
  /** Turns it on by `ms`, waking in order whoever sleeps until then. Between two wakers the event loop gets a turn, so that what they start happens at its own time. */
  advance(ms: number): Promise<void>
  /** How many sleep now. */
  readonly sleepers: number
}

interface Sleeper {
  readonly at: number
  wake(): void
}

/** Makes a clock that begins at a fixed moment: noon of 1 May 2026, UTC. */
export function handClock(start = Date.UTC(2026, 4, 1, 12)): HandClock {
  let now = start
  const sleepers = new Set<Sleeper>()
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    get sleepers() {
      return sleepers.size
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const stop = () => {
          sleepers.delete(sleeper)
          reject(signal?.reason)
        }
        const sleeper: Sleeper = {
          at: now + Math.max(0, ms),
          wake() {
            sleepers.delete(sleeper)
            signal?.removeEventListener('abort', stop)
            resolve()
          },
        }
        signal?.addEventListener('abort', stop, { once: true })
        sleepers.add(sleeper)
      }),
    async advance(ms) {
      const until = now + ms
      for (;;) {
        const next = [...sleepers].sort((a, b) => a.at - b.at)[0]
        if (!next || next.at > until) break
        now = Math.max(now, next.at)
        next.wake()
        await turn()
      }
      now = until
      await turn()
    },
  }
}
