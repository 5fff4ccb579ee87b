import { isoTime } from '../../../kernel/clock.ts'
import type { Failure } from '../../../kernel/errors.ts'
import type { EventOf } from '../../../kernel/event.ts'
import { storable } from '../../../platform/database/storable.ts'
import type { Job } from '../../../platform/events/events.ts'
import { type RunFinished, runFinished, runStarted } from '../../agents/agents.events.ts'
import { callFailed } from '../../router/router.events.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, json, type NewEventRow, numberEvents } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import { callOf, moveCall, type OutcomeNeeds } from './outcomes.ts'

type RunEvent = typeof runStarted | typeof runFinished | typeof callFailed

/** Follows the runs that messages called: their state on the message that asked, and the answer as a message of the agent's own, stored once. */
export function consumeRuns(needs: OutcomeNeeds): void {
  const { db, events, changed, watch } = needs
  events.consume<CityTables, RunEvent>({
    name: 'city.run_state',
    db,
    types: [runStarted, runFinished, callFailed],
    concurrency: 4,
    async handle(event, job: Job<CityTables>) {
      let at: At
      await job.commit(async (tx) => {
        at = await follow(tx, needs, event)
      })
      if (at) changed(at.room, at.seq)
      if (at?.told) watch.queueChanged(at.room)
    },
    async failed(event, failure, tx) {
      if (event.name !== runStarted.name) await end(tx, needs, event.data.run, failure.toJSON().error)
    },
  })
}

type At = { room: string; seq: number; told?: boolean } | undefined

async function follow(tx: CityDb, needs: OutcomeNeeds, event: EventOf<RunEvent>): Promise<At> {
  const { data } = event
  if ('state' in data) return await finish(tx, needs, data)
  if ('error' in data) return await end(tx, needs, data.run, data.error)
  const call = await callOf(tx, data.run)
  if (!call || !(await moveCall(tx, data.run, 'running', null))) return undefined
  return await tell(tx, needs, call.room.id, [{ type: 'runs', message: call.message }])
}

async function finish(tx: CityDb, needs: OutcomeNeeds, run: RunFinished): Promise<At> {
  const silent = run.state === 'done' && run.text.trim() === ''
  if (silent) return await end(tx, needs, run.run, cityError('city.answer_empty').toJSON().error)
  if (run.state !== 'done') return await end(tx, needs, run.run, run.error ?? null, run.state)
  const call = await callOf(tx, run.run)
  if (!call) return undefined
  const given = { agent: run.agent.id, run: run.run, message: call.message, text: run.text, body: run }
  if (!(await isWanted(tx, run.run))) return undefined
  const { report, error } = await needs.watch.answer(tx, call.room, given)
  if (!error) return await storeAnswer(tx, needs, run, report)
  const ended = await end(tx, needs, run.run, error)
  return ended && { ...ended, told: true }
}

/** Whether an answer may still come: neither given before nor called off. */
async function isWanted(tx: CityDb, run: string): Promise<boolean> {
  const call = await tx.selectFrom('city.call').select('state').where('run', '=', run).executeTakeFirst()
  return call !== undefined && call.state !== 'done' && call.state !== 'cancelled'
}

/** Stores an agent's answer as a message of its own, once; nothing where the run is not waited for any more. With `report` its words are told to the moderators. */
export async function storeAnswer(
  tx: CityDb,
  needs: OutcomeNeeds,
  run: RunFinished,
  report = false,
): Promise<At> {
  const call = await callOf(tx, run.run)
  if (!call || !(await moveCall(tx, run.run, 'done', null))) return undefined
  const id = needs.ids.make('msg')
  const earlier = await tx
    .selectFrom('city.message')
    .select('id')
    .where('room', '=', call.room.id)
    .where('reply_to', '=', call.message)
    .where('author', '=', run.agent.id)
    .where('run', 'is not', null)
    .where('deleted_at', 'is', null)
    .orderBy('seq', 'desc')
    .executeTakeFirst()
  await tx
    .insertInto('city.message')
    .values({
      id,
      room: call.room.id,
      seq: Number(call.room.seq) + 1,
      author: run.agent.id,
      author_kind: 'agent',
      author_name: run.agent.name,
      client_id: run.run,
      body_hash: run.run,
      text: storable(run.text),
      reply_to: call.message,
      run: run.run,
      citations: json(run.citations),
      engine: run.engine,
      created_at: isoTime(needs.clock.now()),
      thread: call.thread,
      replaces: earlier?.id ?? null,
    })
    .execute()
  const said = { room: call.room.id, message: id, author: run.agent.id, text: run.text }
  if (report) await needs.watch.reported(tx, said)
  const at = await tell(tx, needs, call.room.id, [
    { type: 'message', message: id },
    { type: 'runs', message: call.message },
    ...(call.thread === null ? [] : [{ type: 'thread' as const, message: call.thread }]),
  ])
  return { ...at, told: report }
}

async function end(
  tx: CityDb,
  needs: OutcomeNeeds,
  run: string,
  error: Failure | null,
  state: 'failed' | 'cancelled' = 'failed',
): Promise<At> {
  const call = await callOf(tx, run)
  if (!call || !(await moveCall(tx, run, state, error))) return undefined
  return await tell(tx, needs, call.room.id, [{ type: 'runs', message: call.message }])
}

async function tell(tx: CityDb, needs: OutcomeNeeds, room: string, rows: readonly NewEventRow[]) {
  return { room, seq: await numberEvents(tx, room, needs.clock.now(), rows) }
}
