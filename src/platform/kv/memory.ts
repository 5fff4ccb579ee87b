import type { Clock } from '../../kernel/clock.ts'
import type { Kv } from './kv.ts'

const ENTRIES = 100_000

interface Entry {
  value: string
  readonly until: number
}

/** Keeps at most `entries` values in this process; the ones set longest ago go first. */
export function memoryKv(clock: Clock, entries = ENTRIES): Kv {
  const held = new Map<string, Entry>()

  function alive(key: string): Entry | undefined {
    const entry = held.get(key)
    if (!entry || entry.until > clock.now()) return entry
    held.delete(key)
    return undefined
  }

  function put(key: string, entry: Entry): void {
    held.delete(key)
    held.set(key, entry)
    for (const oldest of held.keys()) {
      if (held.size <= entries) return
      held.delete(oldest)
    }
  }

  return {
    driver: 'memory',
    get: async (key) => alive(key)?.value ?? null,
    set: async (key, value, ttlMs) => put(key, { value, until: clock.now() + ttlMs }),
    async delete(key) {
      held.delete(key)
    },
    async increment(key, ttlMs) {
      const entry = alive(key) ?? { value: '0', until: clock.now() + ttlMs }
      const count = Number(entry.value) + 1
      entry.value = String(count)
      if (!held.has(key)) put(key, entry)
      return { count, resetMs: entry.until - clock.now() }
    },
    ping: async () => undefined,
    async [Symbol.asyncDispose]() {
      held.clear()
    },
  }
}
