import type { Kysely } from 'kysely'
import type { Events } from '../../platform/events/events.ts'
import { residentErased } from '../auth/auth.events.ts'
import { llmBudgetsChanged } from './llm-proxy.events.ts'
import type { LlmTables } from './llm-proxy.tables.ts'

/** Whoever is erased is in the books no more: what they used stays counted, as nobody's, and a counter of theirs goes when its day or month ends. `write` brings what this process knows into the books first. */
export function consumeErasures(
  db: Kysely<LlmTables>,
  events: Pick<Events, 'consume' | 'broadcast'>,
  write: () => Promise<void>,
): void {
  events.consume<LlmTables, typeof residentErased>({
    name: 'llm_proxy.erase_resident',
    db,
    types: [residentErased],
    async handle({ data: { principal } }, job) {
      await write()
      await job.commit(async (tx) => {
        await tx
          .updateTable('llm.usage')
          .set({ principal: null, key: null, room: null, run: null })
          .where('principal', '=', principal)
          .execute()
        await tx
          .deleteFrom('llm.budget')
          .where('kind', '=', 'principal')
          .where('subject', '=', principal)
          .execute()
      })
      events.broadcast(llmBudgetsChanged, {})
    },
  })
}
