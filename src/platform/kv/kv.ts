/** Small shared values that may be lost: counters, presence, caches. Memory or Redis. */
export interface Kv extends AsyncDisposable {
  readonly driver: 'memory' | 'redis'
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  delete(key: string): Promise<void>
  /** Adds one and says the new count; the window begins with the first. */
  increment(key: string, ttlMs: number): Promise<{ count: number; resetMs: number }>
  ping(): Promise<void>
}
