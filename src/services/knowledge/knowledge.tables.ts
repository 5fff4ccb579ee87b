import type { ColumnType } from 'kysely'
import type { Failure } from '../../kernel/errors.ts'
import type { Document, DocumentPlace, PageState } from './documents.contract.ts'
import type { Gathers } from './gathering.contract.ts'
import type { Source } from './sources.contract.ts'

type WrittenOnce<T, W = string> = ColumnType<T, W, never>
type Time = ColumnType<Date, string, string>
type MaybeTime = ColumnType<Date | null, string | null | undefined, string | null>
/** JSON: written as text, read as a value. */
type Json<T> = ColumnType<T | null, string | null | undefined, string | null>
type Optional<T> = ColumnType<T, T | undefined, T>

export interface CollectionRow {
  id: string
  room: string | null
  /** Whose it is, where it is no room's. */
  owner: Optional<string | null>
  name: Optional<string>
  community_id: string | null
  /** What of a room’s files it gathers. */
  gathers: Optional<Gathers>
  created_at: WrittenOnce<Date>
}

export interface DocumentRow {
  id: string
  collection: string
  sha256: string
  title: string
  mime: string
  /** A bigint: a string from PostgreSQL, a number from PGlite. */
  size_bytes: WrittenOnce<string | number, number>
  file: string | null
  state: ColumnType<Document['state'], Document['state'] | undefined, Document['state']>
  total: number | null
  error: Json<Failure>
  created_at: WrittenOnce<Date>
  /** When it was last posted. */
  cited_at: MaybeTime
  /** What the file is called. */
  name: Optional<string>
  added_by: Optional<string | null>
  source: Optional<string | null>
  url: Optional<string | null>
  /** Documents of one series are versions of each other; null for one that was only posted. */
  series: Optional<string | null>
  version: Optional<number>
  replaced_by: Optional<string | null>
  sketch: Json<number[]>
  near: Optional<string | null>
  near_share: Optional<number | null>
}

export interface PageRow {
  document: string
  number: number
  state: Exclude<PageState, 'waiting'>
  text: string
  error: string | null
  place: Json<DocumentPlace>
  markdown: string | null
}

export interface ChunkRow {
  id: string
  document: string
  collection: string
  page: number
  ordinal: number
  start_at: number
  end_at: number
  text: string
  /** How many characters at its beginning are the heading row of its table, said again. */
  head_chars: number
  /** A tsvector, written in its own notation. */
  words: string
  /** Of which alphabet most of its letters are; made by the database. */
  script: ColumnType<'cyrillic' | 'latin', never, never>
}

export interface VectorRow {
  chunk: string
  model: string
  document: string
  collection: string
  /** A vector, written in its own notation. */
  embedding: string
  /** The passage's own. */
  script: 'cyrillic' | 'latin'
}

export interface EmbeddedRow {
  document: string
  model: string
  state: 'queued' | 'done'
}

export interface SourceRow {
  id: string
  collection: string
  kind: Source['kind']
  url: string
  every_hours: number | null
  state: Source['state']
  error: Json<Failure>
  /** Counts the readings; what asks for an earlier one is void. */
  turn: Optional<number>
  pages_total: Optional<number | null>
  added_by: string
  created_at: Time
  read_at: MaybeTime
  next_at: MaybeTime
}

export interface SourcePageRow {
  source: string
  url: string
  turn: number
  state: 'waiting' | 'done' | 'same' | 'failed'
  error: Json<Failure>
  document: Optional<string | null>
}

export type KnowledgeTables = {
  'knowledge.erased': { message: string; at: WrittenOnce<Date> }
  'knowledge.collection': CollectionRow
  'knowledge.document': DocumentRow
  'knowledge.page': PageRow
  'knowledge.chunk': ChunkRow
  'knowledge.vector': VectorRow
  'knowledge.embedded': EmbeddedRow
  'knowledge.sketch_band': { document: string; collection: string; band: string }
  'knowledge.source': SourceRow
  'knowledge.source_page': SourcePageRow
}
