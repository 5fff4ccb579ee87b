import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { collectionOperations } from './collections.contract.ts'
import { Document, DocumentPage, DocumentPlace } from './documents.contract.ts'
import { gatheringOperations } from './gathering.contract.ts'
import { queueOperations } from './queue.contract.ts'
import { sourceOperations } from './sources.contract.ts'

export const Passage = z.object({
  document: z.string(),
  collection: z.string(),
  title: z.string(),
  page: z.number().int(),
  place: DocumentPlace.nullable(),
  /** Neighbouring passages of a page are joined. */
  text: z.string(),
  /** Blended rank, higher is nearer; comparable within one answer only. */
  score: z.number(),
  /** Its place, from 1, in each way of looking that found it. */
  why: z.object({
    words: z.number().int().optional(),
    meaning: z.number().int().optional(),
    rerank: z.number().int().optional(),
  }),
})
export type Passage = z.infer<typeof Passage>

/** Pages that could not be read, and so were not searched. */
const Unread = z.object({ document: z.string(), title: z.string(), pages: z.array(z.number().int()) })

export const PassageFilter = z.object({
  documents: z.array(z.string()).min(1).max(100).optional(),
  mime: z.array(z.string().max(200)).min(1).max(20).optional(),
  /** Brought in at this time or later; before this time. */
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  /** Also what newer versions replaced. */
  older: z.boolean().default(false),
})
export type PassageFilter = z.output<typeof PassageFilter>

const Query = z.string().min(1).max(2_000)
/** Where to look; all that the asker may read where neither is said. */
const where = {
  collections: z.array(z.string()).min(1).max(100).optional(),
  rooms: z.array(z.string()).min(1).max(100).optional(),
}
const inDocument = z.object({ document: z.string() })

/** How much of what was asked about an answer rests on. */
export const Coverage = z.object({
  documents: z.number().int(),
  pagesRead: z.number().int(),
  pagesUnread: z.number().int(),
  /** Passages that lie before whoever answers. */
  passages: z.number().int(),
  /** Passages and documents that hold all the words of the question. */
  matching: z.object({ passages: z.number().int(), documents: z.number().int() }),
})
export type Coverage = z.infer<typeof Coverage>

export const knowledgeContract = {
  ...collectionOperations,
  ...gatheringOperations,
  ...sourceOperations,
  ...queueOperations,
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
    output: Document.extend({ ledger: z.array(DocumentPage.omit({ text: true, markdown: true })) }),
  }),
  page: get('/api/knowledge/documents/:document/pages/:page', {
    right: 'knowledge.document.read',
    summary: 'One page as it was read, from 1',
    input: inDocument.extend({ page: z.coerce.number().int().min(1) }),
    output: DocumentPage.extend({ document: z.string(), title: z.string(), total: z.number().int() }),
  }),
  search: post('/api/knowledge/search', {
    right: 'knowledge.passage.read',
    summary: 'The nearest passages, by words and meaning, of what the asker may read now',
    input: z.object({
      query: Query,
      ...where,
      documents: z.array(z.string()).max(100).optional(),
      filter: PassageFilter.optional(),
      limit: z.number().int().min(1).max(50).default(8),
    }),
    output: z.object({
      items: z.array(Passage),
      /** What ranked: the words, and which embedding and reranker. */
      engine: z.string(),
      unread: z.array(Unread),
    }),
  }),
  answer: post('/api/knowledge/answer', {
    right: 'knowledge.answer.post',
    summary:
      'An answer from the documents that cites them; who counts or lists is told what was read and what was not',
    input: z.object({ query: Query, ...where, filter: PassageFilter.optional() }),
    output: z.object({
      /** With `[n]` for the sources. */
      text: z.string(),
      model: z.string(),
      citations: z.array(
        z.object({
          n: z.number().int(),
          document: z.string(),
          title: z.string(),
          page: z.number().int(),
          place: DocumentPlace.nullable(),
          quote: z.string(),
        }),
      ),
      coverage: Coverage,
      unread: z.array(Unread),
    }),
    errors: ['upstream', 'unavailable', 'rate_limited', 'timeout'],
  }),
  passages: post('/api/knowledge/passages', {
    right: 'knowledge.passage.read',
    summary: 'The nearest passages of these rooms; who may read them is the calling service’s care',
    access: 'service',
    input: z.object({
      query: Query,
      rooms: z.array(z.string()).min(1).max(100),
      limit: z.number().int().min(1).max(50).default(8),
    }),
    output: z.object({ items: z.array(Passage) }),
  }),
}
