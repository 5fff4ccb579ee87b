import { isIP } from 'node:net'
import type { AuthenticatorTransport } from '@simplewebauthn/server'
import type { Kysely, Selectable } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { NewPasskey, Passkey, UsedPasskey } from './accounts.contract.ts'
import type { Audit } from './auth.audit.ts'
import { authError } from './auth.errors.ts'
import type { OneTimes } from './auth.one-time.ts'
import type { AuthTransaction } from './auth.store.ts'
import type { AuthTables, PasskeyRow } from './auth.tables.ts'

export interface PasskeyNeeds {
  readonly db: Kysely<AuthTables>
  readonly clock: Clock
  readonly ids: Ids
  readonly audit: Audit
  readonly oneTimes: OneTimes
  readonly cityName: string
  readonly publicUrl: string
}

/** Whom a passkey is for. */
export interface Holder {
  readonly id: string
  readonly email: string
  readonly name: string
}

const QUESTION_MS = 5 * 60_000
const MOST = 20
export type Passkeys = ReturnType<typeof createPasskeys>

/** Passkeys (WebAuthn): made inside a session, they open one without a password. Each belongs to one domain: the city's own, or `localhost` on its machine. The library is loaded when it is first needed. */
export function createPasskeys(needs: PasskeyNeeds) {
  const { db, clock, ids, audit, oneTimes, cityName, publicUrl } = needs
  const webauthn = () => import('@simplewebauthn/server')

  const own = (principal: string) =>
    db.selectFrom('auth.passkey').selectAll().where('principal', '=', principal)

  return {
    async list(principal: string): Promise<Passkey[]> {
      const rows = await own(principal).orderBy('id').execute()
      return rows.map(outward)
    },

    /** What to ask the authenticator of a browser at `origin` for a new passkey. Rejects with `auth.passkey_needs_domain` where the address is no name. */
    async newQuestion(holder: Holder, origin: string) {
      const rpID = domainOf(origin, publicUrl)
      const held = await own(holder.id).execute()
      if (held.length >= MOST) throw authError('auth.too_many_passkeys', { limit: MOST })
      const { generateRegistrationOptions } = await webauthn()
      const options = await generateRegistrationOptions({
        rpName: cityName,
        rpID,
        userID: new Uint8Array(Buffer.from(holder.id)),
        userName: holder.email,
        userDisplayName: holder.name,
        attestationType: 'none',
        excludeCredentials: held
          .filter((row) => row.domain === rpID)
          .map((row) => ({ id: row.credential, transports: transportsOf(row) })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })
      const ticket = await ask('new_passkey_question', holder.id, options.challenge)
      return { ticket, options: { ...options } }
    },

    async add(
      principal: string,
      wish: { ticket: string; name: string; response: NewPasskey; origin: string },
      requestId: string,
    ): Promise<Passkey> {
      const domain = domainOf(wish.origin, publicUrl)
      const question = await oneTimes.take(db, 'new_passkey_question', wish.ticket)
      if (question?.principal !== principal) throw authError('auth.passkey_unmade')
      const { verifyRegistrationResponse } = await webauthn()
      const { attestationObject, clientDataJSON, transports = [] } = wish.response.response
      const made = await verifyRegistrationResponse({
        response: {
          ...plain(wish.response),
          response: { attestationObject, clientDataJSON, transports: asTransports(transports) },
        },
        expectedChallenge: question.value ?? '',
        expectedOrigin: wish.origin,
        expectedRPID: domain,
        requireUserVerification: true,
      }).catch((cause: unknown) => {
        throw authError('auth.passkey_unmade', {}, { cause })
      })
      if (!made.verified) throw authError('auth.passkey_unmade')
      const { credential, credentialBackedUp } = made.registrationInfo
      return await db.transaction().execute(async (tx) => {
        const row = await tx
          .insertInto('auth.passkey')
          .values({
            id: ids.make('passkey'),
            principal,
            name: wish.name,
            credential: credential.id,
            public_key: Buffer.from(credential.publicKey).toString('base64url'),
            counter: credential.counter,
            transports: transports.join(','),
            synced: credentialBackedUp,
            domain,
            created_at: new Date(clock.now()),
          })
          .onConflict((conflict) => conflict.column('credential').doNothing())
          .returningAll()
          .executeTakeFirst()
        if (!row) throw authError('auth.passkey_unmade')
        const detail = { name: wish.name, domain }
        await audit(tx, { actor: principal, action: 'passkey.added', subject: row.id, detail, requestId })
        return outward(row)
      })
    },

    /** Only one's own; another's is as unknown as one that never was. */
    async remove(principal: string, id: string, requestId: string): Promise<void> {
      await db.transaction().execute(async (tx) => {
        const gone = await tx
          .deleteFrom('auth.passkey')
          .where('id', '=', id)
          .where('principal', '=', principal)
          .returning('name')
          .executeTakeFirst()
        if (!gone) throw authError('auth.passkey_unknown')
        const detail = { name: gone.name }
        await audit(tx, { actor: principal, action: 'passkey.removed', subject: id, detail, requestId })
      })
    },

    /** What to ask the authenticator at the door: whichever passkey of this domain it holds. */
    async question(origin: string) {
      const rpID = domainOf(origin, publicUrl)
      const { generateAuthenticationOptions } = await webauthn()
      const options = await generateAuthenticationOptions({ rpID, userVerification: 'required' })
      return { ticket: await ask('passkey_question', null, options.challenge), options: { ...options } }
    },

    /** Whose passkey this is. Rejects with `auth.passkey_refused`, whatever is wrong. */
    async check(ticket: string, answer: UsedPasskey, origin: string): Promise<string> {
      const domain = domainOf(origin, publicUrl)
      const question = await oneTimes.take(db, 'passkey_question', ticket)
      const row = await db
        .selectFrom('auth.passkey')
        .selectAll()
        .where('credential', '=', answer.id)
        .where('domain', '=', domain)
        .executeTakeFirst()
      if (!question || !row) throw authError('auth.passkey_refused')
      const { verifyAuthenticationResponse } = await webauthn()
      const { userHandle, ...response } = answer.response
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: {
          ...plain(answer),
          response: { ...response, ...(userHandle !== undefined && { userHandle }) },
        },
        expectedChallenge: question.value ?? '',
        expectedOrigin: origin,
        expectedRPID: domain,
        requireUserVerification: true,
        credential: {
          id: row.credential,
          publicKey: new Uint8Array(Buffer.from(row.public_key, 'base64url')),
          counter: Number(row.counter),
          transports: transportsOf(row),
        },
      }).catch((cause: unknown) => {
        throw authError('auth.passkey_refused', {}, { cause })
      })
      if (!verified) throw authError('auth.passkey_refused')
      // A counter that did not move on is a copy's; authenticators that sync keep it at 0.
      const { newCounter } = authenticationInfo
      const moved = await db
        .updateTable('auth.passkey')
        .set({ counter: newCounter, last_used_at: new Date(clock.now()) })
        .where('id', '=', row.id)
        .where('counter', '=', row.counter)
        .executeTakeFirst()
      if (moved.numUpdatedRows === 0n) throw authError('auth.passkey_refused')
      return row.principal
    },
  }

  async function ask(
    kind: 'passkey_question' | 'new_passkey_question',
    principal: string | null,
    challenge: string,
  ): Promise<string> {
    const row = await oneTimes.make(db, { kind, principal, forMs: QUESTION_MS, value: challenge })
    return oneTimes.token(kind, row.id)
  }
}

export const removePasskeys = (tx: AuthTransaction, principal: string) =>
  tx.deleteFrom('auth.passkey').where('principal', '=', principal).execute()

/** The domain that passkeys made at `origin` belong to. A number is no domain, and another name than the city's is not its own. */
function domainOf(origin: string, publicUrl: string): string {
  const { hostname, port, protocol } = new URL(URL.canParse(origin) ? origin : publicUrl)
  const city = new URL(publicUrl)
  if (hostname === 'localhost' || (hostname === city.hostname && !isAddress(hostname))) return hostname
  const here = isAddress(city.hostname)
  const place = `${protocol}//localhost${port ? `:${port}` : ''}`
  throw authError('auth.passkey_needs_domain', { link: here ? place : city.origin })
}

const isAddress = (hostname: string) => isIP(hostname.replace(/^\[|\]$/g, '')) !== 0

const transportsOf = (row: Selectable<PasskeyRow>) =>
  asTransports(row.transports.split(',').filter((name) => name !== ''))

// Names we do not know are passed on to the browser, which knows more of them than the library's type.
const asTransports = (names: readonly string[]) => names as AuthenticatorTransport[]

const plain = ({
  id,
  rawId,
  type,
  authenticatorAttachment,
}: Pick<NewPasskey, 'id' | 'rawId' | 'type' | 'authenticatorAttachment'>) => ({
  id,
  rawId,
  type,
  clientExtensionResults: {},
  ...(authenticatorAttachment && { authenticatorAttachment }),
})

const outward = (row: Selectable<PasskeyRow>): Passkey => ({
  id: row.id,
  name: row.name,
  domain: row.domain,
  synced: row.synced,
  createdAt: isoTime(row.created_at.getTime()),
  lastUsedAt: row.last_used_at && isoTime(row.last_used_at.getTime()),
})
