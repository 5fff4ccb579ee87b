import { engineError } from '../../engines/engine.errors.ts'

/** Lets a few at a time through, and the rest wait in line; refuses at once where the line is full. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>

const RETRY_S = 10

export function createGate(atOnce: number, maxWaiting: number): Gate {
  const waiting: (() => void)[] = []
  let busy = 0
  return async (work) => {
    if (busy >= atOnce) {
      if (waiting.length >= maxWaiting)
        throw engineError('engine.busy', { seconds: RETRY_S }, { retryAfterMs: RETRY_S * 1000 })
      // Whoever leaves hands its place on, so `busy` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else busy++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else busy--
    }
  }
}
