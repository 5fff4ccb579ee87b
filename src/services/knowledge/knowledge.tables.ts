import type { ColumnType } from 'kysely'
import type { Failure } from '../../kernel/errors.ts'
import type { Document, PageState } from './knowledge.contract.ts'

type WrittenOnce<T, W = string> = ColumnType<T, W, never>

export interface CollectionRow {
  id: string
  room: string | null
  community_id: string | null
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
  /** JSON: written as text, read as a value. */
  error: ColumnType<Failure | null, string | null | undefined, string | null>
  created_at: WrittenOnce<Date>
  /** When it was last posted. */
  cited_at: ColumnType<Date | null, string | null | undefined, string | null>
}

export interface PageRow {
  document: string
  number: number
  state: Exclude<PageState, 'waiting'>
  text: string
  error: string | null
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
  /** A tsvector, written in its own notation. */
  words: string
}

export interface VectorRow {
  chunk: string
  model: string
  document: string
  collection: string
  /** A vector, written in its own notation. */
  embedding: string
}

export interface EmbeddedRow {
  document: string
  model: string
  state: 'queued' | 'done'
}

export type KnowledgeTables = {
  'knowledge.erased': { message: string; at: WrittenOnce<Date> }
  'knowledge.collection': CollectionRow
  'knowledge.document': DocumentRow
  'knowledge.page': PageRow
  'knowledge.chunk': ChunkRow
  'knowledge.vector': VectorRow
  'knowledge.embedded': EmbeddedRow
}
