import { isoTime } from '../../../kernel/clock.ts'
import type { Events } from '../../../platform/events/events.ts'
import { automationDue } from '../agents.events.ts'
import type { AgentsDb, AgentsTx } from '../agents.store.ts'
import type { AgentsTables } from '../agents.tables.ts'
import { type FiringNeeds, fire, ready } from './fire.ts'
import { nextTime } from './next-time.ts'

/** Has a schedule ring at its next time. One alarm waits for each; whatever restarts, what was missed meanwhile rings once. */
export async function setAlarm(
  tx: AgentsTx,
  events: Pick<Events, 'append'>,
  { id, owner, revision }: { readonly id: string; readonly owner: string; readonly revision: number },
  at: number,
): Promise<void> {
  const data = { automation: id, revision, at: isoTime(at) }
  await events.append(tx, { type: automationDue, principal: owner, data, availableAt: at })
}

/** Runs what is due and sets the next alarm, in one transaction: exactly once, in whichever process. */
export function consumeAlarms(needs: FiringNeeds & { readonly db: AgentsDb; readonly events: Events }): void {
  const { db, events, automations, clock } = needs
  events.consume<AgentsTables, typeof automationDue>({
    name: 'agents.automation_due',
    db,
    types: [automationDue],
    async handle({ data }, job) {
      const row = await automations.find(data.automation)
      if (row?.state !== 'active' || row.revision !== data.revision || row.trigger.kind !== 'schedule') return
      const { cron, zone } = row.trigger
      const made = await ready(needs, row, [], job.signal)
      // From now on, not from then: the times between are not made up for.
      const next = await nextTime(cron, zone, clock.now())
      await job.commit(async (tx) => {
        await fire(tx, needs, row, { key: data.at, said: [] }, made)
        if ('problem' in made && made.pause) return
        await automations.change(tx, row.id, { nextAt: next })
        if (next !== null) await setAlarm(tx, events, row, next)
      })
    },
    async failed({ data }, failure, tx) {
      const row = await automations.find(data.automation, tx)
      if (row?.state !== 'active' || row.revision !== data.revision || row.trigger.kind !== 'schedule') return
      const next = await nextTime(row.trigger.cron, row.trigger.zone, clock.now())
      await automations.change(tx, row.id, { problem: failure.toJSON().error, nextAt: next })
      if (next !== null) await setAlarm(tx, events, row, next)
    },
  })
}
