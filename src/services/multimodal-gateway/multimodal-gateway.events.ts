import { z } from 'zod'
import { channel, event } from '../../kernel/event.ts'
import { PartOutcome } from '../city/messages.contract.ts'

/** A voice note was heard or an image read, or neither could be done: `outcome.error` says why. */
export const partProcessed = event(
  'multimodal.part_processed',
  1,
  z.object({
    room: z.string(),
    message: z.string(),
    index: z.number().int(),
    attempt: z.number().int(),
    outcome: PartOutcome,
  }),
)
export type PartProcessed = z.infer<typeof partProcessed.data>

/** How far the work on a part is. */
export const partProgress = channel(
  'multimodal.part_progress',
  z.object({
    room: z.string(),
    message: z.string(),
    index: z.number().int(),
    done: z.number(),
    total: z.number(),
  }),
)
