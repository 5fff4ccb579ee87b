import type { Kysely, Selectable } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Call } from '../../kernel/contract.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Audit } from './auth.audit.ts'
import type { Invitation } from './auth.contract.ts'
import { authError } from './auth.errors.ts'
import type { AuthTransaction } from './auth.store.ts'
import type { AuthTables, InvitationRow } from './auth.tables.ts'
import { hashToken, makeToken } from './auth.tokens.ts'

export interface InvitationNeeds {
  readonly db: Kysely<AuthTables>
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
  readonly publicUrl: string
}

export interface InvitationWish {
  readonly role: InvitationRow['role']
  readonly room?: string | undefined
  readonly uses: number
  readonly expiresAt?: string | undefined
}

const DAY_MS = 24 * 3600 * 1000
const USUAL_DAYS = 7
const MOST_DAYS = 90
const SHOWN = 500

/** Invitation links. Their codes are stored hashed, and shown when they are made, never again. */
export function createInvitations({ db, clock, ids, audit, publicUrl }: InvitationNeeds) {
  const working = () => {
    const now = new Date(clock.now())
    return db
      .selectFrom('auth.invitation')
      .selectAll()
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .whereRef('uses', '<', 'max_uses')
  }
  return {
    /** Rejects with `auth.expiry_wrong` for a moment that is past, or more than 90 days away. */
    async make(wish: InvitationWish, call: Call) {
      const code = makeToken()
      const now = clock.now()
      const expires = wish.expiresAt === undefined ? now + USUAL_DAYS * DAY_MS : Date.parse(wish.expiresAt)
      if (expires <= now || expires > now + MOST_DAYS * DAY_MS)
        throw authError('auth.expiry_wrong', { days: MOST_DAYS })
      const actor = call.principal?.id ?? call.service ?? 'city'
      const row = await db.transaction().execute(async (tx) => {
        const made = await tx
          .insertInto('auth.invitation')
          .values({
            id: ids.make('invitation'),
            token_hash: hashToken(code),
            role: wish.role,
            room: wish.room ?? null,
            made_by: actor,
            max_uses: wish.uses,
            created_at: new Date(now),
            expires_at: new Date(expires),
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        const detail = {
          role: wish.role,
          uses: wish.uses,
          room: wish.room ?? null,
          until: isoTime(expires),
        }
        const { requestId } = call
        await audit(tx, { actor, action: 'invitation.made', subject: made.id, detail, requestId })
        return made
      })
      return { ...outward(row), code, link: `${publicUrl}/invitation#${code}` }
    },

    /** Those that still work, newest first, at most 500. */
    async list(): Promise<Invitation[]> {
      const rows = await working().orderBy('id', 'desc').limit(SHOWN).execute()
      return rows.map(outward)
    },

    async revoke(id: string, call: Call): Promise<void> {
      await db.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('auth.invitation')
          .set({ revoked_at: new Date(clock.now()) })
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .returning('id')
          .executeTakeFirst()
        if (!row) throw authError('auth.invitation_unknown')
        const actor = call.principal?.id ?? null
        await audit(tx, { actor, action: 'invitation.revoked', subject: id, requestId: call.requestId })
      })
    },

    /** One that still works, with the name of the person who made it. */
    async look(code: string): Promise<Invitation & { by: string | null }> {
      const row = await working().where('token_hash', '=', hashToken(code)).executeTakeFirst()
      if (!row) throw authError('auth.invitation_unknown')
      const maker = await db
        .selectFrom('auth.principal')
        .select('name')
        .where('id', '=', row.made_by)
        .where('kind', '=', 'person')
        .executeTakeFirst()
      return { ...outward(row), by: maker?.name ?? null }
    },
  }
}

/** Uses an invitation once, in one statement, so that no two take its last use; undefined where it no longer works. */
export const takeInvitation = (
  tx: AuthTransaction,
  by: { readonly code: string } | { readonly id: string },
  now: number,
) =>
  tx
    .updateTable('auth.invitation')
    .set((eb) => ({ uses: eb('uses', '+', 1) }))
    .where((eb) => ('id' in by ? eb('id', '=', by.id) : eb('token_hash', '=', hashToken(by.code))))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', new Date(now))
    .whereRef('uses', '<', 'max_uses')
    .returning(['id', 'role', 'room', 'made_by'])
    .executeTakeFirst()

/** The id of an invitation that works now, not used by this; rejects with `auth.invitation_refused`. */
export async function invitationBy(tx: AuthTransaction, code: string, now: number): Promise<string> {
  const row = await tx
    .selectFrom('auth.invitation')
    .select('id')
    .where('token_hash', '=', hashToken(code))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', new Date(now))
    .whereRef('uses', '<', 'max_uses')
    .executeTakeFirst()
  if (!row) throw authError('auth.invitation_refused')
  return row.id
}

const outward = (row: Selectable<InvitationRow>): Invitation => ({
  id: row.id,
  role: row.role,
  room: row.room,
  createdAt: isoTime(row.created_at.getTime()),
  expiresAt: isoTime(row.expires_at.getTime()),
  uses: row.uses,
  maxUses: row.max_uses,
})
