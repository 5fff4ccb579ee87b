import { type Kysely, sql } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Session } from './accounts.contract.ts'
import type { SessionCookie } from './auth.cookie.ts'
import { deviceOf } from './auth.device.ts'
import type { Passwords } from './auth.passwords.ts'
import type { AuthTransaction } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import { sign } from './auth.tokens.ts'

/** A session lasts this long after it was last renewed. */
export const SESSION_SECONDS = 30 * 24 * 3600

export interface SessionNeeds {
  readonly db: Kysely<AuthTables>
  readonly clock: Clock
  readonly ids: Ids
  /** Signs the cookies. */
  readonly secret: Secret
  readonly publicUrl: string
  readonly trustedOrigins: readonly string[]
  readonly cookie: SessionCookie
  readonly passwords: Passwords
}

/** A session that was just opened; `cookie` is the `Set-Cookie` that hands it over. */
export interface OpenedSession {
  readonly id: string
  readonly cookie: string
}

export interface Browser {
  readonly address: string
  readonly userAgent: string
}

export type Sessions = ReturnType<typeof createSessions>
const SHOWN = 200

/** Opens, lists and ends sessions. better-auth opens them, and is loaded when the first one is opened. */
export function createSessions(needs: SessionNeeds) {
  const { db, clock, secret, cookie } = needs
  let loading: ReturnType<typeof load> | undefined
  return {
    async open(principal: string, browser: Browser): Promise<OpenedSession> {
      loading ??= load(needs)
      const { internalAdapter } = await loading
      const { address: ipAddress, userAgent } = browser
      const { id, token } = await internalAdapter.createSession(principal, false, { ipAddress, userAgent })
      return { id, cookie: cookie.write(sign(token, secret), SESSION_SECONDS) }
    },

    /** Those that are open, the one last seen first; at most 200. `current` is the asker's own. */
    async list(principal: string, current: string | null): Promise<Session[]> {
      const rows = await db
        .selectFrom('auth.session')
        .select(['id', 'user_agent', 'ip_address', 'created_at', 'last_seen_at'])
        .where('user_id', '=', principal)
        .where('expires_at', '>', new Date(clock.now()))
        .orderBy(sql`coalesce(last_seen_at, created_at)`, 'desc')
        .orderBy('id', 'desc')
        .limit(SHOWN)
        .execute()
      return rows.map((row) => ({
        id: row.id,
        ...deviceOf(row.user_agent),
        address: row.ip_address || null,
        createdAt: isoTime(row.created_at.getTime()),
        lastSeenAt: isoTime((row.last_seen_at ?? row.created_at).getTime()),
        current: row.id === current,
      }))
    },
  }
}

/** Ends sessions of a principal: one, or all but one, or all. Answers with those that were open, for `revoked`. */
export async function endSessions(
  tx: AuthTransaction,
  principal: string,
  which: { readonly only?: string; readonly except?: string | null },
): Promise<string[]> {
  const { only, except } = which
  const rows = await tx
    .deleteFrom('auth.session')
    .where('user_id', '=', principal)
    .$if(only !== undefined, (q) => q.where('id', '=', only ?? ''))
    .$if(typeof except === 'string', (q) => q.where('id', '<>', except ?? ''))
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

const PREFIX: Readonly<Record<string, string>> = { user: 'person' }

async function load({ db, clock, ids, secret, publicUrl, trustedOrigins, cookie, passwords }: SessionNeeds) {
  const { betterAuth } = await import('better-auth')
  const stamps = { createdAt: 'created_at', updatedAt: 'updated_at' }
  const instance = betterAuth({
    database: { db, type: 'postgres', schemaName: 'auth' },
    secret: secret.reveal(),
    baseURL: publicUrl,
    trustedOrigins: [...trustedOrigins],
    logger: { disabled: true },
    telemetry: { enabled: false },
    // Attempts are counted by our own throttle, for all processes at once.
    rateLimit: { enabled: false },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 10,
      maxPasswordLength: 256,
      password: passwords,
    },
    user: { fields: { ...stamps, emailVerified: 'email_verified' } },
    account: {
      fields: {
        ...stamps,
        accountId: 'account_id',
        providerId: 'provider_id',
        userId: 'user_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
      },
    },
    session: {
      expiresIn: SESSION_SECONDS,
      fields: {
        ...stamps,
        userId: 'user_id',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
      },
    },
    verification: { fields: { ...stamps, expiresAt: 'expires_at' } },
    advanced: {
      database: {
        generateId: ({ model }) => ids.make(PREFIX[model] ?? model),
        // The tables are our migration's, and the tests sign in over them.
        validateSchema: false,
      },
      cookies: { session_token: { name: cookie.name.replace(/^__Secure-/, '') } },
      useSecureCookies: publicUrl.startsWith('https:'),
      ipAddress: { disableIpTracking: true },
    },
    databaseHooks: {
      session: {
        create: {
          // Sessions live by the city's clock.
          before: async (session) => {
            const now = clock.now()
            const expiresAt = new Date(now + SESSION_SECONDS * 1000)
            return { data: { ...session, expiresAt, createdAt: new Date(now), updatedAt: new Date(now) } }
          },
        },
      },
    },
  })
  return await instance.$context
}
