import type { Clock } from '../../../kernel/clock.ts'
import type { Failure } from '../../../kernel/errors.ts'
import type { EventOf } from '../../../kernel/event.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Events, Job } from '../../../platform/events/events.ts'
import { documentProcessed } from '../../knowledge/knowledge.events.ts'
import { partProcessed } from '../../multimodal-gateway/multimodal-gateway.events.ts'
import { type CityDb, current, type EnteredRoom, findRoom, json, numberEvents } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { Message, PartOutcome } from '../messages.contract.ts'
import type { Watch } from '../moderation/watch.ts'
import type { Roster } from './directory.ts'
import { callAgents, type KnownAgent, whoAnswers } from './policy.ts'

export interface OutcomeNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly directory: () => Promise<Roster>
  readonly changed: (room: string, seq: number) => void
  readonly watch: Watch
}

type Processed = EventOf<typeof partProcessed | typeof documentProcessed>

/** Takes in what became of parts. Where the last one that was waited for is settled, the agents are called in the same transaction. */
export function consumeOutcomes(needs: OutcomeNeeds): void {
  const { db, events, directory, changed, watch } = needs
  events.consume<CityTables, typeof partProcessed | typeof documentProcessed>({
    name: 'city.part_outcome',
    db,
    types: [partProcessed, documentProcessed],
    concurrency: 4,
    async handle(event, job: Job<CityTables>) {
      const roster = await directory()
      let done = NOTHING
      await job.commit(async (tx) => {
        done = await settlePart(tx, needs, { ...event, outcome: event.data.outcome, roster })
      })
      if (done.seq > 0) changed(event.data.room, done.seq)
      if (done.told) watch.queueChanged(event.data.room)
    },
    async failed(event, failure, tx) {
      const outcome = { error: failure.toJSON().error }
      await settlePart(tx, needs, { ...event, outcome, roster: () => [] })
    },
  })
}

export interface Settling {
  readonly data: Pick<Processed['data'], 'room' | 'message' | 'index' | 'attempt'>
  readonly outcome: PartOutcome
  readonly roster: Roster
  readonly requestId?: string | undefined
  /** A moderator has seen it and lets it through. */
  readonly released?: boolean
}

const NOTHING = { seq: 0, told: false }

/** Keeps the outcome of a part, if it is the one waited for; answers with the room's last number, or 0, and whether more waits for the moderators. */
export async function settlePart(
  tx: CityDb,
  needs: OutcomeNeeds,
  { data, outcome: heard, roster, requestId, released = false }: Settling,
): Promise<{ seq: number; told: boolean }> {
  const room = await findRoom(tx, data.room, null, true)
  if (!room) return NOTHING
  const waiting = await tx
    .selectFrom('city.part as part')
    .innerJoin('city.message as message', 'message.id', 'part.message')
    .select('message.author')
    .where('part.message', '=', data.message)
    .where('part.index', '=', data.index)
    .where('part.room', '=', room.id)
    .where('part.attempt', '=', data.attempt)
    .where('part.state', '=', 'pending')
    .executeTakeFirst()
  if (!waiting) return NOTHING
  const part = { ...data, author: waiting.author, outcome: heard }
  const { outcome, told } = released
    ? { outcome: heard, told: false }
    : await needs.watch.outcome(tx, room, part)
  const state = outcome.error ? 'failed' : 'done'
  await tx
    .updateTable('city.part')
    .set({ state, outcome: json(outcome), corrected: false })
    .where('message', '=', data.message)
    .where('index', '=', data.index)
    .execute()
  const at = needs.clock.now()
  const message = await current(tx, room.id, data.message)
  const agents = stillToCall(
    message,
    whoAnswers(room.reply_policy, message, roster(room.reply_policy.agents)),
    state,
  )
  const calls = await callAgents(tx, agents, { ids: needs.ids, at, room, message, requestId })
  if (calls.length > 0) await needs.events.append(tx, ...calls)
  const seq = await numberEvents(tx, room.id, at, [
    { type: 'part', message: message.id, part: data.index },
    ...(calls.length > 0 ? [{ type: 'runs' as const, message: message.id }] : []),
  ])
  return { seq, told }
}

/** After a part was tried again an agent that already answered is called once more only if there is something new to answer, and never while it is still at it. */
function stillToCall(
  message: Message,
  agents: readonly KnownAgent[],
  state: 'done' | 'failed',
): readonly KnownAgent[] {
  return agents.filter((agent) => {
    const before = message.runs.filter((run) => run.agent === agent.slug)
    if (before.some((run) => run.state === 'queued' || run.state === 'running')) return false
    return before.length === 0 || state === 'done'
  })
}

/** Marks a call as ended or begun; answers whether that changed anything. Nothing leaves a final state, but a late answer that no newer call stands in the way of. */
export async function moveCall(
  tx: CityDb,
  run: string,
  state: 'running' | 'done' | 'failed' | 'cancelled',
  error: Failure | null,
): Promise<boolean> {
  const open = state === 'running' ? (['queued'] as const) : (['queued', 'running'] as const)
  const moved = await tx
    .updateTable('city.call as call')
    .set({ state, error: error && json(error) })
    .where('call.run', '=', run)
    .where((where) => {
      const usual = where('call.state', 'in', open)
      if (state !== 'done') return usual
      const newer = where
        .selectFrom('city.call as newer')
        .select('newer.run')
        .whereRef('newer.message', '=', 'call.message')
        .whereRef('newer.agent', '=', 'call.agent')
        .whereRef('newer.run', '>', 'call.run')
      return where.or([
        usual,
        where.and([where('call.state', '=', 'failed'), where.not(where.exists(newer))]),
      ])
    })
    .returning('call.run')
    .executeTakeFirst()
  return moved !== undefined
}

/** The room, message and thread that a run was called from, the room held until the transaction ends. */
export async function callOf(
  tx: CityDb,
  run: string,
): Promise<{ room: EnteredRoom; message: string; thread: string | null } | undefined> {
  const place = await tx
    .selectFrom('city.call as call')
    .innerJoin('city.message as message', 'message.id', 'call.message')
    .select(['message.room', 'message.id', 'message.thread'])
    .where('call.run', '=', run)
    .executeTakeFirst()
  const room = place && (await findRoom(tx, place.room, null, true))
  return room && { room, message: place.id, thread: place.thread }
}
