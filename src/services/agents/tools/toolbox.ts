import type { Clock } from '../../../kernel/clock.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { AppError } from '../../../kernel/errors.ts'
import { agentsError } from '../agents.errors.ts'
import type { Mandate, ToolCard } from '../registry.contract.ts'
import type { KeptAgent } from '../registry.store.ts'
import type { Tool, ToolResult, ToolUse } from './tool.ts'

/** What one use of a tool may be. */
export type Verdict = 'do' | 'ask' | 'refuse'

export interface Asked {
  readonly agent: KeptAgent
  readonly mandate: Mandate
  readonly room: string | null
  readonly asker: string
  /** Whether pages, documents or words of others may have moved the agent. */
  readonly tainted: boolean
  /** Whether those who keep the room said yes once for all. */
  readonly standing: boolean
  /** Whether prompts are only tried out. */
  readonly trial: boolean
}

export interface Toolbox {
  names(): readonly string[]
  cards(): Promise<ToolCard[]>
  /** What this agent can use now. */
  of(agent: KeptAgent, mandate: Mandate, trial: boolean): Promise<Tool[]>
  find(name: string): Tool | undefined
  /** Whether a use may happen, must be shown first, or may not happen at all. */
  judge(tool: Tool, input: unknown, asked: Asked): Verdict
  /** Runs a tool within its time. Rejects with an AppError, or with the signal's reason. */
  use(tool: Tool, input: unknown, use: ToolUse): Promise<ToolResult>
}

/** Every tool of the city, and who may use which for what. */
export function createToolbox(
  tools: readonly Tool[],
  clock: Clock,
  more: () => readonly Tool[] = () => [],
): Toolbox {
  const all = () => [...tools, ...more()]
  const holds = (mandate: Mandate) => mandate.until === null || Date.parse(mandate.until) > clock.now()
  const inMandate = (tool: Tool, mandate: Mandate, room: string | null, target: string | null) =>
    holds(mandate) &&
    mandate.effects.includes(tool.name) &&
    (mandate.rooms === 'own' ||
      (target !== null && mandate.rooms.includes(target)) ||
      (target === null && room === null))

  return {
    names: () => all().map(({ name }) => name),

    cards: async () =>
      await Promise.all(
        all().map(async ({ name, about, risk, available }) => ({
          name,
          about,
          risk,
          available: await available(),
        })),
      ),

    async of({ settings }, mandate, trial) {
      const mine = all().filter(
        ({ name, risk }) =>
          (risk !== 'effect' && settings.tools.includes(name)) ||
          (risk === 'effect' && !trial && holds(mandate) && mandate.effects.includes(name)),
      )
      const there = await Promise.all(mine.map((tool) => tool.available()))
      return mine.filter((tool, i) => there[i] && !(trial && tool.risk === 'own'))
    },

    find: (name) => all().find((tool) => tool.name === name),

    judge(tool, input, { agent, mandate, room, tainted, standing, trial }) {
      if (tool.risk === 'effect') {
        const target = (tool.outside ? null : targetOf(input)) ?? room
        if (trial || !inMandate(tool, mandate, room, target)) return 'refuse'
        // A word given once for all is for what the asker wants, in that room; not for what a page may have wanted.
        return standing && !tainted && target === room ? 'do' : 'ask'
      }
      if (!agent.settings.tools.includes(tool.name)) return 'refuse'
      // What it keeps will be believed later: where others may have put it there, the asker sees it first.
      if (tool.risk === 'own') return trial ? 'refuse' : tainted ? 'ask' : 'do'
      return 'do'
    },

    async use(tool, input, use) {
      const parsed = tool.input.safeParse(input)
      if (!parsed.success) {
        const detail = parsed.error.issues
          .map(({ path, message }) => `${path.join('.')}: ${message}`)
          .join('; ')
        throw agentsError('agents.tool_input', { detail: detail.slice(0, 500) })
      }
      const limit = deadline(tool.timeoutMs)
      const signal = AbortSignal.any([use.signal, limit])
      try {
        return await tool.run(parsed.data, { ...use, signal })
      } catch (cause) {
        use.signal.throwIfAborted()
        throw AppError.from(cause)
      }
    },
  }
}

function targetOf(input: unknown): string | null {
  const room = typeof input === 'object' && input !== null && 'room' in input ? input.room : undefined
  return typeof room === 'string' && room !== '' ? room : null
}
