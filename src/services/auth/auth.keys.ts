import { type Kysely, sql } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Call } from '../../kernel/contract.ts'
import type { Ids } from '../../kernel/ids.ts'
import { reaches } from '../../kernel/principal.ts'
import type { Audit } from './auth.audit.ts'
import { authError } from './auth.errors.ts'
import type { AuthTables } from './auth.tables.ts'
import { hashToken, makeToken } from './auth.tokens.ts'
import type { ApiKey } from './keys.contract.ts'

export interface KeyNeeds {
  readonly db: Kysely<AuthTables>
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
}

interface KeyWish {
  readonly name: string
  readonly scopes?: string[] | null | undefined
  readonly expiresAt?: string | undefined
  readonly expiresInDays?: number | undefined
}

const DAY_MS = 24 * 3600 * 1000
const START_LETTERS = 9
const MOST_KEYS = 100

/** API keys, `dk_` and 256 bits of chance: stored hashed, shown when they are made, never again. */
export function createKeys({ db, clock, ids, audit }: KeyNeeds) {
  const live = (principal: string) =>
    db
      .selectFrom('auth.api_key')
      .where('principal', '=', principal)
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', new Date(clock.now()))]))

  return {
    /** Rejects with `auth.too_many_keys` at 100 that work, with `auth.scope_too_wide` where a key would make one that holds more than itself. */
    async make(principal: string, { name, scopes = null, ...wish }: KeyWish, call: Call) {
      for (const scope of scopes ?? ['*.*.*'])
        if (!reaches(call.principal?.scopes, scope)) throw authError('auth.scope_too_wide', { scope })
      const key = `dk_${makeToken()}`
      const now = clock.now()
      const expires = endOf(wish, now)
      if (expires && expires.getTime() <= now) throw authError('auth.expiry_past')
      const { count } = await live(principal)
        .select(sql<number>`count(*)::int`.as('count'))
        .executeTakeFirstOrThrow()
      if (count >= MOST_KEYS) throw authError('auth.too_many_keys', { limit: MOST_KEYS })
      const id = ids.make('key')
      await db.transaction().execute(async (tx) => {
        await tx
          .insertInto('auth.api_key')
          .values({
            id,
            principal,
            name,
            start: key.slice(0, START_LETTERS),
            hash: hashToken(key),
            created_at: new Date(now),
            expires_at: expires,
            scopes: scopes && JSON.stringify(scopes),
          })
          .execute()
        const until = expires && isoTime(expires.getTime())
        const detail = { name, until, scopes: scopes?.join(' ') ?? null }
        const { requestId } = call
        await audit(tx, { actor: principal, action: 'key.made', subject: id, detail, requestId })
      })
      return { id, key, name, scopes, expiresAt: expires && isoTime(expires.getTime()) }
    },

    /** Those that work, newest first. */
    async list(principal: string): Promise<ApiKey[]> {
      const rows = await live(principal).selectAll().orderBy('id', 'desc').limit(MOST_KEYS).execute()
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        start: row.start,
        scopes: row.scopes,
        createdAt: isoTime(row.created_at.getTime()),
        lastUsedAt: row.last_used_at && isoTime(row.last_used_at.getTime()),
        expiresAt: row.expires_at && isoTime(row.expires_at.getTime()),
      }))
    },

    /** Only one's own; another's is as unknown as one that never was. */
    async revoke(principal: string, id: string, requestId: string): Promise<void> {
      await db.transaction().execute(async (tx) => {
        const row = await tx
          .updateTable('auth.api_key')
          .set({ revoked_at: new Date(clock.now()) })
          .where('id', '=', id)
          .where('principal', '=', principal)
          .where('revoked_at', 'is', null)
          .returning('id')
          .executeTakeFirst()
        if (!row) throw authError('auth.key_unknown')
        await audit(tx, { actor: principal, action: 'key.revoked', subject: id, requestId })
      })
    },
  }
}

function endOf({ expiresAt, expiresInDays: days }: Omit<KeyWish, 'name'>, now: number): Date | null {
  if (expiresAt !== undefined) return new Date(expiresAt)
  return days === undefined ? null : new Date(now + days * DAY_MS)
}
