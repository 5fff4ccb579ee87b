import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { SessionCookie } from './auth.cookie.ts'
import { authError } from './auth.errors.ts'
import type { Passwords } from './auth.passwords.ts'
import type { AuthTables } from './auth.tables.ts'

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

export interface OpenedSession {
  readonly id: string
  readonly user: string
  readonly setCookie: readonly string[]
}

/** Opens sessions through better-auth, which is loaded when the first one is opened. Whatever is wrong with the e-mail or the password, it takes the same time and rejects with `auth.bad_credentials`. */
export function createSessions(needs: SessionNeeds) {
  let loading: ReturnType<typeof load> | undefined
  return {
    async open(email: string, password: string, userAgent: string): Promise<OpenedSession> {
      loading ??= load(needs)
      const auth = await loading
      const body = { email, password }
      const headers = new Headers({ 'user-agent': userAgent })
      try {
        const opened = await auth.api.signInEmail({ body, headers, returnHeaders: true })
        const row = await needs.db
          .selectFrom('auth.session')
          .select('id')
          .where('token', '=', opened.response.token)
          .executeTakeFirstOrThrow()
        return { id: row.id, user: opened.response.user.id, setCookie: opened.headers.getSetCookie() }
      } catch (error) {
        if (!(error instanceof AppError) && isRefusal(error)) throw authError('auth.bad_credentials')
        throw error
      }
    },
  }
}

/** better-auth's APIError, known by its shape so that the library can be loaded late. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  'statusCode' in error &&
  typeof error.statusCode === 'number' &&
  error.statusCode < 500

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
  await instance.$context
  return instance
}
