import type { ColumnType } from 'kysely'

export const ARTEFACT_KINDS = ['transcript', 'ocr', 'parse'] as const
export type ArtefactKind = (typeof ARTEFACT_KINDS)[number]

export interface ArtefactRow {
  sha256: string
  kind: ArtefactKind
  /** The driver's name; the result itself also names the model. */
  engine: string
  /** What else the result depends on, such as the language asked for. */
  options: string
  /** JSON: written as text, read as a value. */
  result: ColumnType<unknown, string, never>
  created_at: ColumnType<Date, string, never>
}

export type GatewayTables = {
  'gateway.artefact': ArtefactRow
  'gateway.erased': {
    message: string
    blobs: ColumnType<string[], string, never>
    at: ColumnType<Date, string, never>
  }
}
