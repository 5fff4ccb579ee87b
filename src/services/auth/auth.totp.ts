import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Audit } from './auth.audit.ts'
import type { Credentials } from './auth.credentials.ts'
import { authError } from './auth.errors.ts'
import type { AuthTransaction } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'
import type { Throttle } from './auth.throttle.ts'
import { deriveSecret, makeCode, plainCode } from './auth.tokens.ts'

export interface TotpNeeds {
  readonly db: Kysely<AuthTables>
  readonly clock: Clock
  /** The city's own. */
  readonly secret: Secret
  readonly cityName: string
  readonly audit: Audit
  readonly credentials: Credentials
  readonly throttle: Throttle
}

const STEP_SECONDS = 30
const RECOVERY_CODES = 10
const RECOVERY_LETTERS = 12
export type Totp = ReturnType<typeof createTotp>

/** The second step: six digits of an authenticator (RFC 6238), each taken once, or one of ten recovery codes. Secrets are stored encrypted, codes hashed, both by keys derived from the city's secret. */
export function createTotp(needs: TotpNeeds) {
  const { db, clock, cityName, audit, credentials, throttle } = needs
  const sealing = Buffer.from(deriveSecret(needs.secret, 'totp').reveal(), 'base64url')
  const hashing = deriveSecret(needs.secret, 'recovery codes').reveal()
  const hashOf = (principal: string, code: string) =>
    createHmac('sha256', hashing).update(`${principal} ${code}`).digest('hex')

  async function generator(base32: string, label: string) {
    const { Secret, TOTP } = await import('otpauth')
    return new TOTP({ issuer: cityName, label, period: STEP_SECONDS, secret: Secret.fromBase32(base32) })
  }

  const rowOf = (principal: string) =>
    db.selectFrom('auth.totp').selectAll().where('principal', '=', principal).executeTakeFirst()

  /** Takes a code of the authenticator, in its step or the ones beside it, each only once. */
  async function takeDigits(tx: AuthTransaction, principal: string, digits: string): Promise<boolean> {
    const row = await tx
      .selectFrom('auth.totp')
      .selectAll()
      .where('principal', '=', principal)
      .executeTakeFirst()
    if (!row) return false
    const timestamp = clock.now()
    const totp = await generator(open(row.secret, sealing), '')
    const delta = totp.validate({ token: digits, timestamp, window: 1 })
    if (delta === null) return false
    const step = Math.floor(timestamp / 1000 / STEP_SECONDS) + delta
    const taken = await tx
      .updateTable('auth.totp')
      .set({ last_step: step })
      .where('principal', '=', principal)
      .where('last_step', '<', step)
      .executeTakeFirst()
    return taken.numUpdatedRows > 0n
  }

  async function takeRecovery(tx: AuthTransaction, principal: string, code: string): Promise<boolean> {
    const taken = await tx
      .updateTable('auth.recovery_code')
      .set({ used_at: new Date(clock.now()) })
      .where('hash', '=', hashOf(principal, code))
      .where('used_at', 'is', null)
      .executeTakeFirst()
    return taken.numUpdatedRows > 0n
  }

  async function makeRecoveryCodes(tx: AuthTransaction, principal: string): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, () => makeCode(RECOVERY_LETTERS))
    await tx.deleteFrom('auth.recovery_code').where('principal', '=', principal).execute()
    await tx
      .insertInto('auth.recovery_code')
      .values(codes.map((code) => ({ hash: hashOf(principal, plainCode(code)), principal })))
      .execute()
    return codes
  }

  return {
    /** Since when it is in force, and how many recovery codes are left; null where it is not. */
    async state(principal: string) {
      const row = await rowOf(principal)
      if (!row?.confirmed_at) return null
      const { count } = await db
        .selectFrom('auth.recovery_code')
        .select(sql<number>`count(*)::int`.as('count'))
        .where('principal', '=', principal)
        .where('used_at', 'is', null)
        .executeTakeFirstOrThrow()
      return { since: isoTime(row.confirmed_at.getTime()), recoveryCodesLeft: count }
    },

    /** A fresh secret; it asks nothing of anybody until `confirm`. */
    async begin(principal: string, password: string) {
      const { email } = await credentials.confirm(principal, password)
      if ((await rowOf(principal))?.confirmed_at) throw authError('auth.totp_on')
      const { Secret } = await import('otpauth')
      const secret = new Secret({ size: 20 }).base32
      const row = { secret: seal(secret, sealing), created_at: new Date(clock.now()) }
      await db
        .insertInto('auth.totp')
        .values({ principal, ...row })
        .onConflict((conflict) =>
          conflict.column('principal').doUpdateSet(row).where('auth.totp.confirmed_at', 'is', null),
        )
        .execute()
      return { secret, uri: (await generator(secret, email)).toString() }
    },

    async confirm(principal: string, code: string, requestId: string): Promise<string[]> {
      await throttle.guess('totp', principal)
      const row = await rowOf(principal)
      if (!row) throw authError('auth.totp_off')
      if (row.confirmed_at) throw authError('auth.totp_on')
      return await db.transaction().execute(async (tx) => {
        if (!(await takeDigits(tx, principal, plainCode(code)))) throw authError('auth.code_refused')
        const confirmed_at = new Date(clock.now())
        await tx.updateTable('auth.totp').set({ confirmed_at }).where('principal', '=', principal).execute()
        await audit(tx, { actor: principal, action: 'totp.added', subject: principal, requestId })
        return await makeRecoveryCodes(tx, principal)
      })
    },

    async renewRecoveryCodes(principal: string, password: string, requestId: string): Promise<string[]> {
      await credentials.confirm(principal, password)
      if (!(await rowOf(principal))?.confirmed_at) throw authError('auth.totp_off')
      return await db.transaction().execute(async (tx) => {
        await audit(tx, { actor: principal, action: 'recovery_codes.made', subject: principal, requestId })
        return await makeRecoveryCodes(tx, principal)
      })
    },

    async remove(principal: string, password: string, requestId: string): Promise<void> {
      await credentials.confirm(principal, password)
      await db.transaction().execute(async (tx) => {
        if (await removeTotp(tx, principal))
          await audit(tx, { actor: principal, action: 'totp.removed', subject: principal, requestId })
      })
    },

    /** Takes a code at the door; false where it is wrong or was taken before. */
    async take(principal: string, given: string, requestId: string): Promise<boolean> {
      const code = plainCode(given)
      return await db.transaction().execute(async (tx) => {
        if (/^\d{6}$/.test(code)) return await takeDigits(tx, principal, code)
        if (!(await takeRecovery(tx, principal, code))) return false
        await audit(tx, { actor: principal, action: 'recovery_code.used', subject: principal, requestId })
        return true
      })
    },
  }
}

/** Takes the second step away with its recovery codes; false where there was none. */
export async function removeTotp(tx: AuthTransaction, principal: string): Promise<boolean> {
  await tx.deleteFrom('auth.recovery_code').where('principal', '=', principal).execute()
  const gone = await tx.deleteFrom('auth.totp').where('principal', '=', principal).executeTakeFirst()
  return gone.numDeletedRows > 0n
}

/** AES-256-GCM: nonce, tag and text, as base64url. */
function seal(text: string, key: Buffer): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
}

function open(sealed: string, key: Buffer): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
