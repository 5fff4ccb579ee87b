import { type Kysely, sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { authError } from './auth.errors.ts'
import type { AuthTables } from './auth.tables.ts'
import { hashToken } from './auth.tokens.ts'

/** How many attempts a minute may bring. */
export interface AuthLimits {
  readonly perAccount: number
  readonly perAddress: number
}

const WINDOW_MS = 60_000
const HOUR_MS = 3600_000
/** What else is guessed at or asked for, and how much of an account's minute it may have in how long: six digits and letters to one address are few even in an hour. */
const GUESSES = {
  password: { share: 1, windowMs: WINDOW_MS },
  link: { share: 1, windowMs: WINDOW_MS },
  // A whole meeting may come by one invitation.
  invitation: { share: 3, windowMs: WINDOW_MS },
  totp: { share: 2, windowMs: HOUR_MS },
  forgotten: { share: 0.5, windowMs: HOUR_MS },
  sign_up: { share: 0.5, windowMs: HOUR_MS },
  verify: { share: 0.5, windowMs: HOUR_MS },
} as const
const SWEEP_EVERY = 500

export type Throttle = ReturnType<typeof createThrottle>

/** Counts attempts before they are tried, so that many at once gain nothing; in the database, so that every process of the city counts together. Rejects with `auth.throttled`. */
export function createThrottle(db: Kysely<AuthTables>, clock: Clock, limits: AuthLimits) {
  let counted = 0

  async function count(key: string, limit: number, windowMs = WINDOW_MS): Promise<void> {
    const now = clock.now()
    if (++counted % SWEEP_EVERY === 0) await sweep()
    const started = sql<boolean>`auth.attempt.reset_at <= ${new Date(now)}`
    const fresh = new Date(now + windowMs)
    const row = await db
      .insertInto('auth.attempt')
      .values({ key, count: 1, reset_at: fresh })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({
          count: sql<number>`case when ${started} then 1 else least(auth.attempt.count, 1000000) + 1 end`,
          reset_at: sql<Date>`case when ${started} then excluded.reset_at else auth.attempt.reset_at end`,
        }),
      )
      .returning(['count', 'reset_at'])
      .executeTakeFirstOrThrow()
    if (row.count <= limit) return
    const seconds = Math.max(1, Math.ceil((row.reset_at.getTime() - now) / 1000))
    throw authError('auth.throttled', { seconds }, { retryAfterMs: seconds * 1000 })
  }

  /** Drops windows that are over. */
  async function sweep(): Promise<void> {
    await db.deleteFrom('auth.attempt').where('reset_at', '<', new Date(clock.now())).execute()
  }

  const accountKey = (email: string) => `account:${hashToken(email)}`
  return {
    sweep,
    address: (address: string) => count(`address:${networkOf(address)}`, limits.perAddress),
    account: (email: string) => count(accountKey(email), limits.perAccount),
    /** The right password was given: its account starts anew. */
    async forgive(email: string): Promise<void> {
      await db.deleteFrom('auth.attempt').where('key', '=', accountKey(email)).execute()
    },
    /** Guesses at something else that belongs to one, and letters to one: a second step, a code, a link. */
    guess(what: keyof typeof GUESSES, whose: string): Promise<void> {
      const { share, windowMs } = GUESSES[what]
      const limit = Math.max(1, Math.ceil(limits.perAccount * share))
      return count(`${what}:${hashToken(whose)}`, limit, windowMs)
    },
  }
}

/** Whoever has one IPv6 address has all of its /64. */
function networkOf(address: string): string {
  if (!address.includes(':') || /^::ffff:\d+\./i.test(address)) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail ? tail.split(':') : []
  const gap = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...gap, ...right].slice(0, 4).join(':')
}
