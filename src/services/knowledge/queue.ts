import { type Kysely, sql } from 'kysely'
import type { Handlers } from '../../kernel/contract.ts'
import type { CollectionStore } from './collections.store.ts'
import { knowledgeError } from './knowledge.errors.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import type { queueOperations } from './queue.contract.ts'

/** What waits and what failed, for whoever runs the city: numbers, kinds and reasons, no names and no words. */
export function createQueue(
  db: Kysely<KnowledgeTables>,
  collections: CollectionStore,
): Handlers<typeof queueOperations> {
  return {
    async queue({ state, limit, after }) {
      const [counts, rows] = await Promise.all([
        db
          .selectFrom('knowledge.document')
          .select(['state', sql<string | number>`count(*)`.as('n')])
          .where('state', '!=', 'done')
          .groupBy('state')
          .execute(),
        db
          .selectFrom('knowledge.document as d')
          .select(['d.id', 'd.state', 'd.mime', 'd.size_bytes', 'd.created_at', 'd.total', 'd.error'])
          .select((of) =>
            of
              .selectFrom('knowledge.page as p')
              .select((make) => make.fn.countAll<string | number>().as('n'))
              .whereRef('p.document', '=', 'd.id')
              .as('read'),
          )
          .where('d.state', '!=', 'done')
          .$if(state !== undefined, (query) => query.where('d.state', '=', state ?? 'failed'))
          .$if(after !== undefined, (query) => query.where('d.id', '<', after ?? ''))
          .orderBy('d.id', 'desc')
          .limit(limit + 1)
          .execute(),
      ])
      const count = (of: string) => Number(counts.find((row) => row.state === of)?.n ?? 0)
      const items = rows.slice(0, limit).map((row) => ({
        document: row.id,
        state: row.state === 'failed' ? ('failed' as const) : ('pending' as const),
        mime: row.mime,
        sizeBytes: Number(row.size_bytes),
        createdAt: row.created_at.toISOString(),
        pages: { done: Number(row.read ?? 0), total: row.total },
        ...(row.error && { error: row.error }),
      }))
      const last = rows.length > limit ? items.at(-1) : undefined
      return {
        waiting: count('pending'),
        failed: count('failed'),
        items,
        ...(last && { next: last.document }),
      }
    },

    async retryQueued({ document }) {
      const row = await db
        .selectFrom('knowledge.document')
        .select('state')
        .where('id', '=', document)
        .executeTakeFirst()
      if (!row) throw knowledgeError('knowledge.document_not_found')
      if (row.state === 'pending') throw knowledgeError('knowledge.document_pending')
      if (row.state === 'done') throw knowledgeError('knowledge.nothing_failed')
      await db.transaction().execute((tx) => collections.again(tx, document))
      return { done: true }
    },
  }
}
