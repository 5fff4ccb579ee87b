import type { ColumnType } from 'kysely'

/** When each resident last looked at what happened. */
export type FeedTables = {
  'city.visit': VisitTable
}

interface VisitTable {
  principal: string
  at: ColumnType<Date | string, string, string>
}
