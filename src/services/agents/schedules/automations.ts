import { isoTime } from '../../../kernel/clock.ts'
import type { Call, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import { isOperator, type Principal } from '../../../kernel/principal.ts'
import { storableJson } from '../../../platform/database/storable.ts'
import type { Events } from '../../../platform/events/events.ts'
import { agentsError } from '../agents.errors.ts'
import { automationsChanged } from '../agents.events.ts'
import type { AgentsDb, AgentsTx } from '../agents.store.ts'
import type { Automation, automationOperations, Trigger } from '../automations.contract.ts'
import { nameOf } from '../run-end.ts'
import { consumeAlarms, setAlarm } from './alarms.ts'
import type { StoredAutomation } from './automations.store.ts'
import { type FiringNeeds, placeFor } from './fire.ts'
import { checkSchedule, nextTime } from './next-time.ts'
import { consumeSaid } from './said.ts'

export interface AutomationNeeds extends FiringNeeds {
  readonly db: AgentsDb
  readonly events: Events
}

const MAX_EACH = 20
const MAX_LISTED = 200

/** What agents do by themselves: made, paused and taken away by whoever lends their rights, run at its times. What happens in the city is heard elsewhere. */
export function createAutomations(needs: AutomationNeeds): Handlers<typeof automationOperations> {
  const { db, automations, registry, city, events, clock, ids } = needs
  consumeAlarms(needs)
  consumeSaid(needs)

  async function shown(rows: readonly StoredAutomation[]): Promise<Automation[]> {
    const runs = await automations.lastRuns(rows.map(({ id }) => id))
    const known = await Promise.all(
      [...new Set(rows.map(({ agent }) => agent))].map((id) => registry.find(id)),
    )
    return rows.flatMap((row) => {
      const agent = known.find((one) => one?.id === row.agent)
      if (!agent) return []
      const { id, owner, room, name, trigger, task, state, problem } = row
      return {
        ...{ id, owner, room, name, trigger, task, state, problem },
        agent: nameOf(agent),
        perHour: row.per_hour,
        nextAt: row.next_at && isoTime(row.next_at.getTime()),
        runs: runs
          .filter(({ automation }) => automation === id)
          .map(({ run, at, state: now }) => ({ run, at: isoTime(at.getTime()), state: now })),
      }
    })
  }

  async function one(id: string): Promise<Automation> {
    const row = await automations.find(id)
    const [first] = row ? await shown([row]) : []
    if (!first) throw agentsError('agents.automation_not_found')
    return first
  }

  async function mine(id: string, { principal }: Call): Promise<StoredAutomation> {
    const row = await automations.find(id)
    if (!row || row.owner !== principal?.id) throw agentsError('agents.automation_not_found')
    return row
  }

  const firstTime = (trigger: Trigger) =>
    trigger.kind === 'schedule' ? nextTime(trigger.cron, trigger.zone, clock.now()) : Promise.resolve(null)

  async function checked(trigger: Trigger): Promise<void> {
    if (trigger.kind === 'schedule') await checkSchedule(trigger.cron, trigger.zone, clock.now())
  }

  /** Where looking begins: what was there before is no news. */
  async function begin(tx: AgentsTx, row: StoredAutomation, next: number | null, known: readonly string[]) {
    if (next !== null) await setAlarm(tx, events, row, next)
    await automations.note(
      tx,
      row.id,
      known.map((id) => `member:${id}`),
      null,
    )
  }

  async function startOf(room: string, trigger: Trigger, principal: Principal, signal: AbortSignal) {
    const call = { principal, signal }
    const { seq } = await city.room({ room }, call)
    const known =
      trigger.kind === 'member' ? (await city.members({ room }, call)).items.map(({ id }) => id) : []
    return { seq, known }
  }

  return {
    async automations({ all }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const rows = await automations.list(all && isOperator(principal) ? null : principal.id, MAX_LISTED)
      return { items: await shown(rows) }
    },

    async makeAutomation({ agent: name, room: asked, trigger, ...given }, { principal, signal }) {
      if (!principal) throw kernelError('auth.required')
      if (principal.kind !== 'person') throw agentsError('agents.automation_silent')
      await checked(trigger)
      const agent = await registry.find(name)
      if (agent?.state !== 'active') throw agentsError('agents.agent_not_found')
      const { room } = await placeFor(city, asked, principal, agent, signal)
      const { seq, known } = await startOf(room.id, trigger, principal, signal)
      const next = await firstTime(trigger)
      const id = ids.make('auto')
      await db.transaction().execute(async (tx) => {
        const { count } = await tx
          .selectFrom('agents.automation')
          .select((of) => of.fn.countAll<number | string>().as('count'))
          .where('owner', '=', principal.id)
          .executeTakeFirstOrThrow()
        if (Number(count) >= MAX_EACH) throw agentsError('agents.automations_many', { limit: MAX_EACH })
        const row = await tx
          .insertInto('agents.automation')
          .values({
            id,
            owner: principal.id,
            agent: agent.id,
            room: room.id,
            name: given.name,
            task: given.task,
            kind: trigger.kind,
            trigger: storableJson(trigger),
            per_hour: given.perHour,
            state: 'active',
            next_at: next === null ? null : new Date(next),
            place: seq,
            created_at: new Date(clock.now()),
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await begin(tx, row, next, known)
      })
      events.broadcast(automationsChanged, {})
      return await one(id)
    },

    async changeAutomation({ automation, trigger, perHour, ...given }, call) {
      const { principal, signal } = call
      const row = await mine(automation, call)
      const { name = row.name, task = row.task, state = row.state } = given
      if (!principal) throw kernelError('auth.required')
      const when = trigger ?? row.trigger
      await checked(when)
      const start =
        state === 'active' ? await startOf(row.room, when, principal, signal) : { seq: row.place, known: [] }
      const next = state === 'active' ? await firstTime(when) : null
      await db.transaction().execute(async (tx) => {
        const changed = await tx
          .updateTable('agents.automation')
          .set((set) => ({
            ...{ name, task, state },
            kind: when.kind,
            trigger: storableJson(when),
            per_hour: perHour ?? row.per_hour,
            problem: state === 'active' ? null : row.problem && storableJson(row.problem),
            next_at: next === null ? null : new Date(next),
            place: Number(start.seq),
            revision: set('revision', '+', 1),
          }))
          .where('id', '=', row.id)
          .returningAll()
          .executeTakeFirst()
        if (!changed) throw agentsError('agents.automation_not_found')
        await begin(tx, changed, next, start.known)
      })
      events.broadcast(automationsChanged, {})
      return await one(row.id)
    },

    async removeAutomation({ automation }, call) {
      const row = await mine(automation, call)
      await db.deleteFrom('agents.automation').where('id', '=', row.id).execute()
      return { done: true as const }
    },
  }
}
