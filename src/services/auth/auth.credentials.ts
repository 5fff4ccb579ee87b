import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { authError } from './auth.errors.ts'
import type { Passwords } from './auth.passwords.ts'
import type { Account, AuthStore, AuthTransaction } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import type { Throttle } from './auth.throttle.ts'
import { makeToken } from './auth.tokens.ts'

export interface CredentialNeeds {
  readonly db: Kysely<AuthTables>
  readonly store: AuthStore
  readonly clock: Clock
  readonly passwords: Passwords
  readonly throttle: Throttle
}

export type Credentials = ReturnType<typeof createCredentials>

/** Judges passwords. For nobody's e-mail as much is computed as for somebody's, so that the time tells nothing. */
export function createCredentials({ store, clock, passwords, throttle }: CredentialNeeds) {
  let nobodys: Promise<string> | undefined

  async function fits(account: Account | null, password: string): Promise<boolean> {
    nobodys ??= passwords.hash(makeToken())
    const none = await nobodys
    const right = await passwords.verify({ hash: account?.hash ?? none, password })
    return right && account?.hash != null
  }

  return {
    /** Whose e-mail and password these are; else `auth.bad_credentials`, whatever is wrong. */
    async check(email: string, password: string): Promise<Account> {
      const account = await store.accountOf(email)
      if (!(await fits(account, password)) || !account) throw authError('auth.bad_credentials')
      return account
    },

    /** Somebody inside says their password again; else `auth.wrong_password`. Guesses are counted. */
    async confirm(principal: string, password: string): Promise<Account> {
      await throttle.guess('password', principal)
      const account = await store.accountById(principal)
      if (!(await fits(account, password)) || !account) throw authError('auth.wrong_password')
      return account
    },

    hash: (password: string) => passwords.hash(password),

    /** Sets an account's password, already hashed. */
    async set(tx: AuthTransaction, principal: string, hash: string): Promise<void> {
      await tx
        .updateTable('auth.account')
        .set({ password: hash, updated_at: new Date(clock.now()) })
        .where('user_id', '=', principal)
        .where('provider_id', '=', 'credential')
        .execute()
    },
  }
}
