import { z } from 'zod'
import { channel } from '../../../kernel/event.ts'

/** A room's log grew to `seq`: every process reads on from where it is. */
export const roomEvent = channel('city.room_event', z.object({ room: z.string(), seq: z.number().int() }))

/** Something without a number for whoever follows a room now: typing, a read mark. With `only`, for nobody's sockets but theirs. */
export const signal = channel(
  'city.signal',
  z.object({
    room: z.string(),
    frame: z.looseObject({ type: z.string() }),
    only: z.string().optional(),
  }),
)

/** What somebody is in a room changed, or what the room is to everybody where no principal is named (made private, taken away): the sockets that follow it are looked at again, and those that may no longer read it are told `unsubscribed`. */
export const accessChanged = channel(
  'city.access_changed',
  z.object({ room: z.string(), principal: z.string().optional() }),
)

/** More or less waits for these, who keep a room, and for those who run the city. */
export const queueChanged = channel('city.queue_changed', z.object({ people: z.array(z.string()) }))

/** What changed in one process's people since its last word; with nobody in it, a sign that it lives. `version` counts its words; `bye` is the last one. */
export const presenceChanged = channel(
  'city.presence_changed',
  z.object({
    process: z.string(),
    version: z.number().int(),
    people: z.array(z.tuple([z.string(), z.enum(['here', 'away', 'gone']), z.string().nullable()])),
    bye: z.boolean().optional(),
  }),
)

/** Something without a number for all pages of one principal, whichever rooms they follow. */
export const personal = channel(
  'city.personal',
  z.object({ principal: z.string(), frame: z.looseObject({ type: z.string() }) }),
)
