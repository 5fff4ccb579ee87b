import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Call, Handlers } from '../../kernel/contract.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Secret } from '../../kernel/secret.ts'
import type { AnyTables } from '../../platform/database/database.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Service } from '../../platform/http/service.ts'
import type { Mail } from '../../platform/mail/mail.ts'
import { createAccounts } from './auth.accounts.ts'
import { consumeRightsChanged, createAudit, readAudit } from './auth.audit.ts'
import { authContract } from './auth.contract.ts'
import { sessionCookie } from './auth.cookie.ts'
import { authError } from './auth.errors.ts'
import { credentialRevoked } from './auth.events.ts'
import { createFront } from './auth.front.ts'
import { createIdentify } from './auth.identify.ts'
import { createInvitations } from './auth.invitations.ts'
import { createKeys } from './auth.keys.ts'
import { createPasswords } from './auth.passwords.ts'
import { createResidents } from './auth.residents.ts'
import { CUSTOM } from './auth.routes.ts'
import { createAuthStore } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import type { AuthLimits } from './auth.throttle.ts'
import { deriveSecret } from './auth.tokens.ts'

export interface AuthNeeds {
  readonly database: Kysely<AnyTables>
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  /** The city's own. Sessions and the one-time link end with it. */
  readonly secret: Secret
  /** Where browsers reach the city, without a slash at the end. */
  readonly publicUrl: string
  readonly trustedOrigins?: readonly string[]
  readonly cityName?: string
  /** Made the city's owner at start, where there is none. */
  readonly owner?: { readonly email: string; readonly password: Secret } | undefined
  /** Whether one comes in by invitation alone; so where nothing is said. */
  readonly signUp?: 'invitation' | 'open'
  /** Null where the city sends no letters. */
  readonly mail?: Mail | null
  /** Attempts to come in, a minute: 10 for an account and 30 from an address where nothing is said. */
  readonly limits?: AuthLimits
}

export interface AuthService extends Service<typeof authContract> {
  /** What opens `/welcome#…`: the same at every start until the city has its owner, then null. */
  welcomeToken(): Promise<Secret | null>
  /** The city's owner; null before there is one. */
  owner(): Promise<Principal | null>
}

const LIMITS: AuthLimits = { perAccount: 10, perAddress: 30 }

/** Accounts, sessions, API keys, invitations: who somebody is. What they may do is `auth.rights.ts`. */
export function createAuth(needs: AuthNeeds): AuthService {
  const { events, clock, ids, publicUrl, trustedOrigins = [], cityName = 'DAARION' } = needs
  const db = needs.database.withTables<AuthTables>()
  const cookie = sessionCookie(publicUrl)
  const secret = deriveSecret(needs.secret, 'sessions')
  const store = createAuthStore(db)
  const audit = createAudit(clock, ids)
  const passwords = createPasswords()
  const identity = createIdentify({ store, clock, secret, cookie })
  const accounts = createAccounts({
    db,
    store,
    events,
    clock,
    ids,
    audit,
    passwords,
    secret: needs.secret,
  })
  const invitations = createInvitations({ db, clock, ids, audit, publicUrl })
  const keys = createKeys({ db, clock, ids, audit })
  const residents = createResidents({ db, clock, audit, revoked })
  consumeRightsChanged({ db, events, audit })

  function revoked(principal: string, type: 'session' | 'key' | 'all' | 'role', id?: string): void {
    identity.forget()
    events.announce(credentialRevoked, { principal, type, ...(id !== undefined && { id }) })
  }
  const front = createFront({
    ...{ db, store, events, clock, ids, audit, accounts, passwords, invitations, identity, cookie },
    ...{ publicUrl, trustedOrigins, cityName, self },
    secret: needs.secret,
    signUp: needs.signUp ?? 'invitation',
    mail: needs.mail ?? null,
    limits: needs.limits ?? LIMITS,
    revoked: (principal, session) => revoked(principal, 'session', session),
  })
  let deaf: (() => void) | undefined

  const handlers: Handlers<typeof authContract> = {
    ...front.handlers,
    invite: (wish, call) => invitations.make(wish, call),
    invitations: async () => ({ items: await invitations.list() }),
    async revokeInvitation({ invitation }, call) {
      await invitations.revoke(invitation, call)
      return { done: true }
    },
    makeKey: async (wish, call) => keys.make(await self(call), wish, call),
    keys: async (_input, call) => ({ items: await keys.list(await self(call)) }),
    async revokeKey({ key }, call) {
      const principal = await self(call)
      await keys.revoke(principal, key, call.requestId)
      revoked(principal, 'key', key)
      return { done: true }
    },
    async residents({ limit, after }) {
      const items = await store.people(limit + 1, after)
      const next = items.length > limit ? items[limit - 1]?.id : undefined
      return { items: items.slice(0, limit), ...(next !== undefined && { next }) }
    },
    people: (question) => residents.list(question),
    changeResident: (wish, call) => residents.change(wish, call),
    handOver: ({ principal }, call) => residents.handOver(principal, call),
    audit: (question) => readAudit(db, question),
    identify: async (credentials) => identity.identify(credentials),
    principals: async ({ ids: wanted }) => ({ items: await store.principals(wanted) }),
    standing: async ({ ids: asked }) => ({ ids: await store.standing(asked, clock.now()) }),
    enrolAgent: (agent, call) => accounts.enrolAgent(agent, call.requestId),
  }

  /** Whose keys and account a call is about. The machine's operator, who is no person, stands in for the owner. */
  async function self({ principal }: Call): Promise<string> {
    if (!principal) throw kernelError('auth.required')
    if (principal.kind !== 'service') return principal.id
    const owner = await store.owner()
    if (!owner) throw authError('auth.no_owner')
    return owner.id
  }

  async function makeUnattendedOwner(email: string, password: Secret): Promise<void> {
    const account = { email, password: password.reveal(), name: email.replace(/@.*/, ''), locale: null }
    try {
      await accounts.makeOwner(account, null)
    } catch (error) {
      // Another process of this city was first.
      if (!(error instanceof AppError && error.code === 'auth.welcome_used')) throw error
    }
  }

  return {
    contract: authContract,
    handlers,
    custom: CUSTOM,
    routes: front.routes,
    async start() {
      // Revocations of other processes; this one's own are dropped where they happen.
      deaf ??= events.listen(credentialRevoked, () => identity.forget())
      await front.sweep()
      if (needs.owner && !(await store.owner()))
        await makeUnattendedOwner(needs.owner.email, needs.owner.password)
    },
    async stop() {
      deaf?.()
      deaf = undefined
      await identity.idle()
    },
    async welcomeToken() {
      const token = await accounts.welcomeToken()
      return token === null ? null : new Secret(token)
    },
    owner: () => store.owner(),
  }
}
