import { z } from 'zod'
import { del, get, patch, post, put } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'
import { Message, NewMessage } from './messages.contract.ts'

const inRoom = z.object({ room: z.string() })
const Done = z.object({ done: z.literal(true) })
const paged = z.object({ limit: z.number().int().min(1).max(100).default(30), before: z.string().optional() })

/** A message with the room it stands in. */
export const Placed = z.object({
  message: Message,
  room: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
  /** When it was saved, or said. */
  at: z.iso.datetime(),
  /** Why it is in the list of mentions: by name, or everybody in the room, or everybody who was there. */
  mention: z.enum(['name', 'room', 'here']).optional(),
})
export type Placed = z.infer<typeof Placed>

const ScheduledBody = NewMessage.pick({ text: true, parts: true, replyTo: true, thread: true })

export const Scheduled = z.object({
  id: z.string(),
  room: z.string(),
  text: z.string(),
  parts: NewMessage.shape.parts.unwrap(),
  replyTo: z.string().nullish(),
  thread: z.string().nullish(),
  at: z.iso.datetime(),
  state: z.enum(['waiting', 'sending', 'failed']),
  error: Failure.optional(),
})
export type Scheduled = z.infer<typeof Scheduled>

export const Draft = z.object({ room: z.string(), text: z.string(), at: z.iso.datetime() })
export type Draft = z.infer<typeof Draft>

/** What lies on one’s own desk: nobody else sees it. */
export const deskOperations = {
  mentions: get('/api/city/mentions', {
    right: 'city.mention.read',
    summary: 'Where I was called, newest first; only what I may still read',
    input: paged,
    output: z.object({ items: z.array(Placed), next: z.string().optional() }),
  }),
  saved: get('/api/city/saved', {
    right: 'city.saved.read',
    summary: 'The messages I saved, the last saved first; only what I may still read',
    input: paged,
    output: z.object({ items: z.array(Placed), next: z.string().optional() }),
  }),
  save: put('/api/city/saved/:message', {
    right: 'city.saved.change',
    summary: 'Save a message for myself',
    input: z.object({ message: z.string() }),
    output: Done,
    errors: ['conflict'],
  }),
  unsave: del('/api/city/saved/:message', {
    right: 'city.saved.change',
    summary: 'Save a message no longer',
    input: z.object({ message: z.string() }),
    output: Done,
  }),
  unread: post('/api/city/rooms/:room/unread', {
    right: 'city.mark.change',
    summary: 'Mark a room unread from a number on',
    input: inRoom.extend({ seq: z.number().int().min(1) }),
    output: z.object({ readSeq: z.number().int() }),
  }),
  readThread: post('/api/city/messages/:message/read', {
    right: 'city.mark.change',
    summary: 'Mark a thread read up to a number, by its root',
    input: z.object({ message: z.string(), seq: z.number().int().min(0) }),
    output: z.object({ readSeq: z.number().int() }),
  }),
  schedule: post('/api/city/rooms/:room/scheduled', {
    right: 'city.message.post',
    summary: 'Say something later, once, at a time to come within a year',
    status: 201,
    input: inRoom.extend({ ...ScheduledBody.shape, at: z.iso.datetime() }),
    output: Scheduled,
    errors: ['forbidden', 'conflict', 'too_large'],
  }),
  scheduled: get('/api/city/scheduled', {
    right: 'city.scheduled.read',
    summary: 'What I shall say later, the next first',
    input: z.object({ room: z.string().optional() }),
    output: z.object({ items: z.array(Scheduled) }),
    errors: ['not_found'],
  }),
  reschedule: patch('/api/city/scheduled/:scheduled', {
    right: 'city.scheduled.change',
    summary: 'Change what is said later, or when',
    input: z.object({
      scheduled: z.string(),
      text: NewMessage.shape.text.unwrap().optional(),
      at: z.iso.datetime().optional(),
    }),
    output: Scheduled,
    errors: ['conflict', 'too_large'],
  }),
  unschedule: del('/api/city/scheduled/:scheduled', {
    right: 'city.scheduled.change',
    summary: 'Do not say it',
    input: z.object({ scheduled: z.string() }),
    output: Done,
    errors: ['conflict'],
  }),
  drafts: get('/api/city/drafts', {
    right: 'city.draft.read',
    summary: 'What I began in each room',
    input: z.object({}),
    output: z.object({ items: z.array(Draft) }),
  }),
  draft: put('/api/city/rooms/:room/draft', {
    right: 'city.draft.change',
    summary: 'Keep what I began in a room; nothing at all takes it away',
    input: inRoom.extend({ text: NewMessage.shape.text.unwrap() }),
    output: Done,
  }),
}
