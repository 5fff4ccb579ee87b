import { z } from 'zod'
import { channel, event } from '../../kernel/event.ts'
import { PartOutcome } from '../city/messages.contract.ts'
import { JOB_TYPES, JobState } from './jobs.contract.ts'

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

/** Somebody wants long work done. */
export const jobQueued = event(
  'multimodal.job_queued',
  1,
  z.object({ job: z.string(), type: z.enum(JOB_TYPES) }),
)

/** A job with a webhook is over, and its owner is to be told; `attempt` from 1. */
export const webhookDue = event(
  'multimodal.webhook_due',
  1,
  z.object({ job: z.string(), attempt: z.number().int() }),
)

/** A job of somebody's is another than before; those who watch it look again. */
export const jobChanged = channel(
  'multimodal.job_changed',
  z.object({
    job: z.string(),
    cancelled: z.boolean(),
    /** How it is now, for its owner; absent where a process of an older release tells. */
    now: z.object({ owner: z.string(), state: JobState, progress: z.number() }).optional(),
  }),
)
