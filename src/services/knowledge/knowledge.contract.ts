import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { PageCounts } from '../city/messages.contract.ts'

export const PageState = z.enum(['waiting', 'read', 'ocr', 'empty', 'failed'])
export type PageState = z.infer<typeof PageState>

export const Document = z.object({
  id: z.string(),
  room: z.string().nullable(),
  title: z.string(),
  mime: z.string(),
  sizeBytes: z.number().int(),
  state: z.enum(['pending', 'done', 'failed']),
  createdAt: z.iso.datetime(),
  pages: PageCounts,
  /** The city file it came from, to open or download the original. */
  file: z.string().nullable(),
})
export type Document = z.infer<typeof Document>

export const DocumentPage = z.object({
  number: z.number().int(),
  state: PageState,
  text: z.string(),
  /** Why it failed: a code of the catalogue of errors, such as `page.illegible`. */
  error: z.string().optional(),
})
export type DocumentPage = z.infer<typeof DocumentPage>

export const Passage = z.object({
  document: z.string(),
  title: z.string(),
  page: z.number().int(),
  text: z.string(),
  /** Blended rank, higher is nearer; comparable within one answer only. */
  score: z.number(),
})
export type Passage = z.infer<typeof Passage>

const inDocument = z.object({ document: z.string() })

export const knowledgeContract = {
  documents: get('/api/knowledge/documents', {
    right: 'knowledge.document.read',
    summary: 'The documents of a room',
    input: z.object({
      room: z.string(),
      limit: z.number().int().min(1).max(200).default(50),
      after: z.string().optional(),
    }),
    output: z.object({ items: z.array(Document), next: z.string().optional() }),
    errors: ['not_found'],
  }),
  document: get('/api/knowledge/documents/:document', {
    right: 'knowledge.document.read',
    summary: 'A document with its page ledger',
    input: inDocument,
    output: Document.extend({ ledger: z.array(DocumentPage.omit({ text: true })) }),
  }),
  page: get('/api/knowledge/documents/:document/pages/:page', {
    right: 'knowledge.document.read',
    summary: 'One page as it was read, from 1',
    input: inDocument.extend({ page: z.coerce.number().int().min(1) }),
    output: DocumentPage.extend({ document: z.string(), title: z.string(), total: z.number().int() }),
  }),
  search: post('/api/knowledge/search', {
    right: 'knowledge.passage.read',
    summary: 'The nearest passages, by words and meaning, of the rooms the asker may read',
    input: z.object({
      query: z.string().min(1).max(2_000),
      rooms: z.array(z.string()).min(1).max(100),
      documents: z.array(z.string()).max(100).optional(),
      limit: z.number().int().min(1).max(50).default(8),
    }),
    output: z.object({
      items: z.array(Passage),
      /** Which embedding ranked the meaning, and pages the search could not cover. */
      engine: z.string(),
      unread: z.array(
        z.object({ document: z.string(), title: z.string(), pages: z.array(z.number().int()) }),
      ),
    }),
  }),
  passages: post('/api/knowledge/passages', {
    right: 'knowledge.passage.read',
    summary: 'The nearest passages of these rooms; who may read them is the calling service’s care',
    access: 'service',
    input: z.object({
      query: z.string().min(1).max(2_000),
      rooms: z.array(z.string()).min(1).max(100),
      limit: z.number().int().min(1).max(50).default(8),
    }),
    output: z.object({ items: z.array(Passage) }),
  }),
}
