import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { RouterTables } from './router.tables.ts'

export interface Setting {
  readonly weight: number
  readonly shadow: number
  readonly changedBy: string | null
  readonly changedAt: string | null
}

/** How askers are split between the routers; another process's change is seen within a second. */
export interface Split {
  setting(): Promise<Setting>
  set(change: { weight?: number | undefined; shadow?: number | undefined }, by: string): Promise<Setting>
}

const FRESH_MS = 1_000
/** As it was before there was a choice. */
const UNSET: Setting = { weight: 100, shadow: 0, changedBy: null, changedAt: null }

export function createSplit(db: Kysely<RouterTables>, clock: Clock): Split {
  let known: { readonly until: number; readonly setting: Promise<Setting> } | undefined

  async function read(): Promise<Setting> {
    const row = await db.selectFrom('router.setting').selectAll().executeTakeFirst()
    if (!row) return UNSET
    const { weight, shadow, changed_by, changed_at } = row
    return { weight, shadow, changedBy: changed_by, changedAt: changed_at.toISOString() }
  }

  return {
    async setting() {
      if (!known || clock.now() >= known.until) known = { until: clock.now() + FRESH_MS, setting: read() }
      const { setting } = known
      return await setting.catch((failure: unknown) => {
        known = undefined
        throw failure
      })
    },
    async set({ weight, shadow }, by) {
      const at = isoTime(clock.now())
      await db
        .insertInto('router.setting')
        .values({
          one: true,
          weight: weight ?? UNSET.weight,
          shadow: shadow ?? UNSET.shadow,
          changed_by: by,
          changed_at: at,
        })
        .onConflict((conflict) =>
          conflict.column('one').doUpdateSet({
            weight: weight ?? sql<number>`setting.weight`,
            shadow: shadow ?? sql<number>`setting.shadow`,
            changed_by: by,
            changed_at: at,
          }),
        )
        .execute()
      known = undefined
      return await this.setting()
    },
  }
}

/** Where an asker falls, 0…99: always the same, so that nobody flips back and forth while the weight stands. */
export const placeOf = (principal: string): number =>
  createHash('sha256').update(principal).digest().readUInt32BE() % 100
