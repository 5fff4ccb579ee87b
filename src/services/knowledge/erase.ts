import { type Kysely, sql, type Transaction } from 'kysely'
import type { Events } from '../../platform/events/events.ts'
import { messageErased } from '../city/city.events.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'

/** Forgets the documents of deleted messages: pages, passages and vectors go where no message of the room holds the same bytes. */
export function consumeErasures(db: Kysely<KnowledgeTables>, events: Events): void {
  events.consume<KnowledgeTables, typeof messageErased>({
    name: 'knowledge.erase',
    db,
    types: [messageErased],
    async handle({ data: { room, message, roomBlobs }, at }, job) {
      await job.commit(async (tx) => {
        await hold(tx, message)
        await tx
          .insertInto('knowledge.erased')
          .values({ message, at })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        if (roomBlobs.length === 0) return
        await tx
          .deleteFrom('knowledge.document')
          .where('sha256', 'in', roomBlobs)
          .where('collection', 'in', (of) =>
            of.selectFrom('knowledge.collection').select('id').where('room', '=', room),
          )
          // Posted anew since: then it stays.
          .where(sql<boolean>`coalesce(cited_at, created_at) <= ${at}::timestamptz`)
          .execute()
      })
    },
  })
}

/** Whether a message is deleted. Nobody else takes a document of it in, or erases it, until the transaction ends. */
export async function isErased(tx: Transaction<KnowledgeTables>, message: string): Promise<boolean> {
  await hold(tx, message)
  const row = await tx
    .selectFrom('knowledge.erased')
    .select('message')
    .where('message', '=', message)
    .executeTakeFirst()
  return row !== undefined
}

const hold = (tx: Transaction<KnowledgeTables>, message: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`knowledge.erased ${message}`}, 0))`.execute(tx)
