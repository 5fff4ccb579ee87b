import { z } from 'zod'
import { closeness } from '../../engines/llm/scoring.ts'
import type { Clock } from '../../kernel/clock.ts'
import { storable } from '../../platform/database/storable.ts'
import type { AgentsDb } from './agents.store.ts'
import type { Finding } from './context.ts'
import { type Tool, tool } from './tools/tool.ts'

const MAX_KEPT = 500
const RECALLED = 5
const LEAST_NEAR = 0.05

/** What an agent learnt in one place is known in that place alone: in its room, or where nobody but the asker hears it. */
export const scopeOf = (room: string | null, asker: string): string =>
  room === null ? `asker:${asker}` : `room:${room}`

export interface Memory {
  /** What is near the question, the nearest first. */
  recall(agent: string, scope: string, question: string): Promise<Finding[]>
  readonly tool: Tool
}

/** What agents keep for themselves: bounded, by place, and read back as material, never as an instruction. */
export function createMemory(db: AgentsDb, clock: Clock): Memory {
  return {
    async recall(agent, scope, question) {
      const rows = await db
        .selectFrom('agents.memory')
        .select(['text', 'message', 'created_at'])
        .where('agent', '=', agent)
        .where('scope', '=', scope)
        .orderBy('created_at', 'desc')
        .limit(MAX_KEPT)
        .execute()
      return rows
        .map((row) => ({ row, near: closeness(question, row.text) }))
        .filter(({ near }) => near > LEAST_NEAR)
        .sort((a, b) => b.near - a.near)
        .slice(0, RECALLED)
        .map(({ row: { text, message, created_at } }) => ({
          kind: 'memory' as const,
          title: created_at.toISOString().slice(0, 10),
          text,
          ...(message && { message }),
        }))
    },

    tool: tool({
      name: 'remember',
      about: { en: 'Keeps a note for later', uk: 'Занотовує на потім' },
      description: 'Keep one short fact for later questions in this place.',
      risk: 'own',
      input: z.object({ text: z.string().trim().min(1).max(1_000) }),
      timeoutMs: 5_000,
      foreign: false,
      repeatable: true,
      available: () => true,
      async run({ text }, { agent, room, asker, run, key, message }) {
        const scope = scopeOf(room?.id ?? null, asker.id)
        const row = {
          id: `mem_${key}`,
          agent: agent.id,
          scope,
          text: storable(text),
          run,
          message,
          created_at: new Date(clock.now()),
        }
        const { count } = await db
          .selectFrom('agents.memory')
          .select((select) => select.fn.countAll<string>().as('count'))
          .where('agent', '=', agent.id)
          .where('scope', '=', scope)
          .executeTakeFirstOrThrow()
        if (Number(count) >= MAX_KEPT)
          await db
            .deleteFrom('agents.memory')
            .where('id', 'in', (from) =>
              from
                .selectFrom('agents.memory')
                .select('id')
                .where('agent', '=', agent.id)
                .where('scope', '=', scope)
                .orderBy('created_at')
                .limit(1),
            )
            .execute()
        await db
          .insertInto('agents.memory')
          .values(row)
          .onConflict((on) => on.doNothing())
          .execute()
        return { text: 'Noted.' }
      },
    }),
  }
}
