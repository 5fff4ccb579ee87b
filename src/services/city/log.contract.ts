import { z } from 'zod'
import { get } from '../../kernel/contract.ts'
import { CalledRun, Message, Part, Poll, Reaction, ThreadSummary } from './messages.contract.ts'

const numbered = { room: z.string(), seq: z.number().int() }
const about = { ...numbered, message: z.string() }

/** The frames of a room's log. Each shows what it is about as that stands when it is sent; nobody in particular is told, so what is the reader's own (`mine`, `unread`) is absent. */
export const numberedFrames = [
  z.object({ type: z.literal('message'), ...numbered, message: Message }),
  z.object({ type: z.literal('part'), ...about, index: z.number().int(), part: Part }),
  z.object({ type: z.literal('runs'), ...about, runs: z.array(CalledRun) }),
  z.object({ type: z.literal('edited'), ...numbered, message: Message }),
  z.object({ type: z.literal('deleted'), ...numbered, message: Message }),
  z.object({
    type: z.literal('reaction'),
    ...about,
    reactions: z.array(Reaction),
    /** Who did what: added or took back which emoji. */
    by: z.string(),
    emoji: z.string(),
    on: z.boolean(),
  }),
  z.object({ type: z.literal('pinned'), ...about, pinned: Message.shape.pinned.unwrap().nullable() }),
  z.object({ type: z.literal('poll'), ...about, poll: Poll }),
  z.object({ type: z.literal('thread'), ...about, replies: ThreadSummary.nullable() }),
] as const

export const NumberedFrame = z.discriminatedUnion('type', numberedFrames)
export type NumberedFrame = z.infer<typeof NumberedFrame>

/** The log itself, for programs without a socket. */
export const logOperations = {
  events: get('/api/city/rooms/:room/events', {
    right: 'city.message.read',
    summary: 'What the socket would have sent after a number, in order; `seq` is the number to go on after',
    input: z.object({
      room: z.string(),
      after: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(500).default(200),
    }),
    output: z.object({ items: z.array(NumberedFrame), seq: z.number().int(), more: z.boolean() }),
  }),
}
