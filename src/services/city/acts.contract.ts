import { z } from 'zod'
import { del, get, patch, post, put } from '../../kernel/contract.ts'
import { MAX_TEXT, Message } from './messages.contract.ts'

const onMessage = z.object({ message: z.string() })
const inRoom = z.object({ room: z.string() })

/** What a message said at one time. */
export const Version = z.object({ text: z.string(), at: z.iso.datetime() })
export type Version = z.infer<typeof Version>

/** What one does to a message that was said. Each answers with the message as it stands, and the same act again changes nothing. */
export const actOperations = {
  edit: patch('/api/city/messages/:message', {
    right: 'city.message.change',
    summary: 'Change the words of one’s own message; what it said before stays to be read',
    input: onMessage.extend({ text: z.string().max(MAX_TEXT) }),
    output: Message,
    errors: ['forbidden', 'conflict', 'too_large'],
  }),
  remove: del('/api/city/messages/:message', {
    right: 'city.message.remove',
    summary:
      'Delete one’s own message for everybody, or remove another’s with a reason; its number stays, its words are gone',
    input: onMessage.extend({ reason: z.string().trim().min(1).max(300).optional() }),
    output: Message,
    errors: ['forbidden'],
  }),
  history: get('/api/city/messages/:message/history', {
    right: 'city.message.read',
    summary: 'What a message said, oldest first; the last is what it says now',
    input: onMessage,
    output: z.object({ items: z.array(Version) }),
  }),
  react: put('/api/city/messages/:message/reactions/:emoji', {
    right: 'city.reaction.change',
    summary: 'React with an emoji',
    input: onMessage.extend({ emoji: z.string().min(1).max(64) }),
    output: Message,
    errors: ['conflict'],
  }),
  unreact: del('/api/city/messages/:message/reactions/:emoji', {
    right: 'city.reaction.change',
    summary: 'Take one’s own reaction back',
    input: onMessage.extend({ emoji: z.string().min(1).max(64) }),
    output: Message,
  }),
  pin: put('/api/city/messages/:message/pin', {
    right: 'city.pin.change',
    summary: 'Pin a message in its room',
    input: onMessage,
    output: Message,
    errors: ['forbidden', 'conflict'],
  }),
  unpin: del('/api/city/messages/:message/pin', {
    right: 'city.pin.change',
    summary: 'Unpin a message',
    input: onMessage,
    output: Message,
    errors: ['forbidden'],
  }),
  pins: get('/api/city/rooms/:room/pins', {
    right: 'city.message.read',
    summary: 'The pinned messages of a room, the last pinned first',
    input: inRoom,
    output: z.object({ items: z.array(Message) }),
  }),
  vote: put('/api/city/messages/:message/vote', {
    right: 'city.vote.change',
    summary: 'Choose in a poll, by places of its options from 0; none takes one’s vote back',
    input: onMessage.extend({ options: z.array(z.number().int().min(0).max(50)).max(12) }),
    output: Message,
    errors: ['conflict'],
  }),
  forward: post('/api/city/messages/:message/forward', {
    right: 'city.message.post',
    summary: 'Say somebody’s words on in another room; the same clientId again is the same message',
    status: 201,
    input: onMessage.extend({ room: z.string(), clientId: z.string().min(1).max(128) }),
    output: Message,
    errors: ['forbidden', 'conflict'],
  }),
}
