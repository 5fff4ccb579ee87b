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
      return insert(tx, account, 'owner', hash, { action: 'owner.made', requestId })
    })
  }

  async function insert(
    tx: AuthTransaction,
    account: NewAccount,
    role: CityRole,
    hash: string,
    entry: { action: 'owner.made' | 'resident.made'; requestId: string | null; invitation?: string },
  ): Promise<Principal> {
    const id = ids.make('person')
    const now = new Date(clock.now())
    const email = account.email.toLowerCase()
    const stamps = { created_at: now, updated_at: now }
    const principal: Principal = { id, kind: 'person', name: account.name, role }
    await tx
      .insertInto('auth.principal')
      .values({ ...principal, locale: account.locale, created_at: now })
      .execute()
    const user = await tx
      .insertInto('auth.user')
      .values({ id, name: account.name, email, email_verified: false, ...stamps })
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
      actor: id,
      action: entry.action,
      subject: id,
      detail: { role, invitation: entry.invitation ?? null },
      requestId: entry.requestId,
    })
    await events.append(tx, {
      type: residentJoined,
      data: { principal },
      principal: id,
      ...(entry.requestId !== null && { requestId: entry.requestId }),
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

    async signUp(token: string, account: NewAccount, requestId: string): Promise<Principal> {
      const hash = await passwords.hash(account.password)
      return db.transaction().execute(async (tx) => {
        const invitation = await takeInvitation(tx, token, clock.now())
        if (!invitation) throw authError('auth.invitation_refused')
        const entry = { action: 'resident.made', requestId, invitation: invitation.id } as const
        return insert(tx, account, invitation.role, hash, entry)
      })
    },

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
