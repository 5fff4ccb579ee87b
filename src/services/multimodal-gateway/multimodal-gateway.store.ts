import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import { storableJson } from '../../platform/database/storable.ts'
import type { ArtefactKind, GatewayTables } from './multimodal-gateway.tables.ts'

/** What a result is known by. */
export interface ArtefactKey {
  readonly sha256: string
  readonly kind: ArtefactKind
  readonly options: string
}

/** What engines have made so far. */
export interface ArtefactStore {
  /** The result of the first of `engines` that has one; undefined where none has. */
  find(key: ArtefactKey, engines: readonly string[]): Promise<unknown>
  /** Keeps a result; one that is there already stays. */
  keep(key: ArtefactKey, engine: string, result: unknown): Promise<void>
}

export function createArtefactStore(db: Kysely<GatewayTables>, clock: Clock): ArtefactStore {
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
        .execute()
      const [best] = rows.sort((a, b) => engines.indexOf(a.engine) - engines.indexOf(b.engine))
      return best?.result
    },
    async keep(key, engine, result) {
      await db
        .insertInto('gateway.artefact')
        .values({
          ...key,
          engine,
          result: storableJson(result),
          created_at: isoTime(clock.now()),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
  }
}
