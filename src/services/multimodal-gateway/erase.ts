import { type Kysely, sql, type Transaction } from 'kysely'
import type { Events } from '../../platform/events/events.ts'
import { messageErased } from '../city/city.events.ts'
import type { GatewayTables } from './multimodal-gateway.tables.ts'

/** Forgets what engines made of bytes that nobody in the city holds any more. */
export function consumeErasures(db: Kysely<GatewayTables>, events: Events): void {
  events.consume<GatewayTables, typeof messageErased>({
    name: 'gateway.erase',
    db,
    types: [messageErased],
    async handle({ data: { message, blobs }, at }, job) {
      await job.commit(async (tx) => {
        await hold(tx, message)
        await tx
          .insertInto('gateway.erased')
          .values({ message, blobs: JSON.stringify(blobs), at })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        await drop(tx, blobs)
      })
    },
  })
}

/** Whether a message was deleted while its part was under work; what was made of it meanwhile goes too. */
export async function dropErased(tx: Transaction<GatewayTables>, message: string): Promise<boolean> {
  await hold(tx, message)
  const row = await tx
    .selectFrom('gateway.erased')
    .select('blobs')
    .where('message', '=', message)
    .executeTakeFirst()
  if (row) await drop(tx, row.blobs)
  return row !== undefined
}

async function drop(tx: Transaction<GatewayTables>, blobs: readonly string[]): Promise<void> {
  if (blobs.length > 0) await tx.deleteFrom('gateway.artefact').where('sha256', 'in', blobs).execute()
}

const hold = (tx: Transaction<GatewayTables>, message: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`gateway.erased ${message}`}, 0))`.execute(tx)
