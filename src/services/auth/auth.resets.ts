import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Call } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Reset } from './accounts.contract.ts'
import type { Audit } from './auth.audit.ts'
import type { Credentials } from './auth.credentials.ts'
import { authError } from './auth.errors.ts'
import { letterDue } from './auth.events.ts'
import type { OneTime, OneTimes } from './auth.one-time.ts'
import { removePasskeys } from './auth.passkeys.ts'
import { endSessions } from './auth.sessions.ts'
import { type AuthStore, type AuthTransaction, principalOf } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import { removeTotp } from './auth.totp.ts'

export interface ResetNeeds {
  readonly db: Kysely<AuthTables>
  readonly store: AuthStore
  readonly events: Events
  readonly clock: Clock
  readonly audit: Audit
  readonly credentials: Credentials
  readonly oneTimes: OneTimes
  readonly publicUrl: string
  readonly mail: boolean
  /** Tells everybody that sessions are gone. */
  revoked(principal: string, sessions: readonly string[]): void
}

const HOUR_MS = 3600_000
/** A mailed link is at hand; one that an admin hands over may take days. */
const MAILED_MS = HOUR_MS
export const HANDED_MS = 72 * HOUR_MS
const RECOVERY_MS = HOUR_MS
const VERIFY_MS = 24 * HOUR_MS
const SHOWN = 200
/** Marks a request whose letter could not be sent, so that an admin sees it. */
export const UNDELIVERED = 'undelivered'
export type Resets = ReturnType<typeof createResets>

/** Passwords that change: inside a session, by a link for whoever forgot, and by the machine's operator for whoever lost everything. */
export function createResets(needs: ResetNeeds) {
  const { db, store, events, clock, audit, credentials, oneTimes, publicUrl, mail, revoked } = needs
  const linkTo = (kind: 'reset' | 'recovery', id: string) =>
    `${publicUrl}/new-password#${oneTimes.token(kind, id)}`

  /** Requests that wait for an admin, the newest of each person. */
  const asked = () =>
    db
      .selectFrom('auth.one_time as o')
      .innerJoin('auth.principal as p', 'p.id', 'o.principal')
      .where('o.kind', '=', 'reset')
      .where('o.used_at', 'is', null)
      .where('o.expires_at', '>', new Date(clock.now()))
      .where('p.disabled_at', 'is', null)
      .$if(mail, (q) => q.where('o.value', '=', UNDELIVERED))
      .select(['o.id as once', 'o.created_at', 'o.expires_at', 'p.id', 'p.kind', 'p.name', 'p.role'])

  async function letter(tx: AuthTransaction, kind: 'reset' | 'verify', row: OneTime, requestId: string) {
    const data = { letter: kind, id: row.id }
    if (mail) await events.append(tx, { type: letterDue, data, principal: row.principal, requestId })
  }

  return {
    /** Asks for a link; the same rows are written whoever is asked for. */
    async forgotten(email: string, requestId: string): Promise<{ by: 'mail' | 'admin' }> {
      const account = await store.accountOf(email)
      await db.transaction().execute(async (tx) => {
        await oneTimes.drop(tx, ['reset'], account?.id ?? '')
        const forMs = mail ? MAILED_MS : HANDED_MS
        const row = await oneTimes.make(tx, { kind: 'reset', principal: account?.id ?? null, forMs })
        await letter(tx, 'reset', row, requestId)
      })
      return { by: mail ? 'mail' : 'admin' }
    },

    /** Sets the password by a link's token; all sessions end. The operator's link takes the second step and the passkeys away too. Rejects with `auth.link_refused`. */
    async reset(token: string, password: string, requestId: string): Promise<void> {
      const hash = await credentials.hash(password)
      const done = await db.transaction().execute(async (tx) => {
        const byLink = await oneTimes.take(tx, 'reset', token)
        const taken = byLink ?? (await oneTimes.take(tx, 'recovery', token))
        if (!taken?.principal) throw authError('auth.link_refused')
        const { principal } = taken
        await credentials.set(tx, principal, hash)
        await oneTimes.drop(tx, ['reset', 'recovery', 'second_step'], principal)
        if (!byLink) {
          await removeTotp(tx, principal)
          await removePasskeys(tx, principal)
        }
        const by = byLink ? 'link' : 'operator'
        await audit(tx, {
          actor: principal,
          action: 'password.reset',
          subject: principal,
          detail: { by },
          requestId,
        })
        return { principal, ended: await endSessions(tx, principal, {}) }
      })
      revoked(done.principal, done.ended)
    },

    async change(
      self: { readonly principal: string; readonly session: string },
      { old, password }: { old: string; password: string },
      requestId: string,
    ): Promise<void> {
      const { principal } = self
      await credentials.confirm(principal, old)
      const hash = await credentials.hash(password)
      const ended = await db.transaction().execute(async (tx) => {
        await credentials.set(tx, principal, hash)
        await oneTimes.drop(tx, ['reset', 'recovery', 'second_step'], principal)
        await audit(tx, { actor: principal, action: 'password.changed', subject: principal, requestId })
        return await endSessions(tx, principal, { except: self.session })
      })
      revoked(principal, ended)
    },

    /** What an operator of this rank may hand over: admins give residents theirs, the owner gives anybody's. */
    async list(viewer: Principal): Promise<Reset[]> {
      const rows = await asked()
        .$if(viewer.role !== 'owner', (q) => q.where('p.role', '=', 'resident'))
        .orderBy('o.id')
        .limit(SHOWN)
        .execute()
      return rows.map((row) => ({
        id: row.once,
        person: principalOf(row),
        createdAt: isoTime(row.created_at.getTime()),
        expiresAt: isoTime(row.expires_at.getTime()),
      }))
    },

    async link(id: string, viewer: Principal, call: Call) {
      const row = await asked().where('o.id', '=', id).executeTakeFirst()
      if (!row || (viewer.role !== 'owner' && row.role !== 'resident')) throw authError('auth.reset_unknown')
      const { requestId } = call
      await db
        .transaction()
        .execute((tx) => audit(tx, { actor: viewer.id, action: 'reset.shown', subject: row.id, requestId }))
      return { link: linkTo('reset', id), expiresAt: isoTime(row.expires_at.getTime()) }
    },

    /** For the machine's own operator alone: anybody else is told there is nothing here. */
    async recover(email: string | undefined, call: Call) {
      if (call.service !== 'cli') throw kernelError('http.not_found')
      const owner = email === undefined ? await store.owner() : null
      if (email === undefined && !owner) throw authError('auth.no_owner')
      const account = owner
        ? await store.accountById(owner.id)
        : await store.accountOf((email ?? '').trim().toLowerCase())
      if (!account) throw authError('auth.account_unknown')
      const { id: principal, name } = account
      const row = await db.transaction().execute(async (tx) => {
        await oneTimes.drop(tx, ['reset', 'recovery'], principal)
        const { requestId } = call
        await audit(tx, { actor: null, action: 'recovery.made', subject: principal, requestId })
        return await oneTimes.make(tx, { kind: 'recovery', principal, forMs: RECOVERY_MS })
      })
      const expiresAt = isoTime(row.expires_at.getTime())
      return { link: linkTo('recovery', row.id), email: account.email, name, expiresAt }
    },

    async askVerification(principal: string, requestId: string): Promise<void> {
      if (!mail) throw authError('auth.no_mail')
      await db.transaction().execute(async (tx) => {
        await oneTimes.drop(tx, ['verify'], principal)
        const row = await oneTimes.make(tx, { kind: 'verify', principal, forMs: VERIFY_MS })
        await letter(tx, 'verify', row, requestId)
      })
    },

    async verify(token: string, requestId: string): Promise<void> {
      await db.transaction().execute(async (tx) => {
        const taken = await oneTimes.take(tx, 'verify', token)
        if (!taken?.principal) throw authError('auth.link_refused')
        const { principal } = taken
        await tx.updateTable('auth.user').set({ email_verified: true }).where('id', '=', principal).execute()
        await audit(tx, { actor: principal, action: 'email.verified', subject: principal, requestId })
      })
    },
  }
}
