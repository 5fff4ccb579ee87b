import { createECDH } from 'node:crypto'
import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb } from '../city.store.ts'
import type { PushKeys } from './push-keys.ts'

export interface PushNeeds {
  readonly db: CityDb
  readonly clock: Clock
  readonly ids: Ids
  /** Absent where this city wakes nobody. */
  readonly keys: (() => Promise<PushKeys>) | undefined
}

const MOST = 10
const SECRET_BYTES = 16

/** The browsers that one lets the city wake. */
export function createPushSubscriptions({
  db,
  clock,
  ids,
  keys,
}: PushNeeds): Pick<Handlers<typeof cityContract>, 'push' | 'subscribePush' | 'unsubscribePush'> {
  return {
    async push() {
      return { key: keys ? (await keys()).publicKey : null }
    },

    async subscribePush({ endpoint, keys: given, locale }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      if (!keys) throw cityError('city.push_off')
      if (!isWeb(endpoint) || !isPoint(given.p256dh) || bytesIn(given.auth).length !== SECRET_BYTES)
        throw cityError('city.push_invalid')
      const row = { endpoint, p256dh: given.p256dh, auth: given.auth, locale, principal: principal.id }
      await db.transaction().execute(async (tx) => {
        const made = await tx
          .insertInto('city.push_subscription')
          .values({ id: ids.make('push'), ...row, created_at: isoTime(clock.now()) })
          .onConflict((conflict) =>
            conflict
              .column('endpoint')
              .doUpdateSet(row)
              // Who signs in as another on one device takes it with them; who only knows its address does not.
              .where(
                sql<boolean>`push_subscription.principal = ${principal.id} or push_subscription.auth = ${given.auth}`,
              ),
          )
          .returning('id')
          .executeTakeFirst()
        if (!made) throw cityError('city.push_taken')
        await sql`
          delete from city.push_subscription where principal = ${principal.id} and id not in (
            select id from city.push_subscription where principal = ${principal.id}
            order by id desc limit ${sql.lit(MOST)})`.execute(tx)
      })
      return { done: true as const }
    },

    async unsubscribePush({ endpoint }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      let query = db.deleteFrom('city.push_subscription').where('principal', '=', principal.id)
      if (endpoint !== undefined) query = query.where('endpoint', '=', endpoint.replaceAll('\0', ''))
      await query.execute()
      return { done: true as const }
    },
  }
}

const isWeb = (address: string): boolean =>
  isStorable(address) && /^https?:\/\//.test(address) && URL.canParse(address)
const isStorable = (text: string): boolean => !/[\0\s]|\p{Surrogate}/u.test(text)
const bytesIn = (text: string): Buffer => Buffer.from(text, 'base64url')

/** Whether it is a public key of P-256, as RFC 8291 wants it: uncompressed. */
function isPoint(key: string): boolean {
  const bytes = bytesIn(key)
  if (bytes.length !== 65) return false
  try {
    const own = createECDH('prime256v1')
    own.generateKeys()
    own.computeSecret(bytes)
    return true
  } catch {
    return false
  }
}
