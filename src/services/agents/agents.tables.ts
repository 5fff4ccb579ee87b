import type { ColumnType, JSONColumnType } from 'kysely'
import type { Failure } from '../../kernel/errors.ts'
import type { Citation } from '../city/messages.contract.ts'
import type { Agent, PlanStep, Run, RunRequest, Step } from './agents.contract.ts'
import type { Approval } from './approvals.contract.ts'
import type { Trigger } from './automations.contract.ts'
import type { RunContext } from './context.ts'
import type { AgentSettings, Mandate, PromptKind } from './registry.contract.ts'
import type { OutsideRisk } from './servers.contract.ts'
import type { StepOutput } from './tools/tool.ts'

/** Times, jsonb: written as JSON text, read as values. */
type Json<T extends object> = JSONColumnType<T, string, string>
type NullableJson<T extends object> = ColumnType<T | null, string | null | undefined, string | null>
type NullableText = ColumnType<string | null, string | null | undefined, string | null>
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
  profile: ColumnType<Profile, string | undefined, string>
}

/** What an agent is besides its name, as it is kept: each field may be absent. */
export interface Profile {
  readonly avatar?: string | null
  readonly languages?: readonly ('uk' | 'en')[]
  readonly template?: string | null
  readonly settings?: Partial<AgentSettings>
}

export const PROMPT_KINDS: readonly PromptKind[] = ['core', 'safety', 'governance', 'tools']

type PromptRow = {
  agent: string
  kind: PromptKind
  version: number
  text: string
  author: NullableText
  restores: ColumnType<number | null, number | null | undefined, number | null>
  created_at: Date
}

type MandateRow = {
  agent: string
  version: number
  mandate: Json<Mandate>
  author: NullableText
  created_at: Date
}

export type ApprovalRow = {
  id: string
  run: string
  call: string
  agent: string
  asker: string
  room: string | null
  tool: string
  input: Json<Record<string, unknown>>
  state: Approval['state']
  created_at: Date
  expires_at: Date
  decided_by: NullableText
  decided_at: NullableTime
}

type GrantRow = { agent: string; room: string; tool: string; author: string; created_at: Date }

export type MemoryRow = {
  id: string
  agent: string
  scope: string
  text: string
  run: NullableText
  message: NullableText
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
  stopped: NullableText
  parent: NullableText
  call: NullableText
  chain: ColumnType<string[], string | undefined, string>
  origin: NullableText
  budget: NullableJson<Budget>
  until: NullableTime
  plan: NullableJson<PlanStep[]>
  versions: NullableJson<PromptVersions>
}

/** What is left to a run of its caller's limits. */
export interface Budget {
  readonly tokens: number
  readonly usd: number
}

/** Which version of each prompt a run was told. */
export type PromptVersions = Partial<Record<PromptKind, number>>

export type SummaryRow = {
  agent: string
  room: string
  /** Empty for the talk of the room itself. */
  thread: string
  text: string
  /** A bigint, which some drivers give as text. */
  upto: number | string
  last_message: string
  messages: number
  since: Date
  model: string
  made_at: Date
}

type FeedbackRow = {
  run: string
  principal: string
  agent: string
  verdict: 'up' | 'down'
  reason: NullableText
  created_at: Date
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
  call: NullableText
  output: NullableJson<StepOutput>
}

export type McpServerRow = {
  slug: string
  url: string | null
  auth: 'none' | 'key' | 'oauth'
  key: NullableText
  grants: NullableText
  awaited: NullableText
  /** Until when one process alone renews its tokens. */
  renewing: NullableTime
  /** `digest` is of the tool as it was when this was said of it. */
  risks: ColumnType<Record<string, { risk: OutsideRisk; digest: string }>, string | undefined, string>
  author: string
  created_at: Date
}

export type AutomationRow = {
  id: string
  owner: string
  agent: string
  room: string
  name: string
  kind: Trigger['kind']
  trigger: Json<Trigger>
  task: string
  per_hour: number
  state: 'active' | 'paused'
  problem: NullableJson<Failure>
  revision: ColumnType<number, number | undefined, number>
  next_at: NullableTime
  /** A bigint, which some drivers give as text. */
  place: ColumnType<number | string, number, number>
  created_at: Date
}

export type AgentsTables = {
  'agents.automation': AutomationRow
  'agents.automation_run': { automation: string; cause: string; run: string | null; at: Date }
  'agents.mcp_server': McpServerRow
  'agents.agent': AgentRow
  'agents.prompt': PromptRow
  'agents.mandate': MandateRow
  'agents.approval': ApprovalRow
  'agents.standing_grant': GrantRow
  'agents.memory': MemoryRow
  'agents.run': RunRow
  'agents.step': StepRow
  'agents.feedback': FeedbackRow
  'agents.summary': SummaryRow
  'agents.erased': { message: string; at: Date }
}
