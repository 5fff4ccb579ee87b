import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { Author } from './messages.contract.ts'
import { Room } from './rooms.contract.ts'

const FeedRoom = Room.pick({ id: true, slug: true, name: true, visibility: true })

/** Something that happened where the asker may look. */
export const FeedItem = z.object({
  id: z.string(),
  /** What was said in a room, together; a call; an answer to the asker; who came; a document that can be read now; a request to come in, or what became of one’s own. */
  kind: z.enum(['messages', 'mention', 'reply', 'joined', 'document', 'request', 'decision']),
  at: z.iso.datetime(),
  unread: z.boolean(),
  room: FeedRoom,
  /** Whose doing it is, the latest first; at most three of `count`. */
  people: z.array(Author),
  count: z.number().int(),
  /** The message to go to. */
  message: z.string().nullable(),
  /** The first words of what was said, or a document’s name. */
  text: z.string(),
  document: z.string().nullable(),
  /** Of a decision: whether one was let in. */
  accepted: z.boolean().nullable(),
})
export type FeedItem = z.infer<typeof FeedItem>

/** What happened, and how much of it since one last looked. */
export const feedOperations = {
  feed: get('/api/city/feed', {
    right: 'city.feed.read',
    summary:
      'What happened in thirty days where I may look now: what I have not seen first, then the rest, latest first',
    input: z.object({
      limit: z.number().int().min(1).max(100).default(30),
      /** `next` of the page before. */
      after: z.string().max(300).optional(),
    }),
    output: z.object({
      items: z.array(FeedItem),
      next: z.string().optional(),
      /** Since the last visit, by room; on the first page. */
      digest: z
        .object({
          since: z.iso.datetime().nullable(),
          rooms: z.array(
            z.object({ room: FeedRoom, messages: z.number().int(), mentions: z.number().int() }),
          ),
        })
        .optional(),
    }),
  }),
  feedSeen: post('/api/city/feed/seen', {
    right: 'city.feed.change',
    summary: 'I have looked: the next digest begins now',
    input: z.object({}),
    output: z.object({ at: z.iso.datetime() }),
  }),
}
