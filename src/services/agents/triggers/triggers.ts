import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Client } from '../../../kernel/contract.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { Events } from '../../../platform/events/events.ts'
import { rightsChanged } from '../../auth/auth.events.ts'
import type { HistoryItem } from '../../city/city.events.ts'
import type { knowledgeContract } from '../../knowledge/knowledge.contract.ts'
import { documentAdded, documentProcessed } from '../../knowledge/knowledge.events.ts'
import { agentsError } from '../agents.errors.ts'
import type { AgentsDb } from '../agents.store.ts'
import type { AgentsTables } from '../agents.tables.ts'
import type { StoredAutomation } from '../schedules/automations.store.ts'
import { type Cause, type FiringNeeds, fire, type Ready, ready } from '../schedules/fire.ts'

export interface TriggerNeeds extends FiringNeeds {
  readonly db: AgentsDb
  readonly events: Events
  readonly clock: Clock
  /** Without it documents of collections make nothing run. */
  readonly documents?: Pick<Client<typeof knowledgeContract>, 'document'> | undefined
}

/** Hears what happens in the city and makes agents run for it: somebody new in a room, a document that was read there or in a collection. Each makes each automation run once. */
export function consumeTriggers(needs: TriggerNeeds): void {
  const { db, events, automations, documents, registry, people, clock } = needs

  /** Looks first, outside the transaction; then opens all of it at once. */
  async function prepared(rows: readonly StoredAutomation[], cause: Cause, signal: AbortSignal) {
    const made: { row: StoredAutomation; cause: Cause; of: Ready }[] = []
    for (const row of rows) made.push({ row, cause, of: await ready(needs, row, cause.said, signal) })
    return made
  }

  events.consume<AgentsTables, typeof rightsChanged>({
    name: 'agents.trigger_member',
    db,
    types: [rightsChanged],
    async handle({ data }, job) {
      const { room, role } = data.detail
      if (data.action !== 'room.member' || typeof room !== 'string' || role === null) return
      const rows = await automations.active('member', room)
      if (rows.length === 0 || (await registry.find(data.subject))) return
      const { items } = await people.principals({ ids: [data.subject] }, { signal: job.signal })
      const who = items.find(({ id }) => id === data.subject)
      if (who?.kind !== 'person') return
      const { id, kind, name } = who
      const said = [
        { message: '', author: { id, kind, name }, at: isoTime(clock.now()), text: 'New in this room.' },
      ]
      const made = await prepared(rows, { key: `member:${id}`, said }, job.signal)
      await job.commit(async (tx) => {
        for (const { row, cause, of } of made) await fire(tx, needs, row, cause, of)
      })
    },
  })

  events.consume<AgentsTables, typeof documentProcessed>({
    name: 'agents.trigger_document',
    db,
    types: [documentProcessed],
    async handle({ data, principal }, job) {
      const { document } = data.outcome
      // What an agent brought makes nothing run.
      if (!document || (principal !== null && (await registry.find(principal)))) return
      const rows = (await automations.active('document', data.room)).filter(
        ({ trigger }) => trigger.kind === 'document' && trigger.collection === null,
      )
      const made = await prepared(rows, { key: `document:${document.id}`, said: [] }, job.signal)
      await job.commit(async (tx) => {
        for (const { row, cause, of } of made) await fire(tx, needs, row, cause, of)
      })
    },
  })

  events.consume<AgentsTables, typeof documentAdded>({
    name: 'agents.trigger_collection',
    db,
    types: [documentAdded],
    async handle({ data }, job) {
      const rows = (await automations.active('document')).filter(
        ({ trigger }) => trigger.kind === 'document' && trigger.collection !== null,
      )
      if (!documents || rows.length === 0) return
      const made: { row: StoredAutomation; cause: Cause; of: Ready }[] = []
      for (const row of rows) {
        const found = await seen(row, data.document, job.signal)
        if (!found) continue
        made.push(...(await prepared([row], { key: `document:${data.document}`, said: [found] }, job.signal)))
      }
      await job.commit(async (tx) => {
        for (const { row, cause, of } of made) await fire(tx, needs, row, cause, of)
      })
    },
  })

  /** The document as the owner sees it, once it was read; undefined where it is another collection's, or none of theirs. */
  async function seen(
    row: StoredAutomation,
    document: string,
    signal: AbortSignal,
  ): Promise<HistoryItem | undefined> {
    const { items } = await people.principals({ ids: [row.owner] }, { signal })
    const [owner] = items
    if (!owner || !documents) return undefined
    const found = await documents
      .document({ document }, { principal: owner, signal })
      .catch((cause: unknown) => {
        if (AppError.from(cause).kind === 'not_found') return undefined
        throw cause
      })
    if (!found || row.trigger.kind !== 'document' || found.collection !== row.trigger.collection)
      return undefined
    if (found.addedBy !== null && (await registry.find(found.addedBy))) return undefined
    if (found.state === 'pending') throw agentsError('agents.document_not_read_yet')
    const author = { id: found.addedBy ?? 'city', kind: 'person' as const, name: found.title.slice(0, 200) }
    return { message: '', author, at: found.createdAt, text: `A new document: ${found.title.slice(0, 200)}` }
  }
}
