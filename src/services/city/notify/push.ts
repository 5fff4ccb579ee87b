import { createECDH } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import type { z } from 'zod'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import { type Handlers, invoke } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { inputReader, openCall } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb } from '../city.store.ts'
import { notificationOperations } from '../notifications.contract.ts'
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

/** The browsers that one lets the city wake. Each belongs to the session or key it was subscribed by. */
export function createPushSubscriptions({ db, clock, ids, keys }: PushNeeds) {
  const subscribe = async (
    { endpoint, keys: given, locale }: Subscribing,
    principal: Principal | null,
    credential: string | null,
  ) => {
    if (!principal) throw kernelError('auth.required')
    if (!keys) throw cityError('city.push_off')
    if (!isWeb(endpoint) || !isPoint(given.p256dh) || bytesIn(given.auth).length !== SECRET_BYTES)
      throw cityError('city.push_invalid')
    const { p256dh, auth } = given
    const row = { endpoint, p256dh, auth, locale, principal: principal.id, credential }
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
              sql<boolean>`push_subscription.principal = ${principal.id} or push_subscription.auth = ${auth}`,
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
  }

  const handlers: Pick<Handlers<typeof cityContract>, 'push' | 'subscribePush' | 'unsubscribePush'> = {
    async push() {
      return { key: keys ? (await keys()).publicKey : null }
    },
    subscribePush: (input, { principal }) => subscribe(input, principal, null),
    async unsubscribePush({ endpoint }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      let query = db.deleteFrom('city.push_subscription').where('principal', '=', principal.id)
      if (endpoint !== undefined) query = query.where('endpoint', '=', endpoint.replaceAll('\0', ''))
      await query.execute()
      return { done: true as const }
    },
  }

  return {
    handlers,
    /** `subscribePush`, which asks besides by what its caller came in. */
    routes(app: FastifyInstance, authenticate: Authenticate): void {
      const op = notificationOperations.subscribePush
      const read = inputReader(op)
      app.post(op.path, async (request, reply) => {
        const identity = await authenticate(request)
        const call = await openCall(request, reply, op, async () => identity)
        const handle = (input: Subscribing) =>
          subscribe(input, call.principal, identity.credential?.id ?? null)
        return await reply.code(op.status).send(await invoke(op, handle, read(request), call))
      })
    },
  }
}

type Subscribing = z.output<typeof notificationOperations.subscribePush.input>

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
