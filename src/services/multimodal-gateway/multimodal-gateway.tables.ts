import type { ColumnType } from 'kysely'
import type { Distance } from '../../engines/vectors/vectors.ts'
import type { Failure } from '../../kernel/errors.ts'
import type { WorkType } from './doors.contract.ts'
import type { JobState, JobType } from './jobs.contract.ts'
import type { Budget, Unit } from './usage.contract.ts'

/** What is counted of the stores of vectors. */
export type VectorWork = 'vectors_put' | 'vectors_search'

export interface ArtefactRow {
  sha256: string
  kind: WorkType
  /** The driver's name; the result itself also names the model. */
  engine: string
  /** What else the result depends on, such as the language asked for. */
  options: string
  /** JSON: written as text, read as a value. */
  result: ColumnType<unknown, string, string>
  size_bytes: ColumnType<string, number, number>
  created_at: ColumnType<Date, string, never>
  /** Null for what was kept before there was an end to it. */
  expires_at: ColumnType<Date | null, string, string>
}

/** Who pays, and for whom. */
export interface Payer {
  readonly principal: string | null
  readonly key: string | null
  readonly agent: string | null
  readonly community: string | null
}

export interface JobSource {
  readonly sha256: string
  readonly mime: string
  readonly name: string
}

export interface JobRow {
  id: string
  owner: string
  payer: ColumnType<Payer, string, never>
  type: JobType
  options: ColumnType<Record<string, unknown>, string, never>
  source: ColumnType<JobSource | null, string | null, never>
  state: JobState
  progress: number
  version: ColumnType<string, number, unknown>
  engine: string | null
  result: ColumnType<unknown, string | null, string | null>
  error: ColumnType<Failure | null, string | null, string | null>
  webhook: string | null
  created_at: ColumnType<Date, string, never>
  started_at: ColumnType<Date | null, string | null, string>
  finished_at: ColumnType<Date | null, string | null, string>
  expires_at: ColumnType<Date | null, string | null, string>
}

export interface UsageRow {
  id: string
  at: ColumnType<Date, string, never>
  principal: string | null
  key: string | null
  agent: string | null
  community: string | null
  type: WorkType | VectorWork
  engine: string | null
  state: 'reserved' | 'settled'
  cached: boolean
  unit: Unit
  amount: number
  bytes: ColumnType<string, number, number>
  cost: number | null
  ms: ColumnType<string, number, number>
}

export interface BudgetRow {
  subject_kind: Budget['kind']
  subject: string
  unit: Unit
  period: Budget['period']
  amount: number
}

export interface VectorCollectionRow {
  /** Its name in the store. */
  id: string
  owner: string
  name: string
  alias: boolean
  state: 'making' | 'ready' | 'going'
  /** Null for an alias, as are `distance` and, of vectors of one's own, `model`. */
  dimensions: number | null
  distance: Distance | null
  model: string | null
  /** A bigint: a string from PostgreSQL, a number from PGlite. */
  points: ColumnType<string | number, number | undefined, number>
  created_at: ColumnType<Date, string, never>
}

export type GatewayTables = {
  'gateway.vector_collection': VectorCollectionRow
  'gateway.artefact': ArtefactRow
  'gateway.job': JobRow
  'gateway.usage': UsageRow
  'gateway.budget': BudgetRow
  'gateway.erased': {
    message: string
    blobs: ColumnType<string[], string, never>
    at: ColumnType<Date, string, never>
  }
}
