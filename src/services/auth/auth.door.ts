import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Secret } from '../../kernel/secret.ts'
import { httpError } from '../../platform/http/http.errors.ts'
import type { SecondStep, UsedPasskey, Waiting } from './accounts.contract.ts'
import type { Accounts, NewAccount } from './auth.accounts.ts'
import type { SessionCookie } from './auth.cookie.ts'
import type { Credentials } from './auth.credentials.ts'
import { authError } from './auth.errors.ts'
import type { createIdentify, Identified } from './auth.identify.ts'
import type { OneTimes } from './auth.one-time.ts'
import type { Passkeys } from './auth.passkeys.ts'
import type { Resets } from './auth.resets.ts'
import { SESSION_SECONDS, type Sessions } from './auth.sessions.ts'
import type { SignUps } from './auth.sign-ups.ts'
import type { AuthStore } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import type { Throttle } from './auth.throttle.ts'
import { sign } from './auth.tokens.ts'
import type { Totp } from './auth.totp.ts'
import type { Me } from './door.contract.ts'

/** The browser at the door. In a call within the process there is none: then accounts are made and passwords checked, and no session opens. */
export interface Visitor {
  readonly address: string
  readonly userAgent: string
  readonly locale: 'uk' | 'en' | null
  readonly cookie: string | undefined
  /** The origin of the page that asks. */
  readonly origin: string
  setCookie(value: string): void
}

export interface DoorNeeds {
  readonly db: Kysely<AuthTables>
  readonly store: AuthStore
  readonly clock: Clock
  readonly accounts: Accounts
  readonly credentials: Credentials
  readonly sessions: Sessions
  readonly signUps: SignUps
  readonly resets: Resets
  readonly totp: Totp
  readonly passkeys: Passkeys
  readonly oneTimes: OneTimes
  readonly identity: ReturnType<typeof createIdentify>
  readonly throttle: Throttle
  readonly cookie: SessionCookie
  /** Signs the cookies. */
  readonly secret: Secret
  /** Whether people may ask to come in without an invitation. */
  readonly open: boolean
  /** Whether the city can send letters: then an address proves itself before its account is made. */
  readonly mail: boolean
  /** Tells everybody that a session is gone. */
  revoked(principal: string, session: string): void
}

const RENEW_AFTER_MS = 24 * 3600 * 1000
const SECOND_STEP_MS = 5 * 60_000

type Account = Omit<NewAccount, 'locale'>
type SignUpWish = Omit<Account, 'password'> & { code?: string | undefined; password?: string | undefined }
export type Door = ReturnType<typeof createDoor>

/** Coming in and going out: what sets the session's cookie. Attempts are counted first, by address and by account, and nothing here tells whether an account exists. */
export function createDoor(needs: DoorNeeds) {
  const { db, store, clock, accounts, credentials, sessions, identity, throttle, cookie, secret } = needs
  const { signUps, resets, totp, passkeys, oneTimes } = needs

  async function me(principal: string): Promise<Me> {
    const self = await store.self(principal)
    if (!self) throw httpError('auth.bad_credential')
    return self
  }

  /** Lets in whoever has proved who they are. */
  async function enter(principal: string, visitor: Visitor | null): Promise<Me> {
    const self = await store.self(principal)
    if (!self) throw authError('auth.bad_credentials')
    if (visitor) visitor.setCookie((await sessions.open(principal, visitor)).cookie)
    return self
  }

  const knock = async (visitor: Visitor | null) => {
    if (visitor) await throttle.address(visitor.address)
  }
  const localeOf = (visitor: Visitor | null) => visitor?.locale ?? null

  return {
    async welcome(
      input: Account & { token: string },
      requestId: string,
      visitor: Visitor | null,
    ): Promise<Me> {
      await knock(visitor)
      const { token, ...account } = input
      const { id } = await accounts.welcome(token, { ...account, locale: localeOf(visitor) }, requestId)
      return enter(id, visitor)
    },

    async signUp(
      { code, password, ...given }: SignUpWish,
      requestId: string,
      visitor: Visitor | null,
    ): Promise<Me | Waiting> {
      await knock(visitor)
      const locale = localeOf(visitor)
      if (code === undefined && !needs.open) throw authError('auth.sign_up_closed')
      if (!needs.mail && password === undefined) throw authError('auth.password_missing')
      if (code !== undefined) await throttle.guess('invitation', code)
      // Where letters can be sent, nobody who holds a code learns by it who lives here.
      if (code !== undefined && password !== undefined && !needs.mail)
        return enter((await accounts.signUp(code, { ...given, password, locale }, requestId)).id, visitor)
      await throttle.guess('sign_up', given.email.toLowerCase())
      return signUps.ask({ ...given, password: password ?? null, locale }, requestId, code)
    },

    async confirmSignUp(
      { token, password }: { token: string; password: string },
      requestId: string,
      visitor: Visitor | null,
    ): Promise<{ done: true }> {
      await knock(visitor)
      await signUps.confirm(token, password, requestId)
      return { done: true }
    },

    async signIn(
      given: { email: string; password: string },
      visitor: Visitor | null,
    ): Promise<Me | SecondStep> {
      const email = given.email.trim().toLowerCase()
      await knock(visitor)
      await throttle.account(email)
      const { id } = await credentials.check(email, given.password)
      await throttle.forgive(email)
      if (!(await totp.state(id))) return enter(id, visitor)
      const step = await oneTimes.make(db, { kind: 'second_step', principal: id, forMs: SECOND_STEP_MS })
      return { next: 'totp', ticket: oneTimes.token('second_step', step.id) }
    },

    async signInTotp(
      { ticket, code }: { ticket: string; code: string },
      requestId: string,
      visitor: Visitor | null,
    ): Promise<Me> {
      await knock(visitor)
      const step = await oneTimes.look('second_step', ticket)
      if (!step?.principal) throw authError('auth.step_over')
      await throttle.guess('totp', step.principal)
      if (!(await totp.take(step.principal, code, requestId))) throw authError('auth.wrong_code')
      if (!(await oneTimes.take(db, 'second_step', ticket))) throw authError('auth.step_over')
      return enter(step.principal, visitor)
    },

    async passkeyQuestion(visitor: Visitor) {
      await knock(visitor)
      return passkeys.question(visitor.origin)
    },

    async signInPasskey(
      { ticket, response }: { ticket: string; response: UsedPasskey },
      visitor: Visitor,
    ): Promise<Me> {
      await knock(visitor)
      return enter(await passkeys.check(ticket, response, visitor.origin), visitor)
    },

    async forgotten(email: string, requestId: string, visitor: Visitor | null) {
      await knock(visitor)
      const address = email.trim().toLowerCase()
      await throttle.guess('forgotten', address)
      return resets.forgotten(address, requestId)
    },

    async resetPassword(
      { token, password }: { token: string; password: string },
      requestId: string,
      visitor: Visitor | null,
    ): Promise<{ done: true }> {
      await knock(visitor)
      await resets.reset(token, password, requestId)
      return { done: true }
    },

    async verifyEmail(token: string, requestId: string, visitor: Visitor | null): Promise<{ done: true }> {
      await knock(visitor)
      await resets.verify(token, requestId)
      return { done: true }
    },

    async signOut(visitor: Visitor | null): Promise<{ done: true }> {
      const known = visitor && (await identity.identify({ cookie: visitor.cookie }))
      if (known) {
        await store.deleteSession(known.credential.id)
        needs.revoked(known.principal.id, known.credential.id)
      }
      visitor?.setCookie(cookie.write('', 0))
      return { done: true }
    },

    /** Who this is. A browser that still comes keeps its session: once a day it is made to last anew. */
    async me(principal: string, credential: Identified['credential'] | null, visitor: Visitor | null) {
      if (visitor && credential?.type === 'session') {
        const until = clock.now() + SESSION_SECONDS * 1000
        const token = await store.renewSession(credential.id, until, until - RENEW_AFTER_MS)
        if (token !== null) visitor.setCookie(cookie.write(sign(token, secret), SESSION_SECONDS))
      }
      return me(principal)
    },
  }
}
