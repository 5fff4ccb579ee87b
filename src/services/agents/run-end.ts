import type { AppError } from '../../kernel/errors.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Agent } from './agents.contract.ts'
import { runFinished } from './agents.events.ts'
import type { AgentsStore, AgentsTx, RunEnd } from './agents.store.ts'

/** How a run ends that failed, with what it had said. */
export const failedBy = (failure: AppError, text = '', stopped?: string): RunEnd => {
  const { error } = failure.toJSON()
  return {
    state: 'failed',
    text: storable(text),
    citations: [],
    engine: null,
    error,
    ...(stopped !== undefined && { stopped }),
  }
}

/** Ends a run and says so, in one transaction; false where it was over already. What it waited for a word on is called off. */
export async function endRun(
  tx: AgentsTx,
  { store, events }: { readonly store: AgentsStore; readonly events: Events },
  agent: Pick<Agent, 'id' | 'slug' | 'name'>,
  run: string,
  end: RunEnd,
  requestId?: string,
  attempt?: number,
): Promise<boolean> {
  const row = await store.end(tx, run, end, attempt)
  if (!row) return false
  const { room, message, asker } = row
  const { state, text, engine, error } = end
  const about = { run, agent: nameOf(agent), room, message }
  await events.append(tx, {
    type: runFinished,
    principal: asker,
    ...(requestId !== undefined && { requestId }),
    ...(room && { room }),
    data: { ...about, state, text, citations: [...end.citations], engine, ...(error && { error }) },
  })
  return true
}

export const nameOf = ({ id, slug, name }: Pick<Agent, 'id' | 'slug' | 'name'>) => ({ id, slug, name })
