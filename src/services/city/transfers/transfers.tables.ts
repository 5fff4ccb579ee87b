import type { ColumnType, Generated } from 'kysely'
import type { Failure } from '../../../kernel/errors.ts'
import type { ImportSource } from '../messages.contract.ts'
import type { Export, ExportFormat, ImportReport } from '../transfers.contract.ts'

/** What goes out of the city and comes in from elsewhere. */
export type TransferTables = {
  'city.export': ExportTable
  'city.import': ImportTable
  'city.imported_room': { principal: string; source: ImportSource; place: string; room: string }
  'city.imported': { message: string; source: ImportSource; import: string; at: Time }
}

type Time = ColumnType<Date | string, string, string>
type Later = ColumnType<Date | string | null, string | null | undefined, string | null>
type Json<T> = ColumnType<T | null, string | null | undefined, string | null>

interface ExportTable {
  id: string
  principal: string
  what: Export['what']
  room: string | null
  format: ExportFormat
  state: ColumnType<Export['state'], Export['state'] | undefined, Export['state']>
  done: Generated<number>
  total: Generated<number>
  blob: ColumnType<string | null, string | null | undefined, string | null>
  size_bytes: ColumnType<number | string | bigint | null, number | null | undefined, number | null>
  error: Json<Failure>
  created_at: Time
  expires_at: Later
}

interface ImportTable {
  id: string
  principal: string
  name: string
  blob: string | null
  source: ColumnType<ImportSource | null, ImportSource | null | undefined, ImportSource | null>
  state: ColumnType<Export['state'], Export['state'] | undefined, Export['state']>
  done: Generated<number>
  total: Generated<number>
  report: Json<ImportReport>
  error: Json<Failure>
  created_at: Time
  finished_at: Later
}
