import { z } from 'zod'
import { CalledRun, Message, NewMessage, Part } from './messages.contract.ts'

/** What a client sends on `GET /api/city/live`, one JSON object a frame. A room is named by id or slug. */
export const ClientFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('subscribe'),
    room: z.string(),
    /** The last number seen; 0 for everything, nothing for from now on. */
    after: z.number().int().min(0).optional(),
  }),
  z.object({ type: z.literal('unsubscribe'), room: z.string() }),
  NewMessage.extend({ type: z.literal('send'), room: z.string() }),
  z.object({ type: z.literal('typing'), room: z.string() }),
  z.object({ type: z.literal('read'), room: z.string(), seq: z.number().int().min(0) }),
  z.object({ type: z.literal('presence'), state: z.enum(['here', 'away']) }),
])
export type ClientFrame = z.infer<typeof ClientFrame>

const numbered = { room: z.string(), seq: z.number().int() }

/** What the city sends. Frames with `seq` are a room's log: in order, without a gap, each once. The others carry no number. Whoever reads ignores types it does not know. */
export const ServerFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message'), ...numbered, message: Message }),
  z.object({
    type: z.literal('part'),
    ...numbered,
    message: z.string(),
    index: z.number().int(),
    part: Part,
  }),
  z.object({ type: z.literal('runs'), ...numbered, message: z.string(), runs: z.array(CalledRun) }),
  /** What came after `after` has been sent; from here on it streams. `asked` is the room as the client named it. */
  z.object({ type: z.literal('subscribed'), ...numbered, asked: z.string() }),
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
  z.object({ type: z.literal('typing'), room: z.string(), principal: z.string(), name: z.string() }),
  z.object({ type: z.literal('read'), room: z.string(), principal: z.string(), seq: z.number().int() }),
  z.object({
    type: z.literal('presence'),
    room: z.string(),
    principal: z.string(),
    name: z.string(),
    state: z.enum(['here', 'away', 'gone']),
  }),
])
export type ServerFrame = z.infer<typeof ServerFrame>
