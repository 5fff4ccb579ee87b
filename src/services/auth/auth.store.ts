import { type Kysely, sql, type Transaction } from 'kysely'
import type { CityRole, Principal } from '../../kernel/principal.ts'
import type { AuthTables, PrincipalRow } from './auth.tables.ts'

export type AuthTransaction = Transaction<AuthTables>

/** A key or session that is neither revoked nor its principal's who was disabled. Times in milliseconds since 1970. */
export interface FoundCredential {
  readonly id: string
  readonly principal: Principal
  readonly expiresAt: number | null
  readonly usedAt: number | null
  /** When the principal was last seen, by any credential. */
  readonly seenAt: number | null
}

export interface SelfWish {
  readonly name?: string | undefined
  readonly locale?: 'uk' | 'en' | undefined
}

/** A person's account, for those who judge its password. */
export interface Account {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string
  readonly role: CityRole
  readonly locale: 'uk' | 'en' | null
  readonly hash: string | null
  readonly passwordAt: Date
}

const PRINCIPAL = ['p.id as principal', 'p.kind', 'p.name', 'p.role', 'p.seen_at'] as const

/** How far a key reaches that was made without scopes: credentials are never reached by a star. */
const EVERYTHING = ['*.*.*']

export const principalOf = ({ id, kind, name, role }: Pick<PrincipalRow, 'id' | 'kind' | 'name' | 'role'>) =>
  ({ id, kind, name, role }) satisfies Principal

/** Reads of principals and credentials, and the few writes that stand alone. */
export function createAuthStore(db: Kysely<AuthTables>) {
  const people = () =>
    db.selectFrom('auth.principal').where('kind', '=', 'person').where('disabled_at', 'is', null)

  const accounts = () =>
    db
      .selectFrom('auth.user as u')
      .innerJoin('auth.principal as p', 'p.id', 'u.id')
      .innerJoin('auth.account as a', 'a.user_id', 'u.id')
      .select([
        'u.id',
        'u.email',
        'u.email_verified as emailVerified',
        'p.name',
        'p.role',
        'p.locale',
        'a.password as hash',
        'a.updated_at as passwordAt',
      ])
      .where('a.provider_id', '=', 'credential')
      .where('p.disabled_at', 'is', null)

  return {
    async keyByHash(hash: string): Promise<FoundCredential | null> {
      const row = await db
        .selectFrom('auth.api_key as k')
        .innerJoin('auth.principal as p', 'p.id', 'k.principal')
        .select([...PRINCIPAL, 'k.id', 'k.expires_at', 'k.last_used_at', 'k.scopes'])
        .where('k.hash', '=', hash)
        .where('k.revoked_at', 'is', null)
        .where('p.disabled_at', 'is', null)
        .executeTakeFirst()
      return row ? found(row, row.last_used_at, row.scopes ?? EVERYTHING) : null
    },

    async sessionByToken(token: string): Promise<FoundCredential | null> {
      const row = await db
        .selectFrom('auth.session as s')
        .innerJoin('auth.principal as p', 'p.id', 's.user_id')
        .select([...PRINCIPAL, 's.id', 's.expires_at', 's.last_seen_at'])
        .where('s.token', '=', token)
        .where('p.disabled_at', 'is', null)
        .executeTakeFirst()
      return row ? found(row, row.last_seen_at) : null
    },

    /** Notes that a key was used, unless that was noted since `unlessAfter`. */
    async touchKey(id: string, at: number, unlessAfter: number): Promise<void> {
      await db
        .updateTable('auth.api_key')
        .set({ last_used_at: new Date(at) })
        .where('id', '=', id)
        .where((eb) =>
          eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<=', new Date(unlessAfter))]),
        )
        .execute()
    },

    /** The same for a session. */
    async touchSession(id: string, at: number, unlessAfter: number): Promise<void> {
      await db
        .updateTable('auth.session')
        .set({ last_seen_at: new Date(at) })
        .where('id', '=', id)
        .where((eb) =>
          eb.or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<=', new Date(unlessAfter))]),
        )
        .execute()
    },

    /** The account of an e-mail, in one query whether there is one or not. Null for nobody and for whoever is disabled. */
    async accountOf(email: string): Promise<Account | null> {
      const row = await accounts().where('u.email', '=', email).executeTakeFirst()
      return row ?? null
    },

    async accountById(id: string): Promise<Account | null> {
      const row = await accounts().where('u.id', '=', id).executeTakeFirst()
      return row ?? null
    },

    /** Notes that somebody was here, unless that was noted since `unlessAfter`. */
    async touchPrincipal(id: string, at: number, unlessAfter: number): Promise<void> {
      await db
        .updateTable('auth.principal')
        .set({ seen_at: new Date(at) })
        .where('id', '=', id)
        .where((eb) => eb.or([eb('seen_at', 'is', null), eb('seen_at', '<=', new Date(unlessAfter))]))
        .execute()
    },

    /** Changes what one says of oneself; nothing else. */
    async changeSelf(id: string, wish: SelfWish, at: number): Promise<void> {
      const { name, locale } = wish
      if (name === undefined && locale === undefined) return
      await db.transaction().execute(async (tx) => {
        await tx
          .updateTable('auth.principal')
          .set({ ...(name !== undefined && { name }), ...(locale !== undefined && { locale }) })
          .where('id', '=', id)
          .execute()
        if (name !== undefined)
          await tx
            .updateTable('auth.user')
            .set({ name, updated_at: new Date(at) })
            .where('id', '=', id)
            .execute()
      })
    },

    /** Lets a session last until `until`, if it would end before `ifBefore`; its token then, else null. */
    async renewSession(id: string, until: number, ifBefore: number): Promise<string | null> {
      const row = await db
        .updateTable('auth.session')
        .set({ expires_at: new Date(until) })
        .where('id', '=', id)
        .where('expires_at', '<', new Date(ifBefore))
        .returning('token')
        .executeTakeFirst()
      return row?.token ?? null
    },

    async deleteSession(id: string): Promise<void> {
      await db.deleteFrom('auth.session').where('id', '=', id).execute()
    },

    /** Sessions and one-time secrets that are over. */
    async deleteExpired(now: number): Promise<void> {
      await db.deleteFrom('auth.one_time').where('expires_at', '<=', new Date(now)).execute()
      await db.deleteFrom('auth.session').where('expires_at', '<=', new Date(now)).execute()
    },

    async owner(): Promise<Principal | null> {
      const row = await db
        .selectFrom('auth.principal')
        .selectAll()
        .where('role', '=', 'owner')
        .where('kind', '=', 'person')
        .executeTakeFirst()
      return row ? principalOf(row) : null
    },

    /** What only oneself sees of oneself; null for an unknown or disabled principal. */
    async self(id: string) {
      const row = await db
        .selectFrom('auth.principal as p')
        .leftJoin('auth.user as u', 'u.id', 'p.id')
        .select(['p.id', 'p.kind', 'p.name', 'p.role', 'p.locale', 'u.email'])
        .where('p.id', '=', id)
        .where('p.disabled_at', 'is', null)
        .executeTakeFirst()
      return row ? { ...principalOf(row), locale: row.locale, email: row.email } : null
    },

    async countPeople(): Promise<number> {
      const row = await people().select(sql<number>`count(*)::int`.as('count')).executeTakeFirstOrThrow()
      return row.count
    },

    /** In the order they came, after the one with the id `after`. */
    async people(limit: number, after: string | undefined): Promise<Principal[]> {
      const rows = await people()
        .selectAll()
        .where('id', '>', after ?? '')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(principalOf)
    },

    /** Also the disabled ones: their names stay under what they wrote. */
    async principals(ids: readonly string[]): Promise<Principal[]> {
      if (ids.length === 0) return []
      const rows = await db.selectFrom('auth.principal').selectAll().where('id', 'in', ids).execute()
      return rows.map(principalOf)
    },

    /** Those of the sessions and keys that let somebody in now. */
    async standing(ids: readonly string[], now: number): Promise<string[]> {
      if (ids.length === 0) return []
      const sessions = db
        .selectFrom('auth.session as c')
        .innerJoin('auth.principal as p', 'p.id', 'c.user_id')
        .select('c.id')
        .where('c.id', 'in', ids)
        .where('c.expires_at', '>', new Date(now))
        .where('p.disabled_at', 'is', null)
      const keys = db
        .selectFrom('auth.api_key as c')
        .innerJoin('auth.principal as p', 'p.id', 'c.principal')
        .select('c.id')
        .where('c.id', 'in', ids)
        .where('c.revoked_at', 'is', null)
        .where((eb) => eb.or([eb('c.expires_at', 'is', null), eb('c.expires_at', '>', new Date(now))]))
        .where('p.disabled_at', 'is', null)
      return (await sessions.unionAll(keys).execute()).map(({ id }) => id)
    },

    /** The nonce of the one-time link, made from `fresh` when there is none yet; null once it was used. */
    async welcomeNonce(fresh: string): Promise<string | null> {
      await db
        .insertInto('auth.welcome')
        .values({ nonce: fresh })
        .onConflict((conflict) => conflict.column('single').doNothing())
        .execute()
      const row = await db.selectFrom('auth.welcome').selectAll().executeTakeFirstOrThrow()
      return row.used_at === null ? row.nonce : null
    },
  }
}
export type AuthStore = ReturnType<typeof createAuthStore>

interface CredentialRow extends Pick<PrincipalRow, 'kind' | 'name' | 'role'> {
  readonly seen_at: Date | null
  readonly id: string
  readonly principal: string
  readonly expires_at: Date | null
}

const found = (row: CredentialRow, usedAt: Date | null, scopes?: string[]): FoundCredential => ({
  id: row.id,
  principal: { id: row.principal, kind: row.kind, name: row.name, role: row.role, ...(scopes && { scopes }) },
  seenAt: row.seen_at?.getTime() ?? null,
  expiresAt: row.expires_at?.getTime() ?? null,
  usedAt: usedAt?.getTime() ?? null,
})
