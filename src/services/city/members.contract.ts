import { z } from 'zod'
import { del, get, post, put } from '../../kernel/contract.ts'
import { Author } from './messages.contract.ts'
import { Membership, Room } from './rooms.contract.ts'

/** A request to come into a room, as its keepers see it. */
export const JoinRequest = z.object({
  person: Author,
  note: z.string(),
  askedAt: z.iso.datetime(),
})
export type JoinRequest = z.infer<typeof JoinRequest>

/** A link into a room. Its code is told once, when it is made. */
export const RoomInvitation = z.object({
  id: z.string(),
  role: Membership.extract(['member', 'guest']),
  uses: z.number().int(),
  maxUses: z.number().int(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})
export type RoomInvitation = z.infer<typeof RoomInvitation>

const inRoom = z.object({ room: z.string() })
const ofMember = inRoom.extend({ principal: z.string() })
const done = z.object({ done: z.literal(true) })
const Code = z.string().max(256)

/** How residents come into rooms, and what they are there. */
export const memberOperations = {
  setMember: put('/api/city/rooms/:room/members/:principal', {
    right: 'city.member.change',
    summary: 'Let somebody into a room as this, or change what they are in it',
    input: ofMember.extend({ role: Membership }),
    output: done,
    errors: ['forbidden', 'conflict'],
  }),
  handOver: post('/api/city/rooms/:room/owner', {
    right: 'city.member.change',
    summary: 'Make a member the owner in my place; I stay as a member',
    input: ofMember,
    output: done,
    errors: ['forbidden', 'conflict'],
  }),
  askToJoin: post('/api/city/rooms/:room/requests', {
    right: 'city.request.open',
    summary: 'Join an open room, or ask the keepers of a listed one to be let in',
    input: inRoom.extend({ note: z.string().trim().max(500).default('') }),
    output: z.object({ state: z.enum(['pending', 'accepted']) }),
    errors: ['conflict'],
  }),
  withdrawRequest: del('/api/city/rooms/:room/requests', {
    right: 'city.request.remove',
    summary: 'Take back my request',
    input: inRoom,
    output: done,
    errors: ['conflict'],
  }),
  joinRequests: get('/api/city/rooms/:room/requests', {
    right: 'city.request.read',
    summary: 'Who asks to be let in; for the room’s owners and moderators',
    input: inRoom,
    output: z.object({ items: z.array(JoinRequest) }),
    errors: ['forbidden', 'conflict'],
  }),
  decideRequest: post('/api/city/rooms/:room/requests/:principal', {
    right: 'city.request.change',
    summary: 'Let somebody in who asked, or refuse',
    input: ofMember.extend({ accept: z.boolean() }),
    output: done,
    errors: ['forbidden', 'conflict'],
  }),
  inviteToRoom: post('/api/city/rooms/:room/invitations', {
    right: 'city.invitation.open',
    summary: 'Make a link into a room; its code is shown once',
    status: 201,
    input: inRoom.extend({
      role: Membership.extract(['member', 'guest']).default('member'),
      maxUses: z.number().int().min(1).max(1000).default(1),
      days: z.number().int().min(1).max(90).default(7),
    }),
    output: RoomInvitation.extend({ code: z.string(), url: z.string() }),
    errors: ['forbidden', 'conflict'],
  }),
  roomInvitations: get('/api/city/rooms/:room/invitations', {
    right: 'city.invitation.read',
    summary: 'The links into a room that still work',
    input: inRoom,
    output: z.object({ items: z.array(RoomInvitation) }),
    errors: ['forbidden', 'conflict'],
  }),
  revokeRoomInvitation: del('/api/city/rooms/:room/invitations/:invitation', {
    right: 'city.invitation.remove',
    summary: 'Withdraw a link into a room',
    input: inRoom.extend({ invitation: z.string() }),
    output: done,
    errors: ['forbidden', 'conflict'],
  }),
  lookAtInvitation: post('/api/city/room-invitation', {
    right: 'city.invitation.read',
    summary: 'What a link into a room opens, before it is used',
    input: z.object({ code: Code }),
    output: z.object({
      name: z.string(),
      topic: z.string(),
      people: z.number().int(),
      role: Membership,
      /** The room’s address, for whoever is in it already. */
      inside: z.string().nullable(),
    }),
    errors: ['not_found'],
  }),
  acceptInvitation: post('/api/city/room-invitation/accept', {
    right: 'city.member.open',
    summary: 'Go in by a link; it takes one of its uses, none from whoever is in already',
    input: z.object({ code: Code }),
    output: Room,
    errors: ['not_found', 'conflict'],
  }),
}
