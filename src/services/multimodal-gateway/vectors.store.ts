import { type Kysely, sql, type Transaction } from 'kysely'
import { vectorsError } from '../../engines/vectors/vectors.errors.ts'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import type { GatewayTables, VectorCollectionRow } from './multimodal-gateway.tables.ts'

export type Kept = Pick<
  VectorCollectionRow,
  'id' | 'name' | 'alias' | 'dimensions' | 'distance' | 'model'
> & { readonly created_at: Date }

/** Who has which collection of vectors. The vectors themselves are in the engine, under the collection's id. */
export interface VectorShelf {
  list(owner: string): Promise<Kept[]>
  /** Rejects with `vectors.not_found`, also where it is another's. */
  find(owner: string, name: string): Promise<Kept>
  byId(id: string): Promise<Kept | undefined>
  /** Writes down that the store is about to make it. Rejects with `vectors.exists` and `gateway.vectors_many`. */
  begin(owner: string, made: Omit<Kept, 'id' | 'created_at'>): Promise<Kept>
  ready(id: string): Promise<void>
  /** It answers no more from now on; what the store has of it is to be taken away, then `forget` it. */
  going(ids: readonly string[]): Promise<void>
  forget(id: string): Promise<void>
  /** What the store may still have though nobody has it any more. */
  leftovers(): Promise<readonly Pick<Kept, 'id' | 'alias'>[]>
  ofOwner(owner: string): Promise<readonly Pick<Kept, 'id' | 'alias'>[]>
  /** Takes room for so many more points; false where there is not enough of it. */
  reserve(owner: string, id: string, points: number): Promise<boolean>
  /** Of each collection of an owner, how many points it counts as at most. */
  counted(owner: string): Promise<readonly { readonly id: string; readonly points: number }[]>
  recount(id: string, by: number): Promise<void>
}

/** Collections and aliases of one owner. */
const MOST = 50
/** What was not made by then never will be. */
const MAKING_MS = 10 * 60_000

export function createVectorShelf(
  db: Kysely<GatewayTables>,
  clock: Clock,
  ids: Ids,
  limit: { readonly points: number },
): VectorShelf {
  const columns = ['id', 'name', 'alias', 'dimensions', 'distance', 'model', 'created_at'] as const
  const rows = () => db.selectFrom('gateway.vector_collection')
  const hold = (tx: Transaction<GatewayTables>, owner: string) =>
    sql`select pg_advisory_xact_lock(hashtextextended(${`gateway.vectors ${owner}`}, 0))`.execute(tx)

  return {
    list: (owner) =>
      rows()
        .select(columns)
        .where('owner', '=', owner)
        .where('state', '=', 'ready')
        .orderBy('name')
        .execute(),

    async find(owner, name) {
      const row = await rows()
        .select(columns)
        .where('owner', '=', owner)
        .where('name', '=', name)
        .where('state', '=', 'ready')
        .executeTakeFirst()
      if (!row) throw vectorsError('vectors.not_found')
      return row
    },

    byId: (id) => rows().select(columns).where('id', '=', id).executeTakeFirst(),

    async begin(owner, made) {
      const id = ids.make(made.alias ? 'valias' : 'vectors')
      return await db.transaction().execute(async (tx) => {
        await hold(tx, owner)
        const { count } = await tx
          .selectFrom('gateway.vector_collection')
          .select(sql<number>`count(*)::int`.as('count'))
          .where('owner', '=', owner)
          .executeTakeFirstOrThrow()
        if (count >= MOST) throw gatewayError('gateway.vectors_many', { limit: MOST })
        const row = await tx
          .insertInto('gateway.vector_collection')
          .values({ ...made, id, owner, state: 'making', created_at: isoTime(clock.now()) })
          .onConflict((conflict) => conflict.doNothing())
          .returning(columns)
          .executeTakeFirst()
        if (!row) throw vectorsError('vectors.exists')
        return row
      })
    },

    async ready(id) {
      await db.updateTable('gateway.vector_collection').set({ state: 'ready' }).where('id', '=', id).execute()
    },

    async going(gone) {
      if (gone.length > 0)
        await db
          .updateTable('gateway.vector_collection')
          .set({ state: 'going' })
          .where('id', 'in', gone)
          .execute()
    },

    async forget(id) {
      await db.deleteFrom('gateway.vector_collection').where('id', '=', id).execute()
    },

    leftovers: () =>
      rows()
        .select(['id', 'alias'])
        .where((one) =>
          one.or([
            one('state', '=', 'going'),
            one.and([one('state', '=', 'making'), one('created_at', '<', new Date(clock.now() - MAKING_MS))]),
          ]),
        )
        .orderBy('id')
        .limit(100)
        .execute(),

    ofOwner: (owner) => rows().select(['id', 'alias']).where('owner', '=', owner).execute(),

    reserve: (owner, id, points) =>
      db.transaction().execute(async (tx) => {
        await hold(tx, owner)
        const { total } = await tx
          .selectFrom('gateway.vector_collection')
          .select(sql<number>`coalesce(sum(points), 0)::float8`.as('total'))
          .where('owner', '=', owner)
          .executeTakeFirstOrThrow()
        if (total + points > limit.points) return false
        await tx
          .updateTable('gateway.vector_collection')
          .set({ points: sql`points + ${points}` })
          .where('id', '=', id)
          .execute()
        return true
      }),

    async counted(owner) {
      const found = await rows()
        .select(['id', 'points'])
        .where('owner', '=', owner)
        .where('alias', '=', false)
        .where('state', '=', 'ready')
        .execute()
      return found.map(({ id, points }) => ({ id, points: Number(points) }))
    },

    async recount(id, by) {
      await db
        .updateTable('gateway.vector_collection')
        .set({ points: sql`greatest(0, points + ${by})` })
        .where('id', '=', id)
        .execute()
    },
  }
}
