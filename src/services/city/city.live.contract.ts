import { z } from 'zod'
import { numberedFrames } from './log.contract.ts'
import { NewMessage } from './messages.contract.ts'
import { Presence } from './presence.contract.ts'

/** The last number seen; 0 for everything, nothing for from now on. */
const After = z.number().int().min(0).optional()

/** What a client sends on `GET /api/city/live`, one JSON object a frame. A room is named by id or slug. */
export const ClientFrame = z.discriminatedUnion('type', [
  /** One room, or many at once. */
  z
    .object({
      type: z.literal('subscribe'),
      room: z.string().optional(),
      after: After,
      rooms: z
        .array(z.object({ room: z.string(), after: After }))
        .min(1)
        .max(500)
        .optional(),
    })
    .refine(({ room, rooms }) => (room === undefined) !== (rooms === undefined), '`room` or `rooms`'),
  z.object({ type: z.literal('unsubscribe'), room: z.string() }),
  NewMessage.extend({ type: z.literal('send'), room: z.string() }),
  z.object({ type: z.literal('typing'), room: z.string() }),
  z.object({ type: z.literal('read'), room: z.string(), seq: z.number().int().min(0) }),
  /** At each change, and once a minute: whoever says nothing for longer is gone. `room` is the one before their eyes. */
  z.object({ type: z.literal('presence'), state: z.enum(['here', 'away']), room: z.string().nullish() }),
])
export type ClientFrame = z.infer<typeof ClientFrame>

const numbered = { room: z.string(), seq: z.number().int() }

/** What the city sends. Frames with `seq` are a room's log: in order, without a gap, each once. The others carry no number. Whoever reads ignores types it does not know. */
export const ServerFrame = z.discriminatedUnion('type', [
  ...numberedFrames,
  /** What came after `after` has been sent; from here on it streams. `asked` is the room as the client named it. */
  z.object({ type: z.literal('subscribed'), ...numbered, asked: z.string() }),
  /** One may no longer read it, or it is no longer there: nothing of it comes any more. */
  z.object({ type: z.literal('unsubscribed'), room: z.string() }),
  /** Too much came in between: read the messages anew; the stream goes on after `seq`. */
  z.object({ type: z.literal('resync'), ...numbered }),
  z.object({
    type: z.literal('ack'),
    clientId: z.string(),
    room: z.string(),
    id: z.string(),
    seq: z.number(),
  }),
  z.object({
    type: z.literal('error'),
    code: z.string(),
    kind: z.string(),
    message: z.string(),
    params: z.record(z.string(), z.union([z.string(), z.number()])),
    /** The room as the client named it. */
    room: z.string().optional(),
    clientId: z.string().optional(),
  }),
  z.object({
    type: z.literal('delta'),
    room: z.string(),
    run: z.string(),
    offset: z.number().int(),
    text: z.string(),
  }),
  z.object({
    type: z.literal('run'),
    room: z.string(),
    run: z.string(),
    state: z.string(),
    step: z.string(),
  }),
  z.object({
    type: z.literal('progress'),
    room: z.string(),
    message: z.string(),
    index: z.number().int(),
    done: z.number(),
    total: z.number(),
  }),
  /** How far a job of one's own is; whoever shows it asks anew where it has ended. */
  z.object({ type: z.literal('job'), id: z.string(), state: z.string(), progress: z.number() }),
  /** One marked a room unread from after a number, on some page of one's own. */
  z.object({ type: z.literal('unread'), ...numbered }),
  /** How much one is told of and has not seen; sent when that changes. */
  z.object({ type: z.literal('notifications'), unread: z.number().int() }),
  z.object({ type: z.literal('typing'), room: z.string(), principal: z.string(), name: z.string() }),
  z.object({ type: z.literal('read'), room: z.string(), principal: z.string(), seq: z.number().int() }),
  /** What of a room changed, without a number: what it says of itself, who is in it, who asks to come in, what it is to the reader. Whoever shows that asks for it anew. */
  z.object({
    type: z.literal('room'),
    room: z.string(),
    change: z.enum(['about', 'members', 'requests', 'mine']),
  }),
  /** What waits for the moderators changed; whoever shows how much asks anew. */
  z.object({ type: z.literal('reports') }),
  /** Who changed, people and agents alike, some at a time; the first one, the answer to one's own first report, tells of all. `more`: they are too many to be told; ask `/api/city/presence` for those you show. */
  z.object({ type: z.literal('presence'), people: z.array(Presence), more: z.boolean().optional() }),
])
export type ServerFrame = z.infer<typeof ServerFrame>
