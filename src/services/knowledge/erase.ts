import { type Kysely, sql, type Transaction } from 'kysely'
import type { Events } from '../../platform/events/events.ts'
import { residentErased } from '../auth/auth.events.ts'
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
        // What was also brought into the room's collection stays there; the posted file is gone.
        await tx
          .updateTable('knowledge.document')
          .set({ file: null })
          .where('sha256', 'in', roomBlobs)
          .where('added_by', 'is not', null)
          .where('collection', 'in', (of) =>
            of.selectFrom('knowledge.collection').select('id').where('room', '=', room),
          )
          .execute()
        await tx
          .deleteFrom('knowledge.document')
          .where('sha256', 'in', roomBlobs)
          .where('added_by', 'is', null)
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

/** Forgets the collections of whoever is erased, and whose hand brought what stays in rooms. */
export function consumeResidents(
  db: Kysely<KnowledgeTables>,
  events: Events,
  forget: (blobs: readonly string[]) => Promise<void>,
): void {
  events.consume<KnowledgeTables, typeof residentErased>({
    name: 'knowledge.erase_resident',
    db,
    types: [residentErased],
    async handle({ data: { principal } }, job) {
      const rows = await db
        .selectFrom('knowledge.document as d')
        .innerJoin('knowledge.collection as c', 'c.id', 'd.collection')
        .select('d.sha256')
        .where('c.owner', '=', principal)
        .execute()
      await job.commit(async (tx) => {
        await tx.deleteFrom('knowledge.collection').where('owner', '=', principal).execute()
        await tx
          .updateTable('knowledge.document')
          .set({ added_by: GONE })
          .where('added_by', '=', principal)
          .execute()
        await tx
          .updateTable('knowledge.source')
          .set({ added_by: GONE })
          .where('added_by', '=', principal)
          .execute()
      })
      await forget(rows.map(({ sha256 }) => sha256))
    },
  })
}

const GONE = 'gone'
