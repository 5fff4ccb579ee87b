import { z } from 'zod'
import { del, get, patch, post } from '../../kernel/contract.ts'
import { Document } from './documents.contract.ts'

/** Documents read under one right: a person's own, a room's, or a community's. */
export const Collection = z.object({
  id: z.string(),
  /** Empty for a room's that nobody named: it is called as the room is. */
  name: z.string(),
  /** Whose it is; null for a room's or a community's. */
  owner: z.string().nullable(),
  room: z.string().nullable(),
  community: z.string().nullable(),
  createdAt: z.iso.datetime(),
  /** Without what newer versions replaced. */
  documents: z.object({ total: z.number().int(), pending: z.number().int(), failed: z.number().int() }),
})
export type Collection = z.infer<typeof Collection>

const Name = z.string().trim().min(1).max(120)
/** The id of a community, as whoever runs communities gives it. */
const Community = z.string().trim().min(1).max(120)
const inCollection = z.object({ collection: z.string() })
const done = z.object({ done: z.literal(true) })

/** What the routes beside the operations ask for: the upload of a document, and its original bytes. */
export const DOCUMENT_RIGHTS = {
  upload: 'knowledge.document.post',
  download: 'knowledge.document.read',
} as const

/** Collections and the documents brought into them. */
export const collectionOperations = {
  collections: get('/api/knowledge/collections', {
    right: 'knowledge.collection.read',
    summary: 'My own collections and those of the rooms and communities I may read, newest first',
    input: z.object({
      /** Of this room alone. */
      room: z.string().optional(),
      limit: z.number().int().min(1).max(200).default(50),
      after: z.string().optional(),
    }),
    output: z.object({ items: z.array(Collection), next: z.string().optional() }),
  }),
  makeCollection: post('/api/knowledge/collections', {
    right: 'knowledge.collection.open',
    summary:
      'Make a collection of my own; with a room, that room’s, which there is once; with a community, one of that community',
    status: 201,
    input: z
      .object({ name: Name, room: z.string().optional(), community: Community.optional() })
      .refine(({ room, community }) => room === undefined || community === undefined, {
        path: ['community'],
      }),
    output: Collection,
    errors: ['not_found', 'forbidden', 'conflict'],
  }),
  collection: get('/api/knowledge/collections/:collection', {
    right: 'knowledge.collection.read',
    summary: 'One collection',
    input: inCollection,
    output: Collection,
  }),
  renameCollection: patch('/api/knowledge/collections/:collection', {
    right: 'knowledge.collection.change',
    summary: 'Rename a collection',
    input: inCollection.extend({ name: Name }),
    output: Collection,
    errors: ['forbidden'],
  }),
  removeCollection: del('/api/knowledge/collections/:collection', {
    right: 'knowledge.collection.remove',
    summary: 'Remove a collection of my own, or of a community I keep, with everything in it',
    input: inCollection,
    output: done,
    errors: ['forbidden', 'conflict'],
  }),
  collectionDocuments: get('/api/knowledge/collections/:collection/documents', {
    right: 'knowledge.document.read',
    summary: 'The documents of a collection, newest first',
    input: inCollection.extend({
      state: Document.shape.state.optional(),
      /** Also what newer versions replaced. */
      older: z.boolean().default(false),
      limit: z.number().int().min(1).max(200).default(50),
      after: z.string().optional(),
    }),
    output: z.object({ items: z.array(Document), next: z.string().optional() }),
  }),
  retryDocument: post('/api/knowledge/documents/:document/retry', {
    right: 'knowledge.document.change',
    summary: 'Read a document again that failed, or the pages of it that did',
    input: z.object({ document: z.string() }),
    output: Document,
    errors: ['forbidden', 'conflict'],
  }),
  removeDocument: del('/api/knowledge/documents/:document', {
    right: 'knowledge.document.remove',
    summary:
      'Remove a document that was brought into a collection; one posted in a room goes with its message',
    input: z.object({ document: z.string() }),
    output: done,
    errors: ['forbidden', 'conflict'],
  }),
}
