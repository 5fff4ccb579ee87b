import type { AppError } from '../../kernel/errors.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Agent } from './agents.contract.ts'
import { runFinished, runOpened } from './agents.events.ts'
import type { AgentsStore, AgentsTx, RunEnd } from './agents.store.ts'
import { agentOf, type RegistryStore } from './registry.store.ts'

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

interface Ending {
  readonly store: AgentsStore
  readonly registry: RegistryStore
  readonly events: Events
}

const CALLED_OFF = { state: 'cancelled', text: '', citations: [], engine: null, error: null } as const

/** Ends a run and says so, in one transaction; undefined where it was over already. What it waited for a word on is called off, and so are the runs it asked for: their ids are given back, to be stopped where they are worked on. A run that asked for this one goes on once nothing it asked for is left. Rows are locked from the outermost run inwards. */
export async function endRun(
  tx: AgentsTx,
  needs: Ending,
  agent: Pick<Agent, 'id' | 'slug' | 'name'>,
  run: string,
  end: RunEnd,
  requestId?: string,
  attempt?: number,
): Promise<readonly string[] | undefined> {
  const { store, registry, events } = needs
  const caller = await store.holdCaller(tx, run)
  const row = await store.end(tx, run, end, attempt)
  if (!row) return undefined
  const { message, asker } = row
  const room = row.parent === null ? row.room : null
  const { state, text, engine, error } = end
  const about = { run, agent: nameOf(agent), room, message }
  const said = { principal: asker, ...(requestId !== undefined && { requestId }), ...(room && { room }) }
  await events.append(tx, {
    ...said,
    type: runFinished,
    data: { ...about, state, text, citations: [...end.citations], engine, ...(error && { error }) },
  })
  const stopped: string[] = []
  for (const child of await store.unfinishedOf(tx, run)) {
    const beneath = await endRun(
      tx,
      needs,
      await agentOf(registry, child.agent, tx),
      child.id,
      CALLED_OFF,
      requestId,
    )
    if (beneath) stopped.push(child.id, ...beneath)
  }
  if (caller && (caller.state === 'running' || caller.state === 'queued')) {
    const left = await store.unfinishedOf(tx, caller.id)
    if (left.length === 0) await events.append(tx, { ...said, type: runOpened, data: { run: caller.id } })
  }
  return stopped
}

export const nameOf = ({ id, slug, name }: Pick<Agent, 'id' | 'slug' | 'name'>) => ({ id, slug, name })
