import type { Clock } from '../../kernel/clock.ts'
import type { Secret } from '../../kernel/secret.ts'
import { httpError } from '../../platform/http/http.errors.ts'
import type { Accounts, NewAccount } from './auth.accounts.ts'
import type { Me } from './auth.contract.ts'
import type { SessionCookie } from './auth.cookie.ts'
import { authError } from './auth.errors.ts'
import type { createIdentify, Identified } from './auth.identify.ts'
import { type createSessions, SESSION_SECONDS } from './auth.sessions.ts'
import type { AuthStore } from './auth.store.ts'
import type { Throttle } from './auth.throttle.ts'
import { sign } from './auth.tokens.ts'

/** The browser at the door. In a call within the process there is none: then accounts are made and passwords checked, and no session opens. */
export interface Visitor {
  readonly address: string
  readonly userAgent: string
  readonly locale: 'uk' | 'en' | null
  readonly cookie: string | undefined
  setCookie(value: string): void
}

export interface DoorNeeds {
  readonly store: AuthStore
  readonly clock: Clock
  readonly accounts: Accounts
  readonly sessions: ReturnType<typeof createSessions>
  readonly identity: ReturnType<typeof createIdentify>
  readonly throttle: Throttle
  readonly cookie: SessionCookie
  /** Signs the cookies. */
  readonly secret: Secret
  /** Tells everybody that a session is gone. */
  revoked(principal: string, session: string): void
}

const RENEW_AFTER_MS = 24 * 3600 * 1000

type Credentials = Pick<NewAccount, 'email' | 'password'>
type Arrival = Omit<NewAccount, 'locale'> & { readonly token: string }
export type Door = ReturnType<typeof createDoor>

/** Coming in and going out: what sets the session's cookie. */
export function createDoor(needs: DoorNeeds) {
  const { store, clock, accounts, sessions, identity, throttle, cookie, secret } = needs

  async function me(principal: string): Promise<Me> {
    const self = await store.self(principal)
    if (!self) throw httpError('auth.bad_credential')
    return self
  }

  async function enter({ email, password }: Credentials, visitor: Visitor | null): Promise<Me> {
    const opened = await sessions.open(email.trim().toLowerCase(), password, visitor?.userAgent ?? '')
    const self = await store.self(opened.user)
    if (!self || !visitor) await store.deleteSession(opened.id)
    if (!self) throw authError('auth.bad_credentials')
    for (const value of opened.setCookie) visitor?.setCookie(value)
    return self
  }

  return {
    async welcome({ token, ...account }: Arrival, requestId: string, visitor: Visitor | null): Promise<Me> {
      if (visitor) await throttle.address(visitor.address)
      const { id } = await accounts.welcome(token, { ...account, locale: visitor?.locale ?? null }, requestId)
      return visitor ? enter(account, visitor) : me(id)
    },

    async signUp({ token, ...account }: Arrival, requestId: string, visitor: Visitor | null): Promise<Me> {
      if (visitor) await throttle.address(visitor.address)
      const { id } = await accounts.signUp(token, { ...account, locale: visitor?.locale ?? null }, requestId)
      return visitor ? enter(account, visitor) : me(id)
    },

    async signIn(credentials: Credentials, visitor: Visitor | null): Promise<Me> {
      const email = credentials.email.trim().toLowerCase()
      if (visitor) await throttle.address(visitor.address)
      await throttle.account(email)
      const self = await enter(credentials, visitor)
      await throttle.forgive(email)
      return self
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
