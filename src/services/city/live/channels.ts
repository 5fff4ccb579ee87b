import { z } from 'zod'
import { channel } from '../../../kernel/event.ts'

/** A room's log grew to `seq`: every process reads on from where it is. */
export const roomEvent = channel('city.room_event', z.object({ room: z.string(), seq: z.number().int() }))

/** Something without a number for whoever follows a room now: typing, presence, a read mark. */
export const signal = channel(
  'city.signal',
  z.object({ room: z.string(), frame: z.looseObject({ type: z.string() }) }),
)

/** What somebody is in a room changed: their open sockets are looked at again. */
export const accessChanged = channel(
  'city.access_changed',
  z.object({ room: z.string(), principal: z.string() }),
)
