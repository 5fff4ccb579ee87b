import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Call, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import { storable } from '../../../platform/database/storable.ts'
import { agentsError } from '../agents.errors.ts'
import type { AgentsDb, StoredRun } from '../agents.store.ts'
import type { RegistryStore } from '../registry.store.ts'
import type { Feedback, feedbackOperations } from './feedback.contract.ts'

interface FeedbackNeeds {
  readonly db: AgentsDb
  readonly registry: RegistryStore
  readonly clock: Clock
  /** A run the caller may see. */
  visible(run: string, call: Call): Promise<StoredRun>
}

const MAX_SHOWN = 100

/** What people think of answers: one word each, which they may change; counted by the versions of the prompts that were told. */
export function createFeedback({
  db,
  registry,
  clock,
  visible,
}: FeedbackNeeds): Handlers<typeof feedbackOperations> {
  async function of(run: string, principal: string | undefined): Promise<Feedback> {
    const rows = await db
      .selectFrom('agents.feedback')
      .select(['principal', 'verdict', 'reason'])
      .where('run', '=', run)
      .limit(10_000)
      .execute()
    const count = (verdict: 'up' | 'down') => rows.filter((row) => row.verdict === verdict).length
    const mine = rows.find((row) => row.principal === principal)
    return {
      up: count('up'),
      down: count('down'),
      mine: mine ? { verdict: mine.verdict, reason: mine.reason } : null,
    }
  }

  return {
    async runFeedback({ run }, call) {
      await visible(run, call)
      return await of(run, call.principal?.id)
    },

    async rate({ run, verdict, reason }, call) {
      if (!call.principal) throw kernelError('auth.required')
      const row = await visible(run, call)
      if (row.state !== 'done') throw agentsError('agents.no_answer_yet')
      const { id } = call.principal
      if (verdict === null)
        await db.deleteFrom('agents.feedback').where('run', '=', run).where('principal', '=', id).execute()
      else {
        const said = { verdict, reason: reason ? storable(reason) : null, created_at: new Date(clock.now()) }
        await db
          .insertInto('agents.feedback')
          .values({ run, principal: id, agent: row.agent, ...said })
          .onConflict((on) => on.columns(['run', 'principal']).doUpdateSet(said))
          .execute()
      }
      return await of(run, id)
    },

    async agentFeedback({ agent: name }) {
      const agent = await registry.find(name)
      if (!agent) throw agentsError('agents.agent_not_found')
      const counted = await db
        .selectFrom('agents.feedback as feedback')
        .innerJoin('agents.run as run', 'run.id', 'feedback.run')
        .select([
          'run.versions',
          sql<string>`count(*) filter (where feedback.verdict = 'up')`.as('up'),
          sql<string>`count(*) filter (where feedback.verdict = 'down')`.as('down'),
          sql<Date>`max(feedback.created_at)`.as('last'),
        ])
        .where('feedback.agent', '=', agent.id)
        .groupBy('run.versions')
        .orderBy('last', 'desc')
        .limit(MAX_SHOWN)
        .execute()
      const reasons = await db
        .selectFrom('agents.feedback')
        .select(['run', 'verdict', 'reason', 'created_at'])
        .where('agent', '=', agent.id)
        .where('reason', 'is not', null)
        .orderBy('created_at', 'desc')
        .limit(MAX_SHOWN)
        .execute()
      return {
        versions: counted.map(({ versions, up, down }) => ({
          versions: { ...versions },
          up: Number(up),
          down: Number(down),
        })),
        reasons: reasons.map(({ run, verdict, reason, created_at }) => ({
          run,
          verdict,
          reason: reason ?? '',
          at: isoTime(created_at.getTime()),
        })),
      }
    },
  }
}
