/** Those that may take so long each, watched by one timer for all of them: a timer for each costs every request. */
export interface Overdue<T> {
  /** Its time begins, anew where it runs. */
  begin(one: T): void
  over(one: T): void
}

const LOOKS = 10
const MOST_BETWEEN_MS = 1_000

/** Calls `end` once for each that was not over in time: late by a tenth of it, and by a second at most. */
export function createOverdue<T>(ms: number, end: (one: T) => void): Overdue<T> {
  // In the order in which their time began.
  const since = new Map<T, number>()
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const begunBefore = performance.now() - ms
    for (const [one, at] of since) {
      if (at > begunBefore) return
      since.delete(one)
      end(one)
    }
    if (since.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    begin(one) {
      since.delete(one)
      since.set(one, performance.now())
      timer ??= setInterval(look, Math.min(MOST_BETWEEN_MS, ms / LOOKS)).unref()
    },
    over(one) {
      since.delete(one)
    },
  }
}
