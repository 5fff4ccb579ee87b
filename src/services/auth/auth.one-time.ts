import type { Kysely, Selectable } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { AuthTransaction } from './auth.store.ts'
import type { AuthTables, OneTimeRow } from './auth.tables.ts'
import { deriveSecret, deriveToken, hashToken, sameText } from './auth.tokens.ts'

export interface OneTimeNeeds {
  readonly db: Kysely<AuthTables>
  readonly clock: Clock
  readonly ids: Ids
  /** The city's own. */
  readonly secret: Secret
}

/** `reset` by somebody who forgot, `recovery` by the machine's operator, `verify` an address; the rest live for minutes. */
export type OneTimeKind =
  | 'reset'
  | 'recovery'
  | 'verify'
  | 'second_step'
  | 'passkey_question'
  | 'new_passkey_question'
  | 'link_telegram'
  | 'link_matrix'

export interface NewOneTime {
  readonly kind: OneTimeKind
  /** Null where nobody was found: the row is made all the same, so that it costs the same. */
  readonly principal: string | null
  readonly forMs: number
  /** What belongs to it: a challenge, the hash of a code. */
  readonly value?: string
}
export type OneTime = Selectable<OneTimeRow>
export type OneTimes = ReturnType<typeof createOneTimes>

/** Secrets that work once and for a while. A token is its row's id with the city's signature, so it can be made again to be mailed or shown, and what is stored opens nothing. */
export function createOneTimes({ db, clock, ids, secret }: OneTimeNeeds) {
  const signing = deriveSecret(secret, 'one-time')
  const signatureOf = (kind: string, id: string) => deriveToken(`${kind} ${id}`, signing)

  return {
    async make(tx: AuthTransaction | Kysely<AuthTables>, wish: NewOneTime): Promise<OneTime> {
      const now = clock.now()
      return await tx
        .insertInto('auth.one_time')
        .values({
          id: ids.make('once'),
          kind: wish.kind,
          principal: wish.principal,
          value: wish.value ?? null,
          created_at: new Date(now),
          expires_at: new Date(now + wish.forMs),
        })
        .returningAll()
        .executeTakeFirstOrThrow()
    },

    /** What opens the row `id`; also for rows of other tables, under a kind of their own. */
    token: (kind: OneTimeKind | 'sign_up', id: string) => `${id}.${signatureOf(kind, id)}`,

    /** The id that a token names; null where the signature is not the city's. */
    read(kind: OneTimeKind | 'sign_up', token: string): string | null {
      const dot = token.indexOf('.')
      const id = token.slice(0, Math.max(0, dot))
      return sameText(token.slice(dot + 1), signatureOf(kind, id)) && id !== '' ? id : null
    },

    /** One that still works, without using it. */
    async look(kind: OneTimeKind, token: string): Promise<OneTime | undefined> {
      const id = this.read(kind, token)
      if (id === null) return undefined
      return await db
        .selectFrom('auth.one_time')
        .selectAll()
        .where('id', '=', id)
        .where('kind', '=', kind)
        .where('used_at', 'is', null)
        .where('expires_at', '>', new Date(clock.now()))
        .executeTakeFirst()
    },

    /** Uses it, in one statement, so that no two do; undefined where it no longer works. */
    async take(
      tx: AuthTransaction | Kysely<AuthTables>,
      kind: OneTimeKind,
      token: string,
    ): Promise<OneTime | undefined> {
      const id = this.read(kind, token)
      return id === null ? undefined : await used(tx, kind).where('id', '=', id).executeTakeFirst()
    },

    /** The same for a code that a person types, kept as its hash. */
    async takeByCode(tx: AuthTransaction, kind: OneTimeKind, code: string): Promise<OneTime | undefined> {
      return await used(tx, kind).where('value', '=', hashToken(code)).executeTakeFirst()
    },

    /** Ends what a principal has of a kind. */
    async drop(tx: AuthTransaction, kinds: readonly OneTimeKind[], principal: string): Promise<void> {
      await tx
        .deleteFrom('auth.one_time')
        .where('principal', '=', principal)
        .where('kind', 'in', kinds)
        .execute()
    },
  }

  function used(tx: AuthTransaction | Kysely<AuthTables>, kind: OneTimeKind) {
    const now = new Date(clock.now())
    return tx
      .updateTable('auth.one_time')
      .set({ used_at: now })
      .where('kind', '=', kind)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .returningAll()
  }
}
