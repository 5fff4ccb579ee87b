import { type Kysely, sql } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import { storableJson } from '../../platform/database/storable.ts'
import type { WorkType } from './doors.contract.ts'
import type { GatewayTables } from './multimodal-gateway.tables.ts'

/** What a result is known by. */
export interface ArtefactKey {
  readonly sha256: string
  readonly kind: WorkType
  readonly options: string
}

/** What engines have made so far, known by the bytes it was made of: whoever asks has them. */
export interface ArtefactStore {
  /** The result of the first of `engines` that has one; undefined where none has. */
  find(
    key: ArtefactKey,
    engines: readonly string[],
  ): Promise<{ readonly engine: string; readonly result: unknown } | undefined>
  /** Keeps a result for so long; a newer one takes its place where the old one's time is over. */
  keep(key: ArtefactKey, engine: string, result: unknown, keepMs: number): Promise<void>
  /** Forgets what is over, and the oldest beyond the limit. */
  sweep(): Promise<void>
}

/** A result larger than this is not kept. */
const LARGEST_BYTES = 4 * 1024 * 1024

export function createArtefactStore(
  db: Kysely<GatewayTables>,
  clock: Clock,
  limit: { readonly maxBytes: number },
): ArtefactStore {
  return {
    async find({ sha256, kind, options }, engines) {
      if (engines.length === 0) return undefined
      const rows = await db
        .selectFrom('gateway.artefact')
        .select(['engine', 'result'])
        .where('sha256', '=', sha256)
        .where('kind', '=', kind)
        .where('options', '=', options)
        .where('engine', 'in', engines)
        .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', now(clock))]))
        .execute()
      const [best] = rows.sort((a, b) => engines.indexOf(a.engine) - engines.indexOf(b.engine))
      return best
    },
    async keep(key, engine, result, keepMs) {
      const json = storableJson(result)
      if (json.length > LARGEST_BYTES) return
      const at = clock.now()
      const kept = { result: json, size_bytes: json.length, expires_at: isoTime(at + keepMs) }
      await db
        .insertInto('gateway.artefact')
        .values({ ...key, ...kept, engine, created_at: isoTime(at) })
        .onConflict((conflict) =>
          conflict.columns(['sha256', 'kind', 'engine', 'options']).doUpdateSet((set) => ({
            result: set.ref('excluded.result'),
            size_bytes: set.ref('excluded.size_bytes'),
            expires_at: set.ref('excluded.expires_at'),
          })),
        )
        .execute()
    },
    async sweep() {
      await db.deleteFrom('gateway.artefact').where('expires_at', '<=', now(clock)).execute()
      await sql`
        delete from gateway.artefact a using (
          select sha256, kind, engine, options, sum(size_bytes) over (order by created_at desc, sha256) as total
          from gateway.artefact) o
        where a.sha256 = o.sha256 and a.kind = o.kind and a.engine = o.engine and a.options = o.options
          and o.total > ${limit.maxBytes}`.execute(db)
    },
  }
}

const now = (clock: Clock): Date => new Date(clock.now())
