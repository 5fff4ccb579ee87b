import { z } from 'zod'
import { event } from '../../../kernel/event.ts'

/** One browser is to be woken for one notification. `waited`: it was put off while its person was not to be disturbed. */
export const pushDue = event(
  'city.push_due',
  1,
  z.object({ notification: z.string(), subscription: z.string(), waited: z.boolean() }),
)

/** The morning of somebody's digest has come. */
export const digestDue = event(
  'city.digest_due',
  1,
  z.object({ principal: z.string(), revision: z.number().int() }),
)
