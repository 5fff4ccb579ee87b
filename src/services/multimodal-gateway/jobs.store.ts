import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Failure } from '../../kernel/errors.ts'
import { storable, storableJson } from '../../platform/database/storable.ts'
import type { Job, JobType } from './jobs.contract.ts'
import type { GatewayTables, JobRow, JobSource, Payer } from './multimodal-gateway.tables.ts'

export type StoredJob = Selectable<JobRow>

export interface NewJob {
  readonly id: string
  readonly owner: string
  readonly payer: Payer
  readonly type: JobType
  /** What the work takes, and how its result is to be shown. */
  readonly options: { readonly work: unknown; readonly shape: unknown; readonly about: string }
  readonly source: JobSource | null
  readonly webhook: string | null
}

export type JobEnd =
  | { readonly state: 'done'; readonly engine: string; readonly result: unknown }
  | { readonly state: 'failed'; readonly error: Failure }
  | { readonly state: 'cancelled' }

/** Jobs as they are kept. What is over changes no more. */
export interface JobStore {
  create(tx: Transaction<GatewayTables>, job: NewJob): Promise<void>
  find(job: string): Promise<StoredJob | undefined>
  list(owner: string, before: string | undefined, limit: number): Promise<StoredJob[]>
  unfinished(owner: string): Promise<number>
  /** Takes it up, for the first time or again; undefined where it is over. */
  begin(job: string): Promise<StoredJob | undefined>
  /** False where it runs no more. */
  progress(job: string, share: number): Promise<boolean>
  /** The job, where it was not over before. */
  end(tx: Kysely<GatewayTables>, job: string, end: JobEnd): Promise<StoredJob | undefined>
  remove(tx: Kysely<GatewayTables>, job: string): Promise<void>
  /** Removes what is over its time; answers which bytes nobody refers to any more. */
  sweep(): Promise<readonly string[]>
}

export function createJobStore(
  db: Kysely<GatewayTables>,
  clock: Clock,
  limits: { readonly keepMs: number },
): JobStore {
  const now = () => isoTime(clock.now())
  const open = ['queued', 'running'] as const
  return {
    async create(tx, { options, payer, source, ...job }) {
      await tx
        .insertInto('gateway.job')
        .values({
          ...job,
          payer: JSON.stringify(payer),
          options: storableJson(options),
          source: source && storableJson({ ...source, name: storable(source.name) }),
          state: 'queued',
          progress: 0,
          version: 1,
          created_at: now(),
        })
        .execute()
    },
    find: (job) => db.selectFrom('gateway.job').selectAll().where('id', '=', job).executeTakeFirst(),
    list: (owner, before, limit) =>
      db
        .selectFrom('gateway.job')
        .selectAll()
        .where('owner', '=', owner)
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),
    async unfinished(owner) {
      const { count } = await db
        .selectFrom('gateway.job')
        .select(sql<number>`count(*)::int`.as('count'))
        .where('owner', '=', owner)
        .where('state', 'in', open)
        .executeTakeFirstOrThrow()
      return count
    },
    begin: (job) =>
      db
        .updateTable('gateway.job')
        .set({
          state: 'running',
          version: sql`version + 1`,
          started_at: sql`coalesce(started_at, ${now()}::timestamptz)`,
        })
        .where('id', '=', job)
        .where('state', 'in', open)
        .returningAll()
        .executeTakeFirst(),
    async progress(job, share) {
      const { numUpdatedRows } = await db
        .updateTable('gateway.job')
        .set({ progress: Math.min(1, Math.max(0, share)), version: sql`version + 1` })
        .where('id', '=', job)
        .where('state', '=', 'running')
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    async end(tx, job, end) {
      return await tx
        .updateTable('gateway.job')
        .set({
          state: end.state,
          version: sql`version + 1`,
          finished_at: now(),
          expires_at: isoTime(clock.now() + limits.keepMs),
          ...(end.state === 'done' && {
            progress: 1,
            engine: end.engine,
            result: storableJson(end.result),
          }),
          ...(end.state === 'failed' && { error: storableJson(end.error) }),
        })
        .where('id', '=', job)
        .where('state', 'in', open)
        .returningAll()
        .executeTakeFirst()
    },
    remove: async (tx, job) => void (await tx.deleteFrom('gateway.job').where('id', '=', job).execute()),
    async sweep() {
      const gone = await db
        .deleteFrom('gateway.job')
        .where('expires_at', '<=', new Date(clock.now()))
        .returning('source')
        .execute()
      const blobs = new Set(gone.flatMap(({ source }) => (source ? [source.sha256] : [])))
      const left = await db
        .selectFrom('gateway.job')
        .select(sql<string>`source->>'sha256'`.as('sha256'))
        .where('source', 'is not', null)
        .execute()
      for (const { sha256 } of left) blobs.delete(sha256)
      return [...blobs]
    },
  }
}

/** A job as its owner sees it. */
export function shown(row: StoredJob): Job {
  const { id, type, state, progress, version, engine, error } = row
  const { about } = row.options as { about?: unknown }
  return {
    id,
    type,
    state,
    progress: Math.round(progress * 1000) / 1000,
    version: Number(version),
    about: typeof about === 'string' ? about : '',
    ...(engine !== null && { engine }),
    ...(error !== null && { error }),
    ...(state === 'done' && { result: `/api/multimodal/jobs/${id}/result` }),
    createdAt: row.created_at.toISOString(),
    ...(row.started_at && { startedAt: row.started_at.toISOString() }),
    ...(row.finished_at && { finishedAt: row.finished_at.toISOString() }),
    ...(row.expires_at && { expiresAt: row.expires_at.toISOString() }),
  }
}
