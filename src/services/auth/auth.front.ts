import type { FastifyInstance } from 'fastify'
import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { Call, Handlers } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import type { Mail } from '../../platform/mail/mail.ts'
import type { accountOperations, Security } from './accounts.contract.ts'
import type { Accounts } from './auth.accounts.ts'
import type { Audit } from './auth.audit.ts'
import type { SessionCookie } from './auth.cookie.ts'
import { createCredentials } from './auth.credentials.ts'
import { createDoor } from './auth.door.ts'
import { createErasing } from './auth.erasing.ts'
import { authError } from './auth.errors.ts'
import type { createIdentify } from './auth.identify.ts'
import { createInside } from './auth.inside.ts'
import type { createInvitations } from './auth.invitations.ts'
import { sendLetters } from './auth.letters.ts'
import { createLinks } from './auth.links.ts'
import { createOneTimes } from './auth.one-time.ts'
import { createPasskeys } from './auth.passkeys.ts'
import type { Passwords } from './auth.passwords.ts'
import { createResets } from './auth.resets.ts'
import { authRoutes } from './auth.routes.ts'
import { createSessions } from './auth.sessions.ts'
import { createSignUps } from './auth.sign-ups.ts'
import type { AuthStore } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import { type AuthLimits, createThrottle } from './auth.throttle.ts'
import { deriveSecret } from './auth.tokens.ts'
import { createTotp } from './auth.totp.ts'

export interface FrontNeeds {
  readonly db: Kysely<AuthTables>
  readonly store: AuthStore
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
  readonly accounts: Accounts
  readonly passwords: Passwords
  readonly invitations: ReturnType<typeof createInvitations>
  readonly identity: ReturnType<typeof createIdentify>
  readonly cookie: SessionCookie
  /** The city's own. */
  readonly secret: Secret
  readonly publicUrl: string
  readonly trustedOrigins: readonly string[]
  readonly cityName: string
  readonly signUp: 'invitation' | 'open'
  readonly mail: Mail | null
  readonly limits: AuthLimits
  /** Tells everybody that a session is gone. */
  revoked(principal: string, session: string): void
  /** Whose account a call is about. */
  self(call: Call): Promise<string>
}

/** Everything at the door and in one's own account, put together: the handlers of `accountOperations` and their routes. */
export function createFront(needs: FrontNeeds) {
  const { db, store, events, clock, ids, audit, accounts, cookie, publicUrl, cityName, mail, self } = needs
  const sessionSecret = deriveSecret(needs.secret, 'sessions')
  const throttle = createThrottle(db, clock, needs.limits)
  const oneTimes = createOneTimes({ db, clock, ids, secret: needs.secret })
  const credentials = createCredentials({ db, store, clock, passwords: needs.passwords, throttle })
  const sessions = createSessions({ ...needs, secret: sessionSecret })
  const totp = createTotp({ db, clock, secret: needs.secret, cityName, audit, credentials, throttle })
  const passkeys = createPasskeys({ db, clock, ids, audit, oneTimes, cityName, publicUrl })
  const links = createLinks({ db, clock, audit, oneTimes, throttle })
  const common = { db, events, clock, audit, credentials, oneTimes, mail: mail !== null }
  const signUps = createSignUps({ ...common, ids, accounts })
  const gone = (principal: string, ended: readonly string[]) => {
    for (const session of ended) needs.revoked(principal, session)
  }
  const resets = createResets({ ...common, store, publicUrl, revoked: gone })
  const door = createDoor({
    ...{ db, store, clock, accounts, credentials, sessions, signUps, resets, totp, passkeys, oneTimes },
    ...{ throttle, cookie, identity: needs.identity, secret: sessionSecret, revoked: needs.revoked },
    open: needs.signUp === 'open',
    mail: mail !== null,
  })
  const erase = createErasing({ db, events, clock, audit, credentials, identity: needs.identity })
  const inside = createInside({ db, store, audit, clock, resets, totp, passkeys, links, revoked: gone })
  if (mail) sendLetters({ db, store, events, clock, oneTimes, mail, publicUrl, cityName })

  /** A key, a service or a call within the process has no session. */
  const outside = async () => {
    throw authError('auth.session_needed')
  }
  const viewer = ({ principal }: Call) => {
    if (!principal) throw kernelError('auth.required')
    return principal
  }

  const handlers: Handlers<typeof accountOperations> = {
    welcome: (input, call) => door.welcome(input, call.requestId, null),
    signUp: (input, call) => door.signUp(input, call.requestId, null),
    confirmSignUp: (input, call) => door.confirmSignUp(input, call.requestId, null),
    signUps: async () => ({ items: await signUps.list() }),
    approveSignUp: ({ signUp }, call) => signUps.approve(signUp, call),
    async refuseSignUp({ signUp }, call) {
      await signUps.refuse(signUp, call)
      return { done: true }
    },
    signIn: (input) => door.signIn(input, null),
    signInTotp: (input, call) => door.signInTotp(input, call.requestId, null),
    passkeyQuestion: outside,
    signInPasskey: outside,
    signOut: () => door.signOut(null),
    me: async (_input, call) => door.me(await self(call), null, null),
    async changeMe(wish, call) {
      const principal = await self(call)
      await store.changeSelf(principal, wish, clock.now())
      needs.identity.forget()
      return door.me(principal, null, null)
    },
    async door() {
      const [owner, residents] = [await store.owner(), await store.countPeople()]
      const { signUp } = needs
      return { city: cityName, owned: owner !== null, residents, signUp, mail: mail !== null }
    },
    async security(_input, call): Promise<Security> {
      const principal = await self(call)
      const account = await store.accountById(principal)
      return {
        email: account?.email ?? null,
        emailVerified: account?.emailVerified ?? false,
        passwordChangedAt: account ? isoTime(account.passwordAt.getTime()) : null,
        totp: await totp.state(principal),
        passkeys: await passkeys.list(principal),
      }
    },
    async erase({ principal, password }, call) {
      await erase(principal, password, call)
      return { done: true }
    },
    changePassword: outside,
    forgotten: ({ email }, call) => door.forgotten(email, call.requestId, null),
    resetPassword: (input, call) => door.resetPassword(input, call.requestId, null),
    resets: async (_input, call) => ({ items: await resets.list(viewer(call)) }),
    resetLink: ({ reset }, call) => resets.link(reset, viewer(call), call),
    recover: ({ email }, call) => resets.recover(email, call),
    async askVerification(_input, call) {
      const principal = await self(call)
      await throttle.guess('verify', principal)
      await resets.askVerification(principal, call.requestId)
      return { done: true }
    },
    verifyEmail: ({ token }, call) => door.verifyEmail(token, call.requestId, null),
    sessions: async (_input, call) => ({ items: await sessions.list(await self(call), null) }),
    endSessions: outside,
    endSession: outside,
    beginTotp: outside,
    confirmTotp: outside,
    newRecoveryCodes: outside,
    removeTotp: outside,
    newPasskeyQuestion: outside,
    addPasskey: outside,
    removePasskey: outside,
    makeLinkCode: outside,
    unlink: outside,
    links: async (_input, call) => ({ items: await links.list(await self(call)) }),
    claimLink: (claim, call) => links.claim(claim, call.requestId),
    linked: async ({ provider, externalId }) => ({ principal: await links.find(provider, externalId) }),
    async invitation({ code }) {
      const { role, expiresAt, by } = await needs.invitations.look(code)
      return { city: cityName, role, expiresAt, by }
    },
  }

  return {
    handlers,
    routes: (app: FastifyInstance, authenticate: Authenticate) =>
      authRoutes(app, authenticate, { door, inside, sessions, publicUrl }),
    /** Drops what is over. */
    async sweep(): Promise<void> {
      await store.deleteExpired(clock.now())
      await throttle.sweep()
    },
  }
}
