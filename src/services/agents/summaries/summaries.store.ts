import { type Selectable, sql } from 'kysely'
import { storable } from '../../../platform/database/storable.ts'
import type { AgentsDb, AgentsTx } from '../agents.store.ts'
import type { SummaryRow } from '../agents.tables.ts'

export type Talk = Pick<SummaryRow, 'agent' | 'room' | 'thread'>
export type KeptSummary = Selectable<SummaryRow>

/** The summary an agent keeps of a talk. */
export async function summaryOf(
  db: AgentsDb,
  { agent, room, thread }: Talk,
): Promise<KeptSummary | undefined> {
  return await db
    .selectFrom('agents.summary')
    .selectAll()
    .where('agent', '=', agent)
    .where('room', '=', room)
    .where('thread', '=', thread)
    .executeTakeFirst()
}

/** Keeps a summary that goes on from `before`. False where another run went on from it meanwhile, or one of its messages was deleted: then it is of no use. */
export async function keepSummary(
  db: AgentsDb,
  summary: Omit<KeptSummary, 'upto'> & { readonly upto: number },
  before: KeptSummary | undefined,
  messages: readonly string[],
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    await hold(tx, summary.room)
    const erased = await tx
      .selectFrom('agents.erased')
      .select('message')
      .where('message', 'in', [...messages])
      .executeTakeFirst()
    const now = await summaryOf(tx, summary)
    if (erased || Number(now?.upto ?? -1) !== Number(before?.upto ?? -1)) return false
    const row = { ...summary, text: storable(summary.text) }
    await tx
      .insertInto('agents.summary')
      .values(row)
      .onConflict((on) => on.columns(['agent', 'room', 'thread']).doUpdateSet(row))
      .execute()
    return true
  })
}

/** Forgets every summary of the room that may tell of this message. Ids grow with time, so none that ends before it does. */
export async function forgetSummaries(tx: AgentsTx, room: string, message: string): Promise<void> {
  await hold(tx, room)
  await tx
    .deleteFrom('agents.summary')
    .where('room', '=', room)
    .where('last_message', '>=', message)
    .execute()
}

const hold = (tx: AgentsTx, room: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`agents.summary ${room}`}, 0))`.execute(tx)
