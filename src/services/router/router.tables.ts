import type { ColumnType } from 'kysely'

interface Setting {
  readonly one: ColumnType<boolean, true, never>
  readonly weight: number
  readonly shadow: number
  readonly changed_by: string | null
  readonly changed_at: ColumnType<Date, string, string>
}

interface DifferenceRow {
  readonly id: string
  readonly at: ColumnType<Date, string, never>
  readonly same: boolean
  readonly answered: 'v1' | 'v2'
  readonly fields: ColumnType<{ field: string; v1: string; v2: string }[], string, never>
  readonly took_v1_ms: number | null
  readonly took_v2_ms: number | null
}

export type RouterTables = { 'router.setting': Setting; 'router.difference': DifferenceRow }
