import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { CityRole, Principal } from '../../kernel/principal.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Audit } from './auth.audit.ts'
import { authError } from './auth.errors.ts'
import { residentJoined } from './auth.events.ts'
import { takeInvitation } from './auth.invitations.ts'
import type { Passwords } from './auth.passwords.ts'
import { type AuthStore, type AuthTransaction, principalOf } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import { deriveSecret, deriveToken, makeToken, sameText } from './auth.tokens.ts'

export interface AccountNeeds {
  readonly db: Kysely<AuthTables>
  readonly store: AuthStore
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
  readonly passwords: Passwords
  /** The city's own. */
  readonly secret: Secret
}

export interface NewAccount {
  readonly email: string
  readonly password: string
  readonly name: string
  readonly locale: 'uk' | 'en' | null
}

/** An account whose password is hashed already, and how it comes to be. */
export interface Arrival extends Omit<NewAccount, 'password'> {
  /** Null where none was set yet: then a link is the way in. */
  readonly hash: string | null
  readonly role: CityRole
  readonly emailVerified?: boolean
  /** Who did it; the person themselves where nobody is named. */
  readonly actor?: string | null
  readonly action: 'owner.made' | 'resident.made' | 'sign_up.approved'
  readonly requestId: string | null
  readonly invitation?: { readonly id: string; readonly room: string | null; readonly madeBy: string }
}

export interface NewAgent {
  readonly id: string
  readonly name: string
}

export type Accounts = ReturnType<typeof createAccounts>

/** Makes principals. An account's rows (principal, e-mail, better-auth's user and password), its audit entry and `auth.resident_joined` stand or fall together, so no crash leaves half of one. */
export function createAccounts(needs: AccountNeeds) {
  const { db, store, events, clock, ids, audit, passwords } = needs
  const welcomeSecret = deriveSecret(needs.secret, 'welcome')

  async function welcomeToken(): Promise<string | null> {
    const nonce = await store.welcomeNonce(makeToken())
    return nonce === null ? null : deriveToken(nonce, welcomeSecret)
  }

  async function makeOwner(account: NewAccount, requestId: string | null): Promise<Principal> {
    await store.welcomeNonce(makeToken())
    const hash = await passwords.hash(account.password)
    return db.transaction().execute(async (tx) => {
      const used = await tx
        .updateTable('auth.welcome')
        .set({ used_at: new Date(clock.now()) })
        .where('used_at', 'is', null)
        .executeTakeFirst()
      if (used.numUpdatedRows === 0n) throw authError('auth.welcome_used')
      return insert(tx, { ...account, hash, role: 'owner', action: 'owner.made', requestId })
    })
  }

  async function insert(tx: AuthTransaction, arrival: Arrival): Promise<Principal> {
    const { hash, role, name, locale, emailVerified = false, invitation, requestId } = arrival
    const id = ids.make('person')
    const now = new Date(clock.now())
    const email = arrival.email.toLowerCase()
    const stamps = { created_at: now, updated_at: now }
    const principal: Principal = { id, kind: 'person', name, role }
    await tx
      .insertInto('auth.principal')
      .values({ ...principal, locale, created_at: now })
      .execute()
    const user = await tx
      .insertInto('auth.user')
      .values({ id, name, email, email_verified: emailVerified, ...stamps })
      .onConflict((conflict) => conflict.column('email').doNothing())
      .executeTakeFirst()
    if (user.numInsertedOrUpdatedRows === 0n) throw authError('auth.email_taken')
    await tx
      .insertInto('auth.identity')
      .values({ provider: 'email', external_id: email, principal: id, created_at: now })
      .execute()
    await tx
      .insertInto('auth.account')
      .values({
        id: ids.make('account'),
        account_id: id,
        provider_id: 'credential',
        user_id: id,
        password: hash,
        ...stamps,
      })
      .execute()
    await audit(tx, {
      actor: arrival.actor === undefined ? id : arrival.actor,
      action: arrival.action,
      subject: id,
      detail: { role, invitation: invitation?.id ?? null },
      requestId,
    })
    const room = invitation?.room != null && { room: invitation.room, invitedBy: invitation.madeBy }
    await events.append(tx, {
      type: residentJoined,
      data: { principal, ...(room && room) },
      principal: id,
      ...(requestId !== null && { requestId }),
    })
    return principal
  }

  return {
    /** The token of the one-time link: the same one until it is used, then null. It is not stored, only made again. */
    welcomeToken,

    /** Makes the owner. Rejects with `auth.welcome_used` once there is one, also when two come at once. */
    makeOwner,

    /** The same, for whoever holds the one-time token. */
    async welcome(token: string, account: NewAccount, requestId: string): Promise<Principal> {
      const right = await welcomeToken()
      if (right === null) throw authError('auth.welcome_used')
      if (!sameText(token, right)) throw authError('auth.welcome_refused')
      return makeOwner(account, requestId)
    },

    /** Rejects with `auth.invitation_refused` where the code opens nothing, after as much work as where it does. */
    async signUp(code: string, account: NewAccount, requestId: string): Promise<Principal> {
      const hash = await passwords.hash(account.password)
      return db.transaction().execute(async (tx) => {
        const taken = await takeInvitation(tx, { code }, clock.now())
        if (!taken) throw authError('auth.invitation_refused')
        const { id, role, room, made_by: madeBy } = taken
        const invitation = { id, room, madeBy }
        return insert(tx, { ...account, hash, role, action: 'resident.made', requestId, invitation })
      })
    },

    /** Makes an account in the caller's transaction. */
    insert,

    async enrolAgent({ id, name }: NewAgent, requestId: string): Promise<Principal> {
      return db.transaction().execute(async (tx) => {
        const made = await tx
          .insertInto('auth.principal')
          .values({ id, kind: 'agent', name, role: 'resident', created_at: new Date(clock.now()) })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst()
        const row = await tx
          .updateTable('auth.principal')
          .set({ name })
          .where('id', '=', id)
          .where('kind', '=', 'agent')
          .returningAll()
          .executeTakeFirst()
        if (!row) throw authError('auth.id_taken', { id })
        if (made.numInsertedOrUpdatedRows !== 0n)
          await audit(tx, { actor: null, action: 'agent.enrolled', subject: id, requestId })
        return principalOf(row)
      })
    },
  }
}
