import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import { storableJson } from '../../platform/database/storable.ts'
import type { Events } from '../../platform/events/events.ts'
import { approvalDue, runOpened } from './agents.events.ts'
import type { AgentsDb, AgentsTx, StoredRun } from './agents.store.ts'
import type { ApprovalRow } from './agents.tables.ts'
import type { Approval } from './approvals.contract.ts'

export type StoredApproval = Selectable<ApprovalRow>

/** How long a person has to decide. */
const EXPIRES_MS = 60 * 60_000

/** What waits for a person's word, and the words given once for all. */
export function createApprovalStore(
  db: AgentsDb,
  { clock, ids, events }: { readonly clock: Clock; readonly ids: Ids; readonly events: Events },
) {
  const now = () => new Date(clock.now())
  return {
    async find(approval: string): Promise<StoredApproval | undefined> {
      return await db.selectFrom('agents.approval').selectAll().where('id', '=', approval).executeTakeFirst()
    },

    async ofCall(run: string, call: string): Promise<StoredApproval | undefined> {
      return await db
        .selectFrom('agents.approval')
        .selectAll()
        .where('run', '=', run)
        .where('call', '=', call)
        .executeTakeFirst()
    },

    async list(where: { readonly run: string } | { readonly asker: string }): Promise<StoredApproval[]> {
      return await db
        .selectFrom('agents.approval')
        .selectAll()
        .where((is) =>
          'run' in where
            ? is('run', '=', where.run)
            : is.and([is('asker', '=', where.asker), is('state', '=', 'waiting')]),
        )
        .orderBy('created_at')
        .limit(100)
        .execute()
    },

    /** Lays a use of a tool before the asker, once, with its step in the trace. */
    async ask(
      row: StoredRun,
      call: string,
      tool: string,
      input: Readonly<Record<string, unknown>>,
    ): Promise<void> {
      const { id: run, agent, asker, room } = row
      const id = ids.make('apr')
      await db.transaction().execute(async (tx) => {
        const made = await tx
          .insertInto('agents.approval')
          .values({
            ...{ id, run, call, agent, asker, room, tool },
            input: storableJson(input),
            state: 'waiting',
            created_at: now(),
            expires_at: new Date(clock.now() + EXPIRES_MS),
          })
          .onConflict((on) => on.doNothing())
          .executeTakeFirstOrThrow()
        if (made.numInsertedOrUpdatedRows !== 1n) return
        await tx
          .insertInto('agents.step')
          .values((value) => ({
            run,
            call,
            kind: 'approval',
            state: 'running',
            detail: storableJson({ tool, approval: id }),
            started_at: now(),
            index: value
              .selectFrom('agents.step')
              .where('run', '=', run)
              .select(sql<number>`coalesce(max(index) + 1, 0)`.as('next')),
          }))
          .execute()
        await events.append(tx, {
          type: approvalDue,
          principal: asker,
          availableAt: clock.now() + EXPIRES_MS,
          data: { approval: id },
        })
      })
    },

    /** Decides once and lets the run go on; undefined where it is decided, or too late. */
    async decide(
      tx: AgentsTx,
      approval: string,
      state: Exclude<Approval['state'], 'waiting' | 'cancelled'>,
      by: string | null,
      requestId?: string,
    ): Promise<StoredApproval | undefined> {
      const row = await tx
        .updateTable('agents.approval')
        .set({ state, decided_by: by, decided_at: now() })
        .where('id', '=', approval)
        .where('state', '=', 'waiting')
        .$if(state !== 'expired', (query) => query.where('expires_at', '>', now()))
        .returningAll()
        .executeTakeFirst()
      if (!row) return undefined
      await tx
        .updateTable('agents.step')
        .set({
          state: state === 'approved' ? 'done' : 'cancelled',
          detail: sql<string>`detail || ${storableJson({ decision: state })}::jsonb`,
          finished_at: now(),
        })
        .where('run', '=', row.run)
        .where('call', '=', row.call)
        .where('kind', '=', 'approval')
        .execute()
      await events.append(tx, {
        type: runOpened,
        principal: row.asker,
        ...(row.room && { room: row.room }),
        ...(requestId !== undefined && { requestId }),
        data: { run: row.run },
      })
      return row
    },

    async grant(tx: AgentsTx, agent: string, room: string, tool: string, author: string): Promise<void> {
      await tx
        .insertInto('agents.standing_grant')
        .values({ agent, room, tool, author, created_at: now() })
        .onConflict((on) => on.doNothing())
        .execute()
    },

    async isGranted(agent: string, room: string | null, tool: string): Promise<boolean> {
      if (room === null) return false
      const row = await db
        .selectFrom('agents.standing_grant')
        .select('tool')
        .where('agent', '=', agent)
        .where('room', '=', room)
        .where('tool', '=', tool)
        .executeTakeFirst()
      return row !== undefined
    },
  }
}
export type ApprovalStore = ReturnType<typeof createApprovalStore>
