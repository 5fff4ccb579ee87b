import type { ColumnType } from 'kysely'

/** What search keeps; the rest is read from messages as they stand. */
export type SearchTables = {
  'city.search_mark': { room: string; seq: ColumnType<number | string | bigint, number, number> }
  'city.search_entry': SearchEntryTable
  'city.search_word': { stem: string; keys: ColumnType<string[], never, never> }
  'city.search_vector': SearchVectorTable
  'city.search_model': { model: string; state: 'live' | 'building' }
  'city.link_preview': LinkPreviewTable
  'city.message_link': { message: string; url: string }
}

interface LinkPreviewTable {
  url: string
  state: 'pending' | 'done' | 'failed'
  title: ColumnType<string | null, string | null | undefined, string | null>
  description: ColumnType<string | null, string | null | undefined, string | null>
  site: ColumnType<string | null, string | null | undefined, string | null>
  picture: ColumnType<Uint8Array | null, Uint8Array | null | undefined, Uint8Array | null>
  asked_at: ColumnType<Date | string, string, string>
}

interface SearchEntryTable {
  message: string
  /** -1 for the message's own words. */
  part: number
  room: string
  kind: 'message' | 'transcript' | 'image' | 'file'
  at: ColumnType<Date | string, string, string>
  /** Written by `array_to_tsvector`. */
  words: ColumnType<string, never, never>
  digest: string
}

interface SearchVectorTable {
  message: string
  part: number
  passage: number
  model: string
  room: string
  digest: string
  start_at: number
  end_at: number
  /** In pgvector's notation. */
  embedding: string
}
