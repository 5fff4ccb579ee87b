import { z } from 'zod'
import { Failure } from '../../kernel/errors.ts'
import { PageCounts } from '../city/messages.contract.ts'

export const PageState = z.enum(['waiting', 'read', 'ocr', 'empty', 'failed'])
export type PageState = z.infer<typeof PageState>

/** Where in a document a page stands, as a person would name it: sheet Бюджет, slide 3, the heading of a section. */
export const DocumentPlace = z.object({
  kind: z.enum(['page', 'sheet', 'slide', 'section', 'message', 'entry']),
  label: z.string(),
})
export type DocumentPlace = z.infer<typeof DocumentPlace>

export const Document = z.object({
  id: z.string(),
  collection: z.string(),
  room: z.string().nullable(),
  title: z.string(),
  mime: z.string(),
  sizeBytes: z.number().int(),
  state: z.enum(['pending', 'done', 'failed']),
  /** Why it failed. */
  error: Failure.optional(),
  createdAt: z.iso.datetime(),
  pages: PageCounts,
  /** The city file it came from, to open or download the original. */
  file: z.string().nullable(),
  /** The address it was read at. */
  url: z.string().nullable(),
  /** Who brought it; null where it was only posted in the room. */
  addedBy: z.string().nullable(),
  /** From 1, among documents of the same name or address. */
  version: z.number().int(),
  /** The newer version in its place. */
  replacedBy: z.string().nullable(),
  /** An older document that says nearly the same, and the share that is the same (0…1). */
  near: z.object({ document: z.string(), title: z.string(), share: z.number() }).nullable(),
})
export type Document = z.infer<typeof Document>

export const DocumentPage = z.object({
  number: z.number().int(),
  state: PageState,
  text: z.string(),
  place: DocumentPlace.nullable(),
  /** The text with its headings, lists and tables; absent where it has none. */
  markdown: z.string().optional(),
  /** Why it failed: a code of the catalogue of errors, such as `page.illegible`. */
  error: z.string().optional(),
})
export type DocumentPage = z.infer<typeof DocumentPage>
