import type { z } from 'zod'
import type { Principal } from '../../../kernel/principal.ts'
import type { RunRequest } from '../agents.contract.ts'
import type { Finding, Source } from '../context.ts'
import type { ToolCard } from '../registry.contract.ts'
import type { KeptAgent } from '../registry.store.ts'

/** What a tool can do at worst. read: look at what the asker may see in this room. outward: its input leaves the city. own: change what the agent keeps for itself. effect: change something that others see. */
export type Risk = ToolCard['risk']

/** One use of a tool: for whom, where, and what is known to be the asker's own. */
export interface ToolUse {
  readonly run: string
  readonly agent: KeptAgent
  readonly asker: Principal
  readonly room: RunRequest['room']
  /** Whether nobody but the asker hears the answer: then what they may read elsewhere may be said here. */
  readonly alone: boolean
  /** What the asker wrote, and nothing else. */
  readonly question: string
  /** Addresses that the asker named or a web search found. */
  readonly addresses: ReadonlySet<string>
  /** Files that came with the question. */
  readonly files: readonly string[]
  readonly message: string | null
  /** The same for the same call of the same run, whatever was killed meanwhile. */
  readonly key: string
  /** Whether words of others, or pages, may have moved the agent to this. */
  readonly tainted: boolean
  readonly requestId: string
  readonly signal: AbortSignal
}

/** What a tool gave. `text` is for the model, `sources` are numbered and may be cited. */
export interface ToolResult {
  readonly text?: string
  readonly sources?: readonly Finding[]
  /** Addresses that may be opened from now on. */
  readonly addresses?: readonly string[]
}

export interface Tool<I extends z.ZodType = z.ZodType> {
  readonly name: string
  readonly about: ToolCard['about']
  /** For the model. */
  readonly description: string
  readonly risk: Risk
  /** Whether it belongs to a server of others: then a field `room` of its input names nothing here. */
  readonly outside?: boolean
  readonly input: I
  readonly timeoutMs: number
  /** Whether what it gives is from others; the calculator's is not. */
  readonly foreign: boolean
  /** Whether doing it again with the same key changes nothing more. */
  readonly repeatable: boolean
  available(): boolean | Promise<boolean>
  run(input: z.output<I>, use: ToolUse): Promise<ToolResult>
}

/** A tool with its types kept until it joins the others. */
export const tool = <I extends z.ZodType>(made: Tool<I>): Tool => made as unknown as Tool

/** What a step leaves for a later try and for the trace. */
export type StepOutput =
  | {
      readonly kind: 'model'
      readonly text: string
      readonly calls: readonly ModelCall[]
      readonly model: string
    }
  | {
      readonly kind: 'tool'
      readonly tool: string
      readonly ok: boolean
      readonly foreign: boolean
      readonly text: string
      readonly sources: readonly Source[]
      readonly addresses: readonly string[]
    }

export interface ModelCall {
  /** `turn.number` within the run. */
  readonly id: string
  readonly tool: string
  readonly input: unknown
}
