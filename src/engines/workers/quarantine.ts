/** Remembers what ended children: two deaths, and a key is held for the life of the process. Bounded; the oldest are forgotten. */
export interface Quarantine {
  blame(key: string): void
  holds(key: string): boolean
  /** How many keys are held. */
  size(): number
}

const DEATHS = 2

export function createQuarantine(limit: number): Quarantine {
  const deaths = new Map<string, number>()
  return {
    blame(key) {
      const count = (deaths.get(key) ?? 0) + 1
      deaths.delete(key)
      deaths.set(key, count)
      const [oldest] = deaths.keys()
      if (deaths.size > limit && oldest !== undefined) deaths.delete(oldest)
    },
    holds: (key) => (deaths.get(key) ?? 0) >= DEATHS,
    size: () => [...deaths.values()].filter((count) => count >= DEATHS).length,
  }
}
