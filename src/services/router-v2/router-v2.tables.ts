import type { ColumnType } from 'kysely'

interface Turn {
  /** Sorts by time. */
  readonly id: string
  readonly principal: string
  readonly session: string
  readonly agent: string
  readonly asked: string
  readonly answered: string
  readonly at: ColumnType<Date, string, never>
}

/** What of a kept answer anybody but `createOnce` looks at. */
interface OnceRow {
  readonly principal: string
  readonly key: string
}

export type RouterV2Tables = { 'router_v2.turn': Turn; 'router_v2.once': OnceRow }
