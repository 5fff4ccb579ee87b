import { z } from 'zod'
import { storable, storableJson } from '../../../platform/database/storable.ts'
import type { PlanStep } from '../agents.contract.ts'
import type { AgentsDb } from '../agents.store.ts'
import { type Tool, tool } from '../tools/tool.ts'

/** By which an agent says what it sets out to do. */
export const PLAN = 'make_plan'

const MAX_STEPS = 12

/** Keeps what a run sets out to do, for everybody who watches it; said again, it is the plan from then on, and what was begun stays as it stands. */
export function planTool(db: AgentsDb): Tool {
  return tool({
    name: PLAN,
    about: { en: 'Plans its steps', uk: 'Планує кроки' },
    description:
      'Write down the steps you set out to do, before you do them, and again where they change. Name the agent for each step that you will delegate.',
    risk: 'read',
    input: z.object({
      steps: z
        .array(
          z.object({
            title: z.string().trim().min(1).max(200),
            agent: z.string().max(64).optional().describe('The slug of the agent it is for'),
          }),
        )
        .min(1)
        .max(MAX_STEPS),
    }),
    timeoutMs: 5_000,
    foreign: false,
    repeatable: true,
    available: () => true,
    async run({ steps }, { run }) {
      await changePlan(db, run, (before) =>
        steps.map(({ title, agent = null }, i) => {
          const old = before.find((step) => step.n === i + 1)
          const same = old && (old.title === title || old.state !== 'waiting')
          const state = same ? { state: old.state, run: old.run } : { state: 'waiting' as const, run: null }
          return { n: i + 1, title: storable(title), agent, ...state }
        }),
      )
      return { text: 'The plan is kept. Its steps are numbered from 1.' }
    },
  })
}

/** Changes the plan of a run as it stands; nothing where there is none and none is made. */
export async function changePlan(
  db: AgentsDb,
  run: string,
  change: (steps: readonly PlanStep[]) => readonly PlanStep[],
): Promise<void> {
  const row = await db
    .selectFrom('agents.run')
    .select('plan')
    .where('id', '=', run)
    .where('state', '=', 'running')
    .executeTakeFirst()
  const plan = row && change(row.plan ?? [])
  if (plan && plan.length > 0)
    await db
      .updateTable('agents.run')
      .set({ plan: storableJson(plan) })
      .where('id', '=', run)
      .execute()
}
