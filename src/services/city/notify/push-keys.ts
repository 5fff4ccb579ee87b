import { createECDH } from 'node:crypto'
import type { Secret } from '../../../kernel/secret.ts'
import { seal, unseal } from '../../../platform/seal.ts'
import type { CityDb } from '../city.store.ts'

/** The city's key towards push services (VAPID, RFC 8292), as base64url. */
export interface PushKeys {
  readonly publicKey: string
  readonly privateKey: string
}

const PURPOSE = 'push key'

/** The city's keys, made where there are none; every process has the same. Where the city's secret was changed they are made anew, and no browser that was subscribed with the old ones can be woken: they are forgotten. */
export async function openPushKeys(db: CityDb, secret: Secret): Promise<PushKeys> {
  return await db.transaction().execute(async (tx) => {
    const fresh = makeKeys()
    const row = { public_key: fresh.publicKey, private_key: seal(fresh.privateKey, secret, PURPOSE) }
    await tx
      .insertInto('city.push_key')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const kept = await tx.selectFrom('city.push_key').selectAll().forUpdate().executeTakeFirstOrThrow()
    const privateKey = unseal(kept.private_key, secret, PURPOSE)
    if (privateKey !== null) return { publicKey: kept.public_key, privateKey }
    await tx.updateTable('city.push_key').set(row).execute()
    await tx.deleteFrom('city.push_subscription').execute()
    return fresh
  })
}

function makeKeys(): PushKeys {
  const pair = createECDH('prime256v1')
  const publicKey = pair.generateKeys('base64url')
  // A number that begins with zeros comes out shorter than the 32 bytes that are wanted.
  const privateKey = Buffer.from(pair.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url')
  return { publicKey, privateKey }
}
