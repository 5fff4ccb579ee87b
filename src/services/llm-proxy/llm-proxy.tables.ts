import type { ColumnType } from 'kysely'
import type { BudgetKind, Per } from './usage.contract.ts'

type Time = ColumnType<Date, string | Date, string | Date>

export interface Payer {
  readonly principal: string | null
  readonly key: string | null
  readonly agent: string | null
  readonly community: string | null
  readonly room: string | null
  readonly run: string | null
}

/** One budget in one day, month or minute. */
export interface Place {
  readonly budget: string
  readonly slot: string
  readonly per: Per
  /** When the slot ends, ISO 8601. */
  readonly ends: string
}

/** So much of it. */
export interface Charge extends Place {
  readonly amount: number
}

export interface UsageRow extends Payer {
  id: string
  at: Time
  kind: string
  model: string
  provider: string
  tokens_in: number
  tokens_out: number
  units: number
  nano_usd: number
  ms: number
  counted: boolean
  state: 'reserved' | 'settled' | 'lost'
  charges: ColumnType<readonly Charge[] | null, string | null, string | null>
}

export type LlmTables = {
  'llm.budget': { kind: BudgetKind; subject: string; per: Per; amount: number }
  'llm.counter': { budget: string; slot: string; used: number; ends_at: Time }
  'llm.lease': { process: string; budget: string; slot: string; amount: number; ends_at: Time }
  'llm.process': { id: string; seen_at: Time }
  'llm.usage': UsageRow
  'llm.community': { community: string; may_leave: boolean }
}
