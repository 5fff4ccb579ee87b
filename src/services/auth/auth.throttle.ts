import type { Kv } from '../../platform/kv/kv.ts'
import { authError } from './auth.errors.ts'
import { hashToken } from './auth.tokens.ts'

/** How many attempts a minute may bring. */
export interface AuthLimits {
  readonly perAccount: number
  readonly perAddress: number
}

const WINDOW_MS = 60_000

export type Throttle = ReturnType<typeof createThrottle>

/** Counts attempts before they are tried, so that many at once gain nothing. Rejects with `auth.throttled`. */
export function createThrottle(kv: Kv, limits: AuthLimits) {
  async function count(key: string, limit: number): Promise<void> {
    const { count, resetMs } = await kv.increment(key, WINDOW_MS)
    if (count <= limit) return
    const seconds = Math.max(1, Math.ceil(resetMs / 1000))
    throw authError('auth.throttled', { seconds }, { retryAfterMs: seconds * 1000 })
  }
  const accountKey = (email: string) => `auth:account:${hashToken(email)}`
  return {
    address: (address: string) => count(`auth:address:${address}`, limits.perAddress),
    account: (email: string) => count(accountKey(email), limits.perAccount),
    /** The right password was given: its account starts anew. */
    forgive: (email: string) => kv.delete(accountKey(email)),
  }
}
