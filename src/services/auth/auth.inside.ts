import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { NewPasskey, Provider } from './accounts.contract.ts'
import type { Audit } from './auth.audit.ts'
import { authError } from './auth.errors.ts'
import type { createLinks } from './auth.links.ts'
import type { Passkeys } from './auth.passkeys.ts'
import type { Resets } from './auth.resets.ts'
import { endSessions } from './auth.sessions.ts'
import type { AuthStore } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import type { Totp } from './auth.totp.ts'

/** A person in their own session, at the page they ask from. */
export interface Self {
  readonly principal: string
  readonly session: string
  readonly origin: string
}

export interface InsideNeeds {
  readonly db: Kysely<AuthTables>
  readonly store: AuthStore
  readonly clock: Clock
  readonly audit: Audit
  readonly resets: Resets
  readonly totp: Totp
  readonly passkeys: Passkeys
  readonly links: ReturnType<typeof createLinks>
  /** Tells everybody that sessions are gone. */
  revoked(principal: string, sessions: readonly string[]): void
}

type Confirmed = { readonly password: string }
export type Inside = ReturnType<typeof createInside>

/** What changes the guard of an account: done by its person in a session, never by a key. By the names of the operations. */
export function createInside(needs: InsideNeeds) {
  const { db, store, audit, resets, totp, passkeys, links, revoked } = needs

  async function end(self: Self, which: { only?: string; except?: string }, requestId: string) {
    const { principal } = self
    const ended = await db.transaction().execute(async (tx) => {
      const gone = await endSessions(tx, principal, which)
      const action = which.only === undefined ? 'sessions.ended' : 'session.ended'
      const subject = which.only ?? principal
      if (gone.length > 0)
        await audit(tx, { actor: principal, action, subject, detail: { count: gone.length }, requestId })
      return gone
    })
    revoked(principal, ended)
    return ended.length
  }

  return {
    async changePassword(self: Self, input: { old: string; password: string }, requestId: string) {
      await resets.change(self, input, requestId)
      return DONE
    },
    async endSessions(self: Self, { except }: { except?: 'current' | undefined }, requestId: string) {
      return { ended: await end(self, except ? { except: self.session } : {}, requestId) }
    },
    async endSession(self: Self, { session }: { session: string }, requestId: string) {
      if ((await end(self, { only: session }, requestId)) === 0) throw authError('auth.session_unknown')
      return DONE
    },
    beginTotp: (self: Self, { password }: Confirmed) => totp.begin(self.principal, password),
    async confirmTotp(self: Self, { code }: { code: string }, requestId: string) {
      return { recoveryCodes: await totp.confirm(self.principal, code, requestId) }
    },
    async newRecoveryCodes(self: Self, { password }: Confirmed, requestId: string) {
      return { recoveryCodes: await totp.renewRecoveryCodes(self.principal, password, requestId) }
    },
    async removeTotp(self: Self, { password }: Confirmed, requestId: string) {
      await totp.remove(self.principal, password, requestId)
      return DONE
    },
    async newPasskeyQuestion(self: Self) {
      const account = await store.accountById(self.principal)
      if (!account) throw authError('auth.session_needed')
      return passkeys.newQuestion(account, self.origin)
    },
    addPasskey: (
      self: Self,
      input: { ticket: string; name: string; response: NewPasskey },
      requestId: string,
    ) => passkeys.add(self.principal, { ...input, origin: self.origin }, requestId),
    async removePasskey(self: Self, { passkey }: { passkey: string }, requestId: string) {
      await passkeys.remove(self.principal, passkey, requestId)
      return DONE
    },
    makeLinkCode: (self: Self, { provider }: { provider: Provider }) =>
      links.makeCode(self.principal, provider),
    async unlink(self: Self, { provider }: { provider: Provider }, requestId: string) {
      await links.remove(self.principal, provider, requestId)
      return DONE
    },
  }
}

const DONE = { done: true } as const
