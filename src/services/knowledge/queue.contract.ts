import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'

/** A document that waits or failed, as whoever runs the city sees it: nothing of what it is called or says. */
export const QueuedDocument = z.object({
  document: z.string(),
  state: z.enum(['pending', 'failed']),
  mime: z.string(),
  sizeBytes: z.number().int(),
  createdAt: z.iso.datetime(),
  pages: z.object({ done: z.number().int(), total: z.number().int().nullable() }),
  error: Failure.optional(),
})
export type QueuedDocument = z.infer<typeof QueuedDocument>

/** What the operators see of the work of taking documents in. */
export const queueOperations = {
  queue: get('/api/knowledge/queue', {
    right: 'knowledge.queue.read',
    summary: 'Documents that wait to be read or failed, the newest first',
    access: 'operator',
    input: z.object({
      state: QueuedDocument.shape.state.optional(),
      limit: z.number().int().min(1).max(200).default(50),
      after: z.string().optional(),
    }),
    output: z.object({
      waiting: z.number().int(),
      failed: z.number().int(),
      items: z.array(QueuedDocument),
      next: z.string().optional(),
    }),
  }),
  retryQueued: post('/api/knowledge/queue/:document/retry', {
    right: 'knowledge.queue.change',
    summary: 'Read a failed document again',
    access: 'operator',
    input: z.object({ document: z.string() }),
    output: z.object({ done: z.literal(true) }),
    errors: ['conflict'],
  }),
}
