import { type Kysely, sql, type Transaction } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Failure } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { PageCounts } from '../city/messages.contract.ts'
import type { Document, DocumentPlace } from './documents.contract.ts'
import { isErased } from './erase.ts'
import type { KnowledgeTables, PageRow } from './knowledge.tables.ts'
import { isEmpty, type Scope, within } from './scope.ts'

/** A document as the service works on it. */
export interface Held {
  readonly id: string
  readonly collection: string
  readonly room: string | null
  /** Of a collection of one's own. */
  readonly owner: string | null
  /** Of a community’s collection. */
  readonly community: string | null
  readonly sha256: string
  readonly title: string
  readonly mime: string
  readonly sizeBytes: number
  readonly file: string | null
  readonly state: Document['state']
  readonly error: Failure | null
  readonly total: number | null
  readonly createdAt: string
  readonly pages: PageCounts
  /** What the file is called. */
  readonly name: string
  readonly url: string | null
  readonly addedBy: string | null
  readonly series: string | null
  readonly version: number
  readonly replacedBy: string | null
  readonly near: Document['near']
}

export type Tx = Transaction<KnowledgeTables>
type Db = Kysely<KnowledgeTables>

/** A passage to be stored. */
export interface NewChunk {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly head: number
  readonly stems: readonly string[]
}

/** A page to be stored. */
export type NewPage = Omit<PageRow, 'document' | 'place'> & { readonly place: DocumentPlace | null }

/** Documents and their page ledger. */
export function createKnowledgeStore(db: Db, clock: Clock, ids: Ids) {
  const select = (from: Db) =>
    from
      .selectFrom('knowledge.document as d')
      .innerJoin('knowledge.collection as c', 'c.id', 'd.collection')
      .select(['d.id', 'd.collection', 'd.sha256', 'd.title', 'd.mime', 'd.size_bytes', 'd.file', 'd.state'])
      .select([
        'd.total',
        'd.created_at',
        'd.error',
        'd.name',
        'd.url',
        'd.added_by',
        'd.series',
        'd.version',
      ])
      .leftJoin('knowledge.document as n', 'n.id', 'd.near')
      .select(['d.replaced_by', 'd.near', 'd.near_share', 'n.title as near_title', 'c.room', 'c.owner'])
      .select('c.community_id as community')
  const withCounts = async (
    from: Db,
    rows: Awaited<ReturnType<ReturnType<typeof select>['execute']>>,
  ): Promise<Held[]> => {
    const counts = await countPages(
      from,
      rows.map(({ id }) => id),
    )
    return rows.map((row) => ({
      id: row.id,
      collection: row.collection,
      room: row.room,
      owner: row.owner,
      community: row.community,
      sha256: row.sha256,
      title: row.title,
      mime: row.mime,
      sizeBytes: Number(row.size_bytes),
      file: row.file,
      state: row.state,
      error: row.error,
      total: row.total,
      createdAt: row.created_at.toISOString(),
      name: row.name,
      url: row.url,
      addedBy: row.added_by,
      series: row.series,
      version: row.version,
      replacedBy: row.replaced_by,
      near:
        row.near === null
          ? null
          : { document: row.near, title: row.near_title ?? '', share: Number(row.near_share ?? 0) },
      pages: { ...NO_PAGES, ...counts.get(row.id), total: row.total ?? 0 },
    }))
  }

  return {
    /** The id of the document with these bytes in the room's collection: found, or made. Undefined where the message that posted it is deleted by now. */
    async take(
      { room, message, at }: { room: string; message: string; at: string },
      blob: Pick<Held, 'sha256' | 'title' | 'mime' | 'sizeBytes'> & { file: string },
    ): Promise<string | undefined> {
      const created_at = isoTime(clock.now())
      return await db.transaction().execute(async (tx) => {
        if (await isErased(tx, message)) return undefined
        await tx
          .insertInto('knowledge.collection')
          .values({ id: ids.make('col'), room, community_id: null, created_at })
          .onConflict((conflict) => conflict.column('room').doNothing())
          .execute()
        const collection = await tx
          .selectFrom('knowledge.collection')
          .select('id')
          .where('room', '=', room)
          .executeTakeFirstOrThrow()
        const { sha256, title, mime, sizeBytes, file } = blob
        await tx
          .insertInto('knowledge.document')
          .values({
            id: ids.make('doc'),
            collection: collection.id,
            sha256,
            title,
            mime,
            size_bytes: sizeBytes,
            file,
            created_at,
            cited_at: at,
          })
          .onConflict((conflict) =>
            conflict
              .columns(['collection', 'sha256'])
              .doUpdateSet({ cited_at: sql<string>`greatest(document.cited_at, excluded.cited_at)` }),
          )
          .execute()
        const found = await tx
          .selectFrom('knowledge.document')
          .select('id')
          .where('collection', '=', collection.id)
          .where('sha256', '=', sha256)
          .executeTakeFirstOrThrow()
        return found.id
      })
    },

    async find(id: string): Promise<Held | undefined> {
      const [held] = await withCounts(db, await select(db).where('d.id', '=', id).execute())
      return held
    },

    /** Newest first; after the one that has the id `after`. */
    async list(
      where: {
        readonly room?: string
        readonly collection?: string
        readonly state?: Document['state'] | undefined
        /** Also what newer versions replaced. */
        readonly older: boolean
      },
      limit: number,
      after?: string,
    ): Promise<Held[]> {
      let query = select(db)
      if (where.room !== undefined) query = query.where('c.room', '=', where.room)
      if (where.collection !== undefined) query = query.where('d.collection', '=', where.collection)
      if (where.state !== undefined) query = query.where('d.state', '=', where.state)
      if (!where.older) query = query.where('d.replaced_by', 'is', null)
      if (after !== undefined) query = query.where('d.id', '<', after)
      return await withCounts(db, await query.orderBy('d.id', 'desc').limit(limit).execute())
    },

    /** Makes a settled document pending again; pages that failed are forgotten, the others stay. */
    async reopen(id: string): Promise<void> {
      await db.transaction().execute((tx) => reopen(tx, id))
    },

    async setTotal(id: string, total: number): Promise<void> {
      await db.updateTable('knowledge.document').set({ total }).where('id', '=', id).execute()
    },

    /** Stores a page with its passages; a page that is there already stays as it is. */
    async addPage(document: Held, page: NewPage, passages: readonly NewChunk[]): Promise<void> {
      await db.transaction().execute(async (tx) => {
        const added = await tx
          .insertInto('knowledge.page')
          .values({ ...page, document: document.id, place: page.place && JSON.stringify(page.place) })
          .onConflict((conflict) => conflict.doNothing())
          .returning('number')
          .executeTakeFirst()
        if (!added) return
        for (let from = 0; from < passages.length; from += INSERT_BATCH)
          await tx
            .insertInto('knowledge.chunk')
            .values(
              passages.slice(from, from + INSERT_BATCH).map(({ start, end, text, head, stems }, i) => ({
                id: ids.make('chunk'),
                document: document.id,
                collection: document.collection,
                page: page.number,
                ordinal: from + i,
                start_at: start,
                end_at: end,
                text,
                head_chars: head,
                words: tsvector(stems),
              })),
            )
            .execute()
      })
    },

    /** Numbers of the pages that are stored. */
    async knownPages(id: string): Promise<Set<number>> {
      const rows = await db.selectFrom('knowledge.page').select('number').where('document', '=', id).execute()
      return new Set(rows.map(({ number }) => number))
    },

    async ledger(id: string) {
      return await db
        .selectFrom('knowledge.page')
        .select(['number', 'state', 'error', 'place'])
        .where('document', '=', id)
        .orderBy('number')
        .execute()
    },

    async page(id: string, number: number) {
      return await db
        .selectFrom('knowledge.page')
        .selectAll()
        .where('document', '=', id)
        .where('number', '=', number)
        .executeTakeFirst()
    },

    /** Settles a document that was taken in, and says how its pages went. */
    async finish(tx: Tx, id: string, about: { title: string; total: number }): Promise<PageCounts> {
      await tx
        .updateTable('knowledge.document')
        .set({ ...about, state: 'done', error: null })
        .where('id', '=', id)
        .execute()
      return { ...NO_PAGES, ...(await countPages(tx, [id])).get(id), total: about.total }
    },

    async failById(tx: Tx, id: string, error: Failure): Promise<void> {
      await tx
        .updateTable('knowledge.document')
        .set({ state: 'failed', error: JSON.stringify(error) })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .execute()
    },

    async fail(tx: Tx, room: string, sha256: string, error: Failure): Promise<void> {
      await tx
        .updateTable('knowledge.document')
        .set({ state: 'failed', error: JSON.stringify(error) })
        .where('sha256', '=', sha256)
        .where('state', '=', 'pending')
        .where('collection', 'in', (part) =>
          part.selectFrom('knowledge.collection').select('id').where('room', '=', room),
        )
        .execute()
    },

    /** The failed pages of finished documents, by document; of at most `limit` documents. */
    async unread(scope: Scope, limit: number) {
      if (isEmpty(scope)) return []
      const query = db
        .selectFrom('knowledge.page as p')
        .innerJoin('knowledge.document as d', 'd.id', 'p.document')
        .select(['d.id', 'd.title', 'p.number'])
        .where('p.state', '=', 'failed')
        .where(within(scope))
      const rows = await query.orderBy('d.id', 'desc').orderBy('p.number').limit(MAX_UNREAD).execute()
      const found = new Map<string, { document: string; title: string; pages: number[] }>()
      for (const { id, title, number } of rows) {
        const entry = found.get(id) ?? { document: id, title, pages: [] }
        entry.pages.push(number)
        found.set(id, entry)
      }
      return [...found.values()].slice(0, limit)
    },
  }
}

/** The same within a transaction. */
export async function reopen(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('knowledge.document')
    .set({ state: 'pending', error: null })
    .where('id', '=', id)
    .execute()
  await tx.deleteFrom('knowledge.page').where('document', '=', id).where('state', '=', 'failed').execute()
  await tx.deleteFrom('knowledge.embedded').where('document', '=', id).execute()
}
export type KnowledgeStore = ReturnType<typeof createKnowledgeStore>

const NO_PAGES: PageCounts = { read: 0, ocr: 0, empty: 0, failed: 0, total: 0 }
const INSERT_BATCH = 100
const MAX_UNREAD = 2_000
/** PostgreSQL holds positions up to this. */
const MAX_POSITION = 16_383

async function countPages(db: Db, documents: readonly string[]): Promise<Map<string, Partial<PageCounts>>> {
  const counts = new Map<string, Partial<PageCounts>>()
  if (documents.length === 0) return counts
  const rows = await db
    .selectFrom('knowledge.page')
    .select(['document', 'state', (count) => count.fn.countAll<string | number>().as('pages')])
    .where('document', 'in', documents)
    .groupBy(['document', 'state'])
    .execute()
  for (const { document, state, pages } of rows)
    counts.set(document, { ...counts.get(document), [state]: Number(pages) })
  return counts
}

/** Stems hold letters and digits only, so none needs quoting beyond the quotes. */
function tsvector(words: readonly string[]): string {
  const places = new Map<string, number[]>()
  for (const [i, word] of words.entries())
    places.set(word, [...(places.get(word) ?? []), Math.min(i + 1, MAX_POSITION)])
  return [...places].map(([word, at]) => `'${word}':${at.slice(0, 50).join(',')}`).join(' ')
}
