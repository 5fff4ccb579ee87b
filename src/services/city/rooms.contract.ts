import { z } from 'zod'
import { del, get, patch, post } from '../../kernel/contract.ts'
import { Author } from './messages.contract.ts'

export const ReplyPolicy = z.object({
  mode: z.enum(['off', 'mentioned', 'all']),
  /** Slugs of agents. */
  agents: z.array(z.string().max(64)).max(20),
})
export type ReplyPolicy = z.infer<typeof ReplyPolicy>

export const Room = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  visibility: z.enum(['public', 'private', 'direct']),
  replyPolicy: ReplyPolicy,
  createdAt: z.iso.datetime(),
  /** The number of its last event; 0 for an empty room. */
  seq: z.number().int(),
  /** How far the asker has read, and how many messages of others came after that. */
  readSeq: z.number().int(),
  unread: z.number().int(),
  membership: z.enum(['owner', 'member']).nullable(),
})
export type Room = z.infer<typeof Room>

const Slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
const inRoom = z.object({ room: z.string() })

/** Rooms, who belongs to them, and how far they are read. */
export const roomOperations = {
  rooms: get('/api/city/rooms', {
    right: 'city.room.read',
    summary: 'The rooms I may enter',
    input: z.object({ limit: z.number().int().min(1).max(200).default(50), after: z.string().optional() }),
    output: z.object({ items: z.array(Room), next: z.string().optional() }),
  }),
  openRoom: post('/api/city/rooms', {
    right: 'city.room.open',
    summary: 'Open a room',
    status: 201,
    input: z.object({
      name: z.string().trim().min(1).max(80),
      slug: Slug.optional(),
      visibility: z.enum(['public', 'private']).default('private'),
      replyPolicy: ReplyPolicy.default({ mode: 'mentioned', agents: ['daarwizz'] }),
    }),
    output: Room,
    errors: ['conflict'],
  }),
  room: get('/api/city/rooms/:room', {
    right: 'city.room.read',
    summary: 'A room, by id or slug',
    input: inRoom,
    output: Room,
  }),
  changeRoom: patch('/api/city/rooms/:room', {
    right: 'city.room.change',
    summary: 'Rename a room or change when agents answer in it',
    input: inRoom.extend({
      name: z.string().trim().min(1).max(80).optional(),
      replyPolicy: ReplyPolicy.optional(),
    }),
    output: Room,
    errors: ['forbidden'],
  }),
  members: get('/api/city/rooms/:room/members', {
    right: 'city.member.read',
    summary: 'Who belongs to a room',
    input: inRoom,
    output: z.object({ items: z.array(Author.extend({ membership: z.enum(['owner', 'member']) })) }),
  }),
  addMember: post('/api/city/rooms/:room/members', {
    right: 'city.member.open',
    summary: 'Let a resident into a private room',
    status: 201,
    input: inRoom.extend({ principal: z.string() }),
    output: z.object({ done: z.literal(true) }),
    errors: ['forbidden'],
  }),
  leave: del('/api/city/rooms/:room/members/:principal', {
    right: 'city.member.remove',
    summary: 'Leave a room, or take a member out of it',
    input: inRoom.extend({ principal: z.string() }),
    output: z.object({ done: z.literal(true) }),
    errors: ['forbidden', 'conflict'],
  }),
  read: post('/api/city/rooms/:room/read', {
    right: 'city.mark.change',
    summary: 'Mark a room read up to a number',
    input: inRoom.extend({ seq: z.number().int().min(0) }),
    output: z.object({ readSeq: z.number().int() }),
  }),
  readable: post('/api/city/readable', {
    right: 'city.room.read',
    summary: 'Which of these rooms the asker may read',
    access: 'service',
    input: z.object({ rooms: z.array(z.string()).max(500) }),
    output: z.object({ rooms: z.array(z.string()) }),
  }),
}
