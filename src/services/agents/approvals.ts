import { isoTime } from '../../kernel/clock.ts'
import type { Call, Client, Handlers } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Events } from '../../platform/events/events.ts'
import { may } from '../auth/auth.rights.ts'
import type { cityContract } from '../city/city.contract.ts'
import { agentsError } from './agents.errors.ts'
import { approvalDue } from './agents.events.ts'
import type { AgentsDb, StoredRun } from './agents.store.ts'
import type { AgentsTables } from './agents.tables.ts'
import type { Approval, approvalOperations } from './approvals.contract.ts'
import type { ApprovalStore, StoredApproval } from './approvals.store.ts'
import type { RegistryStore } from './registry.store.ts'

interface ApprovalNeeds {
  readonly db: AgentsDb
  readonly store: ApprovalStore
  readonly registry: RegistryStore
  readonly city: Pick<Client<typeof cityContract>, 'room'> | undefined
  /** A run the caller may see. */
  visible(run: string, call: Call): Promise<StoredRun>
}

/** What agents want to do and wait for a person's word on. The word is the asker's alone. */
export function createApprovals(needs: ApprovalNeeds): Handlers<typeof approvalOperations> {
  const { db, store, registry, city, visible } = needs

  /** Whether the caller keeps the room, and so may say yes once for all. */
  async function keeps(room: string | null, call: Call): Promise<boolean> {
    if (!room || !city) return false
    const { principal, requestId, signal } = call
    const found = await city.room({ room }, { principal, requestId, signal }).catch(() => undefined)
    if (!found) return false
    const { visibility, membership } = found
    return may(principal, 'room.manage', { type: 'room', visibility, membership }).permit
  }

  async function shownTo(row: StoredApproval, call: Call): Promise<Approval> {
    const agent = await registry.find(row.agent)
    if (!agent) throw agentsError('agents.agent_not_found')
    const mine = row.asker === call.principal?.id
    return {
      id: row.id,
      run: row.run,
      agent: { id: agent.id, slug: agent.slug, name: agent.name },
      asker: row.asker,
      room: row.room,
      tool: row.tool,
      input: row.input,
      state: row.state,
      createdAt: isoTime(row.created_at.getTime()),
      expiresAt: isoTime(row.expires_at.getTime()),
      decidedAt: row.decided_at && isoTime(row.decided_at.getTime()),
      mine: mine && row.state === 'waiting',
      always: mine && row.state === 'waiting' && (await keeps(row.room, call)),
    }
  }

  return {
    async approvals({ run }, call) {
      if (!call.principal) throw kernelError('auth.required')
      if (run !== undefined) await visible(run, call)
      const rows = await store.list(run === undefined ? { asker: call.principal.id } : { run })
      return { items: await Promise.all(rows.map((row) => shownTo(row, call))) }
    },

    async decide({ approval, decision }, call) {
      if (!call.principal) throw kernelError('auth.required')
      const { id } = call.principal
      const row = await store.find(approval)
      const seen = row && (await visible(row.run, call).catch(() => undefined))
      if (!row || !seen) throw agentsError('agents.approval_not_found')
      if (row.asker !== id) throw agentsError('agents.not_yours_to_decide')
      const always = decision === 'always'
      if (always && !(await keeps(row.room, call))) throw agentsError('agents.not_for_always')
      const state = decision === 'refuse' ? 'refused' : 'approved'
      const decided = await db.transaction().execute(async (tx) => {
        const done = await store.decide(tx, approval, state, id, call.requestId)
        if (done && always && done.room) await store.grant(tx, done.agent, done.room, done.tool, id)
        return done
      })
      if (decided) return await shownTo(decided, call)
      const now = (await store.find(approval))?.state ?? 'cancelled'
      throw agentsError('agents.approval_decided', { state: now === 'waiting' ? 'expired' : now })
    },
  }
}

/** What nobody decided in time is refused, and its run goes on without it. */
export function consumeDue(db: AgentsDb, events: Events, store: ApprovalStore): void {
  events.consume<AgentsTables, typeof approvalDue>({
    name: 'agents.approval_due',
    db,
    types: [approvalDue],
    handle: ({ data: { approval } }, job) =>
      job.commit(async (tx) => void (await store.decide(tx, approval, 'expired', null))),
  })
}
