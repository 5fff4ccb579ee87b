import { z } from 'zod'
import { del, get, patch, post, put } from '../../kernel/contract.ts'
import { Author } from './messages.contract.ts'

export const ReplyPolicy = z.object({
  mode: z.enum(['off', 'mentioned', 'all']),
  /** Slugs of agents. */
  agents: z.array(z.string().max(64)).max(20),
})
export type ReplyPolicy = z.infer<typeof ReplyPolicy>

/** Who may read a room: every resident, whoever belongs to its community, its members, or the two to eight of a talk. */
export const Visibility = z.enum(['public', 'community', 'private', 'direct'])
export type Visibility = z.infer<typeof Visibility>

/** What somebody is in a room. Ordered: each may do what the next one may. A guest reads and stays silent. */
export const Membership = z.enum(['owner', 'moderator', 'member', 'guest'])
export type Membership = z.infer<typeof Membership>

/** How one comes in: by oneself, by asking (such a room stands in the directory), or only invited (it stands nowhere). */
export const Joining = z.enum(['open', 'request', 'invited'])
export type Joining = z.infer<typeof Joining>

/** What of a room tells its member: everything, what calls them or answers them, nothing. */
export const Notify = z.enum(['all', 'mentions', 'none'])
export type Notify = z.infer<typeof Notify>

export const Room = z.object({
  id: z.string(),
  slug: z.string(),
  /** Of a talk: the names of the others in it. */
  name: z.string(),
  topic: z.string(),
  /** A file’s id. */
  picture: z.string().nullable(),
  visibility: Visibility,
  joining: Joining,
  community: z.string().nullable(),
  replyPolicy: ReplyPolicy,
  createdAt: z.iso.datetime(),
  /** Since when it is only read; null while it is open. */
  archivedAt: z.iso.datetime().nullable(),
  /** The number of its last event; 0 for an empty room. */
  seq: z.number().int(),
  /** How far the asker has read, and how many messages of others came after that. */
  readSeq: z.number().int(),
  unread: z.number().int(),
  /** How many of the unread call the asker or answer them. */
  mentions: z.number().int(),
  membership: Membership.nullable(),
  /** The others in a talk; empty for any other room. */
  people: z.array(Author),
  favourite: z.boolean(),
  /** Its place in the asker’s own order; null where they set none. */
  position: z.number().int().nullable(),
  notify: Notify,
})
export type Room = z.infer<typeof Room>

/** A room as the directory shows it to whoever may come in, be in it, or ask. */
export const ListedRoom = Room.pick({
  id: true,
  slug: true,
  name: true,
  topic: true,
  picture: true,
  visibility: true,
  joining: true,
  archivedAt: true,
  membership: true,
}).extend({
  /** How many belong to it. */
  members: z.number().int(),
  /** Whether the asker’s request waits. */
  asked: z.boolean(),
})
export type ListedRoom = z.infer<typeof ListedRoom>

const Name = z.string().trim().min(1).max(80)
const Topic = z.string().trim().max(300)
const Slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
const inRoom = z.object({ room: z.string() })

/** Rooms, who belongs to them, and how far they are read. */
export const roomOperations = {
  rooms: get('/api/city/rooms', {
    right: 'city.room.read',
    summary: 'The rooms I may enter',
    input: z.object({
      limit: z.number().int().min(1).max(200).default(50),
      after: z.string().optional(),
      /** The archived ones instead of the open ones. */
      archived: z.boolean().default(false),
    }),
    output: z.object({ items: z.array(Room), next: z.string().optional() }),
  }),
  directory: get('/api/city/directory', {
    right: 'city.room.read',
    summary:
      'Rooms to find: open ones, those one may ask to join, and one’s own, by words of their names and topics',
    input: z.object({
      q: z.string().max(200).default(''),
      limit: z.number().int().min(1).max(100).default(30),
      /** `next` of the page before. */
      after: z.string().max(1000).optional(),
      archived: z.boolean().default(false),
    }),
    output: z.object({ items: z.array(ListedRoom), next: z.string().optional() }),
  }),
  openRoom: post('/api/city/rooms', {
    right: 'city.room.open',
    summary: 'Open a room',
    status: 201,
    input: z.object({
      name: Name,
      topic: Topic.default(''),
      slug: Slug.optional(),
      visibility: Visibility.extract(['public', 'private']).default('private'),
      /** Of a private room; a public one is open. */
      joining: Joining.extract(['request', 'invited']).default('invited'),
      replyPolicy: ReplyPolicy.default({ mode: 'mentioned', agents: ['daarwizz'] }),
    }),
    output: Room,
    errors: ['conflict'],
  }),
  openTalk: post('/api/city/talks', {
    right: 'city.room.open',
    summary: 'The talk of these people and me: two to eight together; the same people, the same talk',
    input: z.object({ people: z.array(z.string().max(200)).min(1).max(7) }),
    output: Room,
    errors: ['not_found', 'invalid'],
  }),
  room: get('/api/city/rooms/:room', {
    right: 'city.room.read',
    summary: 'A room, by id or slug',
    input: inRoom,
    output: Room,
  }),
  changeRoom: patch('/api/city/rooms/:room', {
    right: 'city.room.change',
    summary:
      'Change what a room says of itself, who may come in, when agents answer, and whether it is archived',
    input: inRoom.extend({
      name: Name.optional(),
      topic: Topic.optional(),
      /** An image’s file id; null for none. */
      picture: z.string().max(200).nullish(),
      joining: Joining.extract(['request', 'invited']).optional(),
      replyPolicy: ReplyPolicy.optional(),
      archived: z.boolean().optional(),
    }),
    output: Room,
    errors: ['forbidden', 'conflict', 'invalid'],
  }),
  preferRoom: patch('/api/city/rooms/:room/mine', {
    right: 'city.preference.change',
    summary: 'Keep a room among my favourites, and say what of it tells me',
    input: inRoom.extend({ favourite: z.boolean().optional(), notify: Notify.optional() }),
    output: Room,
  }),
  orderRooms: put('/api/city/order', {
    right: 'city.preference.change',
    summary: 'Set my own order of rooms; those not named lose their place',
    input: z.object({ rooms: z.array(z.string().max(200)).max(500) }),
    output: z.object({ done: z.literal(true) }),
  }),
  members: get('/api/city/rooms/:room/members', {
    right: 'city.member.read',
    summary: 'Who belongs to a room',
    input: inRoom,
    output: z.object({ items: z.array(Author.extend({ membership: Membership })) }),
  }),
  addMember: post('/api/city/rooms/:room/members', {
    right: 'city.member.open',
    summary: 'Let a resident into a private room',
    status: 201,
    input: inRoom.extend({ principal: z.string() }),
    output: z.object({ done: z.literal(true) }),
    errors: ['forbidden', 'conflict'],
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
