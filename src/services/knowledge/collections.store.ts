import { type Kysely, sql } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Collection } from './collections.contract.ts'
import { knowledgeError } from './knowledge.errors.ts'
import { documentAdded } from './knowledge.events.ts'
import { reopen, type Tx } from './knowledge.store.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { bands, sameShare } from './sketch.ts'

/** A document that somebody brings into a collection. */
export interface Brought {
  readonly collection: string
  readonly sha256: string
  readonly name: string
  readonly mime: string
  readonly sizeBytes: number
  readonly by: string
  /** What makes it a version of another: its name, or its address. */
  readonly series: string
  readonly url?: string
  readonly source?: string
}

export interface CollectionLimits {
  /** Of what one person brings. */
  readonly quotaBytes: number
}

const MAX_COLLECTIONS = 200
const MAX_DOCUMENTS = 20_000
/** From this share on, two documents are told to be nearly the same. */
const NEARLY = 0.8
const MAX_NEAR = 20

/** Collections, and what is brought into them. */
export function createCollectionStore(
  db: Kysely<KnowledgeTables>,
  { clock, events, ids, limits }: { clock: Clock; events: Events; ids: Ids; limits: CollectionLimits },
) {
  return {
    /** Makes a collection of a person's own, or a room's. */
    async make(
      about: { name: string } & ({ owner: string } | { room: string } | { community: string }),
    ): Promise<string> {
      return await db.transaction().execute(async (tx) => {
        if (!('room' in about)) {
          const [column, whose] =
            'owner' in about
              ? (['owner', about.owner] as const)
              : (['community_id', about.community] as const)
          await hold(tx, whose)
          const { n } = await tx
            .selectFrom('knowledge.collection')
            .select((make) => make.fn.countAll<string | number>().as('n'))
            .where(column, '=', whose)
            .executeTakeFirstOrThrow()
          if (Number(n) >= MAX_COLLECTIONS)
            throw knowledgeError('knowledge.too_many', { limit: MAX_COLLECTIONS })
        }
        const made = await tx
          .insertInto('knowledge.collection')
          .values({
            id: ids.make('col'),
            room: 'room' in about ? about.room : null,
            owner: 'owner' in about ? about.owner : null,
            name: about.name,
            community_id: 'community' in about ? about.community : null,
            created_at: isoTime(clock.now()),
          })
          .onConflict((conflict) => conflict.column('room').doNothing())
          .returning('id')
          .executeTakeFirst()
        if (!made) throw knowledgeError('knowledge.collection_exists')
        return made.id
      })
    },

    async ofRooms(rooms: readonly string[]): Promise<string[]> {
      const rows = await db
        .selectFrom('knowledge.collection')
        .select('id')
        .where('room', 'in', rooms)
        .execute()
      return rows.map(({ id }) => id)
    },

    async rename(id: string, name: string): Promise<void> {
      await db.updateTable('knowledge.collection').set({ name }).where('id', '=', id).execute()
    },

    /** These collections with their counts, newest first. */
    async list(collections: readonly string[], limit: number, after?: string): Promise<Collection[]> {
      if (collections.length === 0) return []
      const rows = await db
        .selectFrom('knowledge.collection as c')
        .leftJoin('knowledge.document as d', (join) =>
          join.onRef('d.collection', '=', 'c.id').on('d.replaced_by', 'is', null),
        )
        .select(['c.id', 'c.name', 'c.owner', 'c.room', 'c.community_id', 'c.created_at'])
        .select([
          sql<string | number>`count(d.id)`.as('total'),
          sql<string | number>`count(d.id) filter (where d.state = 'pending')`.as('pending'),
          sql<string | number>`count(d.id) filter (where d.state = 'failed')`.as('failed'),
        ])
        .where('c.id', 'in', collections)
        .$if(after !== undefined, (query) => query.where('c.id', '<', after ?? ''))
        .groupBy('c.id')
        .orderBy('c.id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        owner: row.owner,
        room: row.room,
        community: row.community_id,
        createdAt: row.created_at.toISOString(),
        documents: { total: Number(row.total), pending: Number(row.pending), failed: Number(row.failed) },
      }))
    },

    /** Makes what somebody brings a document, the newest version of its series, and asks for it to be read. The same bytes again are the document that is there, and are not read again unless they failed. */
    async bring(tx: Tx, brought: Brought): Promise<{ id: string; isNew: boolean }> {
      const { collection, series, sha256 } = brought
      await hold(tx, collection)
      await hold(tx, brought.by)
      const same = await tx
        .selectFrom('knowledge.document')
        .select(['id', 'state', 'added_by', 'replaced_by'])
        .where('collection', '=', collection)
        .where('sha256', '=', sha256)
        .executeTakeFirst()
      const about = { added_by: brought.by, url: brought.url ?? null, source: brought.source ?? null }
      if (same && same.added_by !== null && same.replaced_by === null && same.state !== 'failed')
        return { id: same.id, isNew: false }
      await checkLimits(tx, brought, limits)
      const { last } = await tx
        .selectFrom('knowledge.document')
        .select((make) => make.fn.max('version').as('last'))
        .where('collection', '=', collection)
        .where('series', '=', series)
        .executeTakeFirstOrThrow()
      const version = (last ?? 0) + 1
      if (same) {
        const failed = same.state === 'failed'
        await tx
          .updateTable('knowledge.document')
          .set({ ...about, name: brought.name, series, version, replaced_by: null })
          .where('id', '=', same.id)
          .execute()
        await settleVersions(tx, same.id)
        if (failed) await again(tx, same.id)
        return { id: same.id, isNew: false }
      }
      const id = ids.make('doc')
      await tx
        .insertInto('knowledge.document')
        .values({
          ...about,
          id,
          collection,
          sha256,
          title: brought.name,
          name: brought.name,
          mime: brought.mime,
          size_bytes: brought.sizeBytes,
          file: null,
          created_at: isoTime(clock.now()),
          series,
          version,
        })
        .execute()
      await ask(tx, id)
      return { id, isNew: true }
    },

    /** Asks for a document to be read again: what failed of it. */
    again,
    settleVersions,

    /** Keeps the sketch of a finished document, and whether another of its collection is nearly the same. */
    async compare(tx: Tx, id: string, collection: string, sketch: readonly number[] | null): Promise<void> {
      await tx.deleteFrom('knowledge.sketch_band').where('document', '=', id).execute()
      if (!sketch) return
      const keys = bands(sketch)
      const rows = await tx
        .selectFrom('knowledge.sketch_band as b')
        .innerJoin('knowledge.document as d', 'd.id', 'b.document')
        .select(['d.id', 'd.sketch'])
        .distinct()
        .where('b.collection', '=', collection)
        .where('b.band', 'in', keys)
        .where('d.replaced_by', 'is', null)
        .where('d.state', '=', 'done')
        .where('d.id', '<', id)
        .where((where) =>
          where.or([
            where('d.series', 'is', null),
            where(
              'd.series',
              'is distinct from',
              where.selectFrom('knowledge.document').select('series').where('id', '=', id),
            ),
          ]),
        )
        .orderBy('d.id')
        .limit(MAX_NEAR)
        .execute()
      const [best] = rows
        .map((row) => ({ id: row.id, share: sameShare(sketch, row.sketch ?? []) }))
        .filter(({ share }) => share >= NEARLY)
        .sort((a, b) => b.share - a.share)
      await tx
        .updateTable('knowledge.document')
        .set({ sketch: JSON.stringify(sketch), near: best?.id ?? null, near_share: best?.share ?? null })
        .where('id', '=', id)
        .execute()
      await tx
        .insertInto('knowledge.sketch_band')
        .values(keys.map((band) => ({ document: id, collection, band })))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    /** Removes a document; the newest of the versions that are left stands in its place. */
    async remove(tx: Tx, id: string): Promise<void> {
      const gone = await tx
        .deleteFrom('knowledge.document')
        .where('id', '=', id)
        .returning(['collection', 'series'])
        .executeTakeFirst()
      if (gone?.series) await settleSeries(tx, gone.collection, gone.series)
    },

    /** Whether some document still has these bytes. */
    async isHeld(from: Kysely<KnowledgeTables>, sha256: string): Promise<boolean> {
      const row = await from
        .selectFrom('knowledge.document')
        .select('id')
        .where('sha256', '=', sha256)
        .where('added_by', 'is not', null)
        .executeTakeFirst()
      return row !== undefined
    },
  }

  async function again(tx: Tx, document: string): Promise<void> {
    await reopen(tx, document)
    await ask(tx, document)
  }

  async function ask(tx: Tx, document: string): Promise<void> {
    await events.append(tx, { type: documentAdded, principal: null, data: { document } })
  }
}
export type CollectionStore = ReturnType<typeof createCollectionStore>

/** Of the finished documents of its series the newest stands, and the others are replaced by it. */
async function settleVersions(tx: Tx, id: string): Promise<void> {
  const about = await tx
    .selectFrom('knowledge.document')
    .select(['collection', 'series'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (about?.series) await settleSeries(tx, about.collection, about.series)
}

async function settleSeries(tx: Tx, collection: string, series: string): Promise<void> {
  const done = await tx
    .selectFrom('knowledge.document')
    .select(['id', 'replaced_by'])
    .where('collection', '=', collection)
    .where('series', '=', series)
    .where('state', '=', 'done')
    .orderBy('version', 'desc')
    .execute()
  const [newest, ...older] = done
  if (!newest) return
  const stale = older.filter((one) => one.replaced_by === null).map((one) => one.id)
  if (newest.replaced_by !== null)
    await tx
      .updateTable('knowledge.document')
      .set({ replaced_by: null })
      .where('id', '=', newest.id)
      .execute()
  if (stale.length > 0)
    await tx
      .updateTable('knowledge.document')
      .set({ replaced_by: newest.id })
      .where('id', 'in', stale)
      .execute()
}

async function checkLimits(tx: Tx, { by, collection, sizeBytes }: Brought, { quotaBytes }: CollectionLimits) {
  const { n } = await tx
    .selectFrom('knowledge.document')
    .select((make) => make.fn.countAll<string | number>().as('n'))
    .where('collection', '=', collection)
    .executeTakeFirstOrThrow()
  if (Number(n) >= MAX_DOCUMENTS) throw knowledgeError('knowledge.too_many', { limit: MAX_DOCUMENTS })
  const { held } = await tx
    .selectFrom('knowledge.document')
    .select((make) => make.fn.sum<string | number | null>('size_bytes').as('held'))
    .where('added_by', '=', by)
    .executeTakeFirstOrThrow()
  if (Number(held ?? 0) + sizeBytes > quotaBytes)
    throw knowledgeError('knowledge.no_space', { limit: quotaBytes })
}

/** One at a time for a collection or a person, until the transaction ends. */
const hold = (tx: Tx, key: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`knowledge ${key}`}, 0))`.execute(tx)
