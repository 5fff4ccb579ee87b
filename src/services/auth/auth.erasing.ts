import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Call } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Audit } from './auth.audit.ts'
import type { Credentials } from './auth.credentials.ts'
import { authError } from './auth.errors.ts'
import { credentialRevoked, residentErased } from './auth.events.ts'
import type { createIdentify } from './auth.identify.ts'
import type { AuthTables } from './auth.tables.ts'

export interface ErasingNeeds {
  readonly db: Kysely<AuthTables>
  readonly events: Events
  readonly clock: Clock
  readonly audit: Audit
  readonly credentials: Credentials
  readonly identity: ReturnType<typeof createIdentify>
}

/** What an erased person is called wherever their name stood. */
const NOBODY = 'Erased resident'
const THEIRS = ['identity', 'api_key', 'totp', 'recovery_code', 'passkey', 'one_time'] as const

/** Erases a person's account: the principal stays, without name, address or any way in, so that what points at it points at nobody. `auth.resident_erased` tells the other services in the same transaction. */
export function createErasing({ db, events, clock, audit, credentials, identity }: ErasingNeeds) {
  return async (subject: string, password: string, { principal: actor, requestId }: Call): Promise<void> => {
    if (!actor) throw kernelError('auth.required')
    if (subject !== actor.id && actor.role !== 'owner') throw authError('auth.owner_only')
    await credentials.confirm(actor.id, password)
    await db.transaction().execute(async (tx) => {
      const row = await tx
        .selectFrom('auth.principal')
        .selectAll()
        .where('id', '=', subject)
        .where('kind', '=', 'person')
        .where('erased_at', 'is', null)
        .forUpdate()
        .executeTakeFirst()
      if (!row) throw authError('auth.resident_unknown')
      if (row.role === 'owner') throw authError('auth.owner_stays')
      for (const table of THEIRS)
        await tx.deleteFrom(`auth.${table}`).where('principal', '=', subject).execute()
      // Its password and its sessions go with it.
      await tx.deleteFrom('auth.user').where('id', '=', subject).execute()
      const now = new Date(clock.now())
      await tx
        .updateTable('auth.invitation')
        .set({ revoked_at: now })
        .where('made_by', '=', subject)
        .where('revoked_at', 'is', null)
        .execute()
      await tx
        .updateTable('auth.principal')
        .set({
          ...{ name: NOBODY, role: 'resident', locale: null, seen_at: null },
          ...{ disabled_at: now, disabled_reason: null, erased_at: now },
        })
        .where('id', '=', subject)
        .execute()
      await audit(tx, { actor: actor.id, action: 'resident.erased', subject, requestId })
      const data = { principal: subject, name: row.name }
      await events.append(tx, { type: residentErased, principal: actor.id, requestId, data })
    })
    identity.forget()
    events.announce(credentialRevoked, { principal: subject, type: 'all' })
  }
}
