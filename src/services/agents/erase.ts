import { sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { storableJson } from '../../platform/database/storable.ts'
import type { Events } from '../../platform/events/events.ts'
import { type MessageErased, messageErased } from '../city/city.events.ts'
import type { AgentsDb, AgentsStore, AgentsTx } from './agents.store.ts'
import type { AgentsTables } from './agents.tables.ts'
import type { LiveRuns } from './live-runs.ts'
import type { RegistryStore } from './registry.store.ts'
import { endRun } from './run-end.ts'
import { forgetSummaries } from './summaries/summaries.store.ts'

interface ErasingNeeds {
  readonly db: AgentsDb
  readonly events: Events
  readonly store: AgentsStore
  readonly registry: RegistryStore
  readonly live: LiveRuns
  readonly clock: Clock
}

/** Forgets deleted messages: the runs they called are stopped and emptied, and others that knew them by the talk around no longer say so. */
export function consumeErasures(needs: ErasingNeeds): void {
  const { db, events, live } = needs
  events.consume<AgentsTables, typeof messageErased>({
    name: 'agents.erase',
    db,
    types: [messageErased],
    async handle({ data }, job) {
      let stopped: readonly string[] = []
      await job.commit(async (tx) => {
        stopped = await erase(tx, needs, data)
      })
      for (const run of stopped) live.cancel(run)
    },
  })
}

/** Whether a message is deleted. Nobody else opens a run for it, or erases it, until the transaction ends. */
export async function isErased(tx: AgentsTx, message: string): Promise<boolean> {
  await hold(tx, message)
  const row = await tx
    .selectFrom('agents.erased')
    .select('message')
    .where('message', '=', message)
    .executeTakeFirst()
  return row !== undefined
}

const hold = (tx: AgentsTx, message: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`agents.erased ${message}`}, 0))`.execute(tx)

async function erase(
  tx: AgentsTx,
  needs: ErasingNeeds,
  { room, message, runs }: MessageErased,
): Promise<string[]> {
  await hold(tx, message)
  await tx
    .insertInto('agents.erased')
    .values({ message, at: new Date(needs.clock.now()) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const own = await tx
    .selectFrom('agents.run')
    .select(['id', 'agent', 'state', 'request'])
    .where((where) =>
      where.or([where('message', '=', message), ...(runs.length > 0 ? [where('id', 'in', runs)] : [])]),
    )
    // A run before those it asked for: as they are locked everywhere.
    .orderBy('created_at')
    .orderBy('id')
    .forUpdate()
    .execute()
  const stopped: string[] = []
  for (const { id, agent: of, state, request } of own) {
    const agent = await needs.registry.find(of, tx)
    const end = { state: 'cancelled' as const, text: '', citations: [], engine: null, error: null }
    if (agent && (state === 'queued' || state === 'running')) {
      const beneath = await endRun(tx, needs, agent, id, end)
      if (beneath) stopped.push(id, ...beneath)
    }
    await tx
      .updateTable('agents.run')
      .set({
        request: storableJson({ ...request, text: '', parts: [], history: [] }),
        context: null,
        origin: null,
        plan: null,
        text: '',
        citations: '[]',
      })
      .where('id', '=', id)
      .execute()
    await forgetSteps(tx, [id])
    await tx.updateTable('agents.approval').set({ input: '{}' }).where('run', '=', id).execute()
    await tx.updateTable('agents.feedback').set({ reason: null }).where('run', '=', id).execute()
  }
  await tx
    .deleteFrom('agents.memory')
    .where((where) =>
      where.or([where('message', '=', message), ...(runs.length > 0 ? [where('run', 'in', runs)] : [])]),
    )
    .execute()
  await forgetSummaries(tx, room, message)
  await forgetElsewhere(tx, room, message)
  return stopped
}

/** Empties what tools were asked and gave, and what the model said on the way. */
async function forgetSteps(tx: AgentsTx, runs: readonly string[]): Promise<void> {
  if (runs.length === 0) return
  await tx
    .updateTable('agents.step')
    .set({ output: null, detail: sql<string>`detail - 'input' - 'output' - 'task'` })
    .where('run', 'in', runs)
    .execute()
}

/** A context in which a summary stands: that may tell of anything said before it. */
const SUMMED = '%"kind": "summary"%'

/** Takes the message out of what other runs of its room were given and found. */
async function forgetElsewhere(tx: AgentsTx, room: string, message: string): Promise<void> {
  const like = `%"${message.replaceAll(/[\\%_]/g, '\\$&')}"%`
  const knowing = await tx
    .selectFrom('agents.run')
    .select(['id', 'request', 'context', 'citations'])
    .where('room', '=', room)
    .where(
      sql<boolean>`(request::text like ${like} or context::text like ${like} or context::text like ${SUMMED} or citations::text like ${like})`,
    )
    .execute()
  const others = <T extends { readonly message?: string | undefined }>(list: readonly T[]) =>
    list.filter((one) => one.message !== message)
  for (const { id, request, context, citations } of knowing)
    await tx
      .updateTable('agents.run')
      .set({
        request: storableJson({ ...request, history: others(request.history) }),
        context:
          context &&
          storableJson({
            ...context,
            sources: others(context.sources).filter(({ kind }) => kind !== 'summary'),
          }),
        citations: storableJson(others(citations)),
      })
      .where('id', '=', id)
      .execute()
  const found = await tx
    .selectFrom('agents.step')
    .select('agents.step.run')
    .distinct()
    .where('agents.step.kind', '=', 'tool')
    .where(sql<boolean>`agents.step.output::text like ${like}`)
    .execute()
  await forgetSteps(
    tx,
    found.map(({ run }) => run),
  )
}
