import { type Kysely, sql } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Call } from '../../kernel/contract.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Events } from '../../platform/events/events.ts'
import type { SignUp, Waiting } from './accounts.contract.ts'
import type { Accounts, NewAccount } from './auth.accounts.ts'
import type { Audit } from './auth.audit.ts'
import type { Credentials } from './auth.credentials.ts'
import { authError } from './auth.errors.ts'
import { letterDue } from './auth.events.ts'
import { invitationBy, takeInvitation } from './auth.invitations.ts'
import type { OneTimes } from './auth.one-time.ts'
import { HANDED_MS, UNDELIVERED } from './auth.resets.ts'
import type { AuthTables } from './auth.tables.ts'

export interface SignUpNeeds {
  readonly db: Kysely<AuthTables>
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
  readonly accounts: Accounts
  readonly credentials: Credentials
  readonly oneTimes: OneTimes
  /** Whether the city can send letters: then an address proves itself, and no admin is asked. */
  readonly mail: boolean
}

const DAY_MS = 24 * 3600_000
/** An admin may be away; a letter is read within a day or not at all. */
const KEPT_MS = { approval: 30 * DAY_MS, address: DAY_MS } as const
const MOST_WAITING = 500
const FULL_MINUTES = 60
const NO_PASSWORD = ''
export type SignUps = ReturnType<typeof createSignUps>

interface Asking extends Omit<NewAccount, 'password'> {
  readonly password: string | null
}

/** Sign-up that waits: without an invitation, or with one where an address proves itself by mail. Who asks for an address need not hold it: where it proves itself, the password is set by whoever does that, and none is kept before. An address that lives here already is taken down like any other, answered like any other, and shown to nobody. */
export function createSignUps(needs: SignUpNeeds) {
  const { db, events, clock, ids, audit, accounts, credentials, oneTimes, mail } = needs
  const waitsFor = mail ? 'address' : 'approval'

  const waiting = () =>
    db
      .selectFrom('auth.sign_up')
      .where('waits_for', '=', 'approval')
      .where('expires_at', '>', new Date(clock.now()))
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(selectFrom('auth.user').select('id').whereRef('auth.user.email', '=', 'auth.sign_up.email')),
        ),
      )

  return {
    /** Takes somebody down, or does nothing where their address waits already; answers alike. Rejects with `auth.invitation_refused` where they come by a code that opens nothing. */
    async ask(account: Asking, requestId: string, code?: string): Promise<Waiting> {
      const { name, locale } = account
      const password =
        mail || account.password === null ? NO_PASSWORD : await credentials.hash(account.password)
      const now = clock.now()
      await db.transaction().execute(async (tx) => {
        const invitation = code === undefined ? null : await invitationBy(tx, code, now)
        await tx.deleteFrom('auth.sign_up').where('expires_at', '<=', new Date(now)).execute()
        const { count } = await tx
          .selectFrom('auth.sign_up')
          .select(sql<number>`count(*)::int`.as('count'))
          .executeTakeFirstOrThrow()
        if (count >= MOST_WAITING)
          throw authError(
            'auth.sign_ups_full',
            { minutes: FULL_MINUTES },
            { retryAfterMs: FULL_MINUTES * 60_000 },
          )
        const { id } = await tx
          .insertInto('auth.sign_up')
          .values({
            id: ids.make('signup'),
            email: account.email.toLowerCase(),
            name,
            password,
            locale,
            waits_for: waitsFor,
            invitation,
            created_at: new Date(now),
            expires_at: new Date(now + KEPT_MS[waitsFor]),
          })
          // Whoever asked first keeps the place: nobody replaces another's password. Without one there is nothing to keep.
          .onConflict((conflict) =>
            conflict.column('email').doUpdateSet({
              waits_for: waitsFor,
              ...(mail
                ? { name, locale, password }
                : { password: sql`coalesce(nullif(auth.sign_up.password, ''), excluded.password)` }),
              ...(invitation !== null && { invitation }),
            }),
          )
          .returning('id')
          .executeTakeFirstOrThrow()
        const data = { letter: 'sign_up', id } as const
        if (mail) await events.append(tx, { type: letterDue, data, principal: null, requestId })
      })
      return { waitsFor }
    },

    /** An address proved itself by what was mailed to it, and whoever did that sets the password. Rejects with `auth.link_refused`, and with `auth.invitation_refused` where the invitation was used up or withdrawn meanwhile. */
    async confirm(token: string, password: string, requestId: string): Promise<void> {
      const hash = await credentials.hash(password)
      const id = oneTimes.read('sign_up', token)
      await db.transaction().execute(async (tx) => {
        const row = await tx
          .deleteFrom('auth.sign_up')
          .where('id', '=', id ?? '')
          .where('expires_at', '>', new Date(clock.now()))
          .returningAll()
          .executeTakeFirst()
        if (!row) throw authError('auth.link_refused')
        const { email, name, locale } = row
        const invited =
          row.invitation === null ? null : await takeInvitation(tx, { id: row.invitation }, clock.now())
        if (invited === undefined) throw authError('auth.invitation_refused')
        const person = { email, name, locale, hash, emailVerified: true, action: 'resident.made' } as const
        await accounts.insert(tx, {
          ...person,
          requestId,
          role: invited?.role ?? 'resident',
          ...(invited && { invitation: { id: invited.id, room: invited.room, madeBy: invited.made_by } }),
        })
      })
    },

    /** Those an admin may let in, the longest waiting first. */
    async list(): Promise<SignUp[]> {
      const rows = await waiting().selectAll('auth.sign_up').orderBy('id').limit(MOST_WAITING).execute()
      return rows.map(({ id, name, email, created_at }) => ({
        id,
        name,
        email,
        createdAt: isoTime(created_at.getTime()),
      }))
    },

    async approve(id: string, call: Call): Promise<Principal> {
      return await db.transaction().execute(async (tx) => {
        const row = await tx
          .deleteFrom('auth.sign_up')
          .where('id', '=', id)
          .where('waits_for', '=', 'approval')
          .where('expires_at', '>', new Date(clock.now()))
          .returningAll()
          .executeTakeFirst()
        if (!row) throw authError('auth.sign_up_unknown')
        const { email, name, locale } = row
        const actor = call.principal?.id ?? null
        const { requestId } = call
        const hash = row.password === NO_PASSWORD ? null : row.password
        const person = { email, name, locale, hash, role: 'resident', actor } as const
        const made = await accounts.insert(tx, { ...person, action: 'sign_up.approved', requestId })
        // Their letter could not be delivered: the admin hands them a link that sets the password.
        if (hash === null)
          await oneTimes.make(tx, {
            kind: 'reset',
            principal: made.id,
            value: UNDELIVERED,
            forMs: HANDED_MS,
          })
        return made
      })
    },

    async refuse(id: string, call: Call): Promise<void> {
      await db.transaction().execute(async (tx) => {
        const gone = await tx
          .deleteFrom('auth.sign_up')
          .where('id', '=', id)
          .where('waits_for', '=', 'approval')
          .returning('id')
          .executeTakeFirst()
        if (!gone) throw authError('auth.sign_up_unknown')
        const { requestId } = call
        const actor = call.principal?.id ?? null
        await audit(tx, { actor, action: 'sign_up.refused', subject: id, requestId })
      })
    },
  }
}
