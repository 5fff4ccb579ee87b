import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Link, type Provider } from './accounts.contract.ts'
import type { Audit } from './auth.audit.ts'
import { authError } from './auth.errors.ts'
import type { OneTimes } from './auth.one-time.ts'
import { principalOf } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import type { Throttle } from './auth.throttle.ts'
import { hashToken, makeCode, plainCode } from './auth.tokens.ts'

export interface LinkNeeds {
  readonly db: Kysely<AuthTables>
  readonly clock: Clock
  readonly audit: Audit
  readonly oneTimes: OneTimes
  readonly throttle: Throttle
}

export interface Claim {
  readonly provider: Provider
  readonly code: string
  readonly externalId: string
  readonly label?: string | undefined
}

const CODE_MS = 10 * 60_000
const CODE_LETTERS = 8
const PROVIDERS = ['telegram', 'matrix'] as const

/** Accounts elsewhere that are somebody here. Only the side that is signed in makes the code, and only the other side's service claims it, so neither can be talked into it alone. */
export function createLinks({ db, clock, audit, oneTimes, throttle }: LinkNeeds) {
  const personOf = (provider: Provider, externalId: string) =>
    db
      .selectFrom('auth.identity as i')
      .innerJoin('auth.principal as p', 'p.id', 'i.principal')
      .selectAll('p')
      .where('i.provider', '=', provider)
      .where('i.external_id', '=', externalId)
      .where('p.disabled_at', 'is', null)
      .executeTakeFirst()

  return {
    /** A code for ten minutes; an earlier one ends. */
    async makeCode(principal: string, provider: Provider) {
      const code = makeCode(CODE_LETTERS)
      const kind = `link_${provider}` as const
      const row = await db.transaction().execute(async (tx) => {
        await oneTimes.drop(tx, [kind], principal)
        const value = hashToken(plainCode(code))
        return await oneTimes.make(tx, { kind, principal, forMs: CODE_MS, value })
      })
      return { code, expiresAt: isoTime(row.expires_at.getTime()) }
    },

    /** Binds; whatever was bound at this provider before is let go. Rejects with `auth.identity_taken` where it is somebody else's. */
    async claim({ provider, code, externalId, label }: Claim, requestId: string): Promise<Principal> {
      await throttle.guess('link', `${provider} ${externalId}`)
      await db.transaction().execute(async (tx) => {
        const taken = await oneTimes.takeByCode(tx, `link_${provider}`, plainCode(code))
        if (!taken?.principal) throw authError('auth.link_code_refused')
        const { principal } = taken
        await tx
          .deleteFrom('auth.identity')
          .where('principal', '=', principal)
          .where('provider', '=', provider)
          .execute()
        const row = { provider, external_id: externalId, principal, label: label ?? null }
        const bound = await tx
          .insertInto('auth.identity')
          .values({ ...row, created_at: new Date(clock.now()) })
          .onConflict((conflict) => conflict.columns(['provider', 'external_id']).doNothing())
          .executeTakeFirst()
        if (bound.numInsertedOrUpdatedRows === 0n) throw authError('auth.identity_taken')
        const detail = { provider, externalId }
        await audit(tx, {
          actor: principal,
          action: 'identity.linked',
          subject: principal,
          detail,
          requestId,
        })
      })
      const row = await personOf(provider, externalId)
      if (!row) throw authError('auth.link_code_refused')
      return principalOf(row)
    },

    async find(provider: Provider, externalId: string): Promise<Principal | null> {
      const row = await personOf(provider, externalId)
      return row ? principalOf(row) : null
    },

    async list(principal: string): Promise<Link[]> {
      const rows = await db
        .selectFrom('auth.identity')
        .selectAll()
        .where('principal', '=', principal)
        .where('provider', 'in', PROVIDERS)
        .orderBy('provider')
        .execute()
      return rows.map((row) =>
        Link.parse({
          provider: row.provider,
          externalId: row.external_id,
          label: row.label,
          linkedAt: isoTime(row.created_at.getTime()),
        }),
      )
    },

    async remove(principal: string, provider: Provider, requestId: string): Promise<void> {
      await db.transaction().execute(async (tx) => {
        const gone = await tx
          .deleteFrom('auth.identity')
          .where('principal', '=', principal)
          .where('provider', '=', provider)
          .returning('external_id')
          .executeTakeFirst()
        if (!gone) throw authError('auth.link_unknown')
        const detail = { provider, externalId: gone.external_id }
        await audit(tx, {
          actor: principal,
          action: 'identity.unlinked',
          subject: principal,
          detail,
          requestId,
        })
      })
    },
  }
}
