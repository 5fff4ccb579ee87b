import { z } from 'zod'
import { channel, event } from '../../kernel/event.ts'
import { PartOutcome } from '../city/messages.contract.ts'

const place = {
  room: z.string(),
  message: z.string(),
  index: z.number().int(),
}

/** A document posted in a room was taken in, or could not be: `outcome.error` says why. */
export const documentProcessed = event(
  'knowledge.document_processed',
  1,
  z.object({ ...place, attempt: z.number().int(), outcome: PartOutcome }),
)

/** Pages done so far. */
export const documentProgress = channel(
  'knowledge.document_progress',
  z.object({ ...place, done: z.number(), total: z.number() }),
)

/** A document wants to be embedded with a model. Of this service, to itself. */
export const reindexAsked = event(
  'knowledge.reindex_asked',
  1,
  z.object({ document: z.string(), model: z.string() }),
)

/** A document of a collection wants to be read. Of this service, to itself. */
export const documentAdded = event('knowledge.document_added', 1, z.object({ document: z.string() }))

/** A source wants to be read: its turn of this number. Of this service, to itself. */
export const sourceDue = event(
  'knowledge.source_due',
  1,
  z.object({ source: z.string(), turn: z.number().int() }),
)

/** One page of a site wants to be read. Of this service, to itself. */
export const sourcePageDue = event(
  'knowledge.source_page_due',
  1,
  z.object({ source: z.string(), turn: z.number().int(), url: z.string() }),
)
