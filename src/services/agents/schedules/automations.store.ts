import { type Selectable, sql } from 'kysely'
import type { Clock } from '../../../kernel/clock.ts'
import type { Failure } from '../../../kernel/errors.ts'
import { storableJson } from '../../../platform/database/storable.ts'
import type { AgentsDb, AgentsTx } from '../agents.store.ts'
import type { AutomationRow } from '../agents.tables.ts'
import type { Trigger } from '../automations.contract.ts'

export type StoredAutomation = Selectable<AutomationRow>

const SHOWN_RUNS = 5
const HOUR_MS = 3_600_000

/** The queries over what makes agents run by themselves. */
export function createAutomationStore(db: AgentsDb, clock: Clock) {
  const now = () => new Date(clock.now())
  return {
    /** The newest first, of one owner or of all. */
    async list(owner: string | null, limit: number): Promise<StoredAutomation[]> {
      return await db
        .selectFrom('agents.automation')
        .selectAll()
        .$if(owner !== null, (query) => query.where('owner', '=', owner ?? ''))
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
    },

    async find(id: string, from: AgentsDb = db): Promise<StoredAutomation | undefined> {
      return await from.selectFrom('agents.automation').selectAll().where('id', '=', id).executeTakeFirst()
    },

    async active(kind: Trigger['kind'], room?: string): Promise<StoredAutomation[]> {
      return await db
        .selectFrom('agents.automation')
        .selectAll()
        .where('state', '=', 'active')
        .where('kind', '=', kind)
        .$if(room !== undefined, (query) => query.where('room', '=', room ?? ''))
        .orderBy('id')
        .limit(500)
        .execute()
    },

    async lastRuns(automations: readonly string[]) {
      if (automations.length === 0) return []
      const { rows } = await sql<{ automation: string; run: string; at: Date; state: 'queued' }>`
        select a.id as automation, r.run, r.at, t.state
        from agents.automation a, lateral (
          select run, at from agents.automation_run
          where automation = a.id and run is not null order by at desc limit ${SHOWN_RUNS}) r
        join agents.run t on t.id = r.run
        where a.id in (${sql.join([...automations])}) order by r.at desc`.execute(db)
      return rows
    },

    /** How often it ran within the last hour. */
    async recent(tx: AgentsDb, automation: string): Promise<number> {
      const { count } = await tx
        .selectFrom('agents.automation_run')
        .select((of) => of.fn.countAll<number | string>().as('count'))
        .where('automation', '=', automation)
        .where('run', 'is not', null)
        .where('at', '>', new Date(clock.now() - HOUR_MS))
        .executeTakeFirstOrThrow()
      return Number(count)
    },

    /** False where it ran for this before. */
    async note(
      tx: AgentsDb,
      automation: string,
      causes: readonly string[],
      run: string | null,
    ): Promise<boolean> {
      if (causes.length === 0) return false
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto('agents.automation_run')
        .values(causes.map((cause) => ({ automation, cause, run, at: now() })))
        .onConflict((on) => on.doNothing())
        .executeTakeFirstOrThrow()
      return Number(numInsertedOrUpdatedRows) > 0
    },

    async change(
      tx: AgentsDb,
      id: string,
      set: {
        readonly state?: 'active' | 'paused'
        readonly problem?: Failure | null
        readonly nextAt?: number | null
        readonly place?: number
      },
    ): Promise<void> {
      const { state, problem, nextAt, place } = set
      await tx
        .updateTable('agents.automation')
        .set({
          ...(state && { state }),
          ...(problem !== undefined && { problem: problem && storableJson(problem) }),
          ...(nextAt !== undefined && { next_at: nextAt === null ? null : new Date(nextAt) }),
          ...(place !== undefined && { place }),
        })
        .where('id', '=', id)
        .execute()
    },

    /** The automation that opened a run. */
    async ofRun(run: string): Promise<StoredAutomation | undefined> {
      return await db
        .selectFrom('agents.automation')
        .innerJoin('agents.automation_run', 'agents.automation_run.automation', 'agents.automation.id')
        .selectAll('agents.automation')
        .where('agents.automation_run.run', '=', run)
        .executeTakeFirst()
    },
  }
}
export type AutomationStore = ReturnType<typeof createAutomationStore>

/** Held until the transaction ends: runs for one automation are opened one after another. */
export async function holdAutomation(tx: AgentsTx, id: string): Promise<StoredAutomation | undefined> {
  return await tx
    .selectFrom('agents.automation')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}
