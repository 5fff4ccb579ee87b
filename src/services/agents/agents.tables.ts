import type { ColumnType, JSONColumnType } from 'kysely'
import type { Failure } from '../../kernel/errors.ts'
import type { Citation } from '../city/messages.contract.ts'
import type { Agent, Run, RunRequest, Step } from './agents.contract.ts'
import type { RunContext } from './context.ts'

/** Times, jsonb: written as JSON text, read as values. */
type Json<T extends object> = JSONColumnType<T, string, string>
type NullableJson<T extends object> = ColumnType<T | null, string | null | undefined, string | null>
type NullableTime = ColumnType<Date | null, Date | null | undefined, Date | null>

type AgentRow = {
  id: string
  slug: string
  name: string
  names: Json<string[]>
  about: Json<Agent['about']>
  state: Agent['state']
  community_id: ColumnType<string | null, string | null | undefined, string | null>
  created_at: Date
}

export const PROMPT_KINDS = ['core', 'safety', 'governance'] as const
export type PromptKind = (typeof PROMPT_KINDS)[number]

type PromptRow = {
  agent: string
  kind: PromptKind
  version: number
  text: string
  created_at: Date
}

export type RunRow = {
  id: string
  agent: string
  asker: string
  room: string | null
  message: string | null
  request: Json<RunRequest>
  context: NullableJson<RunContext>
  state: Run['state']
  attempt: ColumnType<number, number | undefined, number>
  text: ColumnType<string, string | undefined, string>
  citations: ColumnType<Citation[], string | undefined, string>
  engine: ColumnType<string | null, string | null | undefined, string | null>
  error: NullableJson<Failure>
  created_at: Date
  started_at: NullableTime
  finished_at: NullableTime
}

export type StepRow = {
  run: string
  index: number
  kind: Step['kind']
  state: Step['state']
  started_at: Date
  finished_at: NullableTime
  detail: ColumnType<Record<string, unknown>, string | undefined, string>
  tokens_in: ColumnType<number, number | undefined, number>
  tokens_out: ColumnType<number, number | undefined, number>
  cost_usd: ColumnType<number, number | undefined, number>
}

export type AgentsTables = {
  'agents.agent': AgentRow
  'agents.prompt': PromptRow
  'agents.run': RunRow
  'agents.step': StepRow
  'agents.erased': { message: string; at: Date }
}
