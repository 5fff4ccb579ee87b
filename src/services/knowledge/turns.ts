/** Makes work under the same key go one after another, in this process. */
export interface Turns {
  /** Rejects when the signal aborts before the turn comes. */
  run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    async run(key, signal, work) {
      const before = last.get(key) ?? Promise.resolve()
      const mine = before.then(() => {
        signal.throwIfAborted()
        return work()
      })
      const settled = mine.catch(() => {})
      last.set(key, settled)
      try {
        return await mine
      } finally {
        if (last.get(key) === settled) last.delete(key)
      }
    },
  }
}
