import { z } from 'zod'
import { Failure } from '../../kernel/errors.ts'
import { event } from '../../kernel/event.ts'

/** A call could not be brought to its agent, for good: nothing will answer unless a person tries again. */
export const callFailed = event(
  'router.call_failed',
  1,
  z.object({
    run: z.string(),
    room: z.string(),
    message: z.string(),
    error: Failure,
  }),
)
