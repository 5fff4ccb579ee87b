import { z } from 'zod'
import { event } from '../../kernel/event.ts'

/** A call could not be brought to its agent, for good: nothing will answer unless a person tries again. */
export const callFailed = event(
  'router.call_failed',
  1,
  z.object({
    run: z.string(),
    room: z.string(),
    message: z.string(),
    error: z.object({
      kind: z.string(),
      code: z.string(),
      message: z.string(),
      params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    }),
  }),
)
