import { z } from 'zod'
import { get, patch, post } from '../../kernel/contract.ts'

/** What somebody is at now. People: at the screen, away from it, gone. Agents: resting, reading what was said and found, thinking, using a tool; out of what they may spend; not to be reached. */
export const PresenceState = z.enum([
  'here',
  'away',
  'gone',
  'idle',
  'reading',
  'thinking',
  'tool',
  'budget',
  'down',
])
export type PresenceState = z.infer<typeof PresenceState>

/** A principal, and what they are at. */
export const Presence = z.object({ principal: z.string(), state: PresenceState })
export type Presence = z.infer<typeof Presence>

const Receipts = z.object({
  /** Whether others see how far this person has read. */
  readReceipts: z.boolean(),
})

/** Who is here, what agents are at, and who has read how far. */
export const presenceOperations = {
  presence: post('/api/city/presence', {
    right: 'city.presence.read',
    summary: 'What these people and agents are at now, and how many people are in these rooms',
    input: z.object({
      principals: z.array(z.string()).max(500).default([]),
      rooms: z.array(z.string()).max(200).default([]),
    }),
    output: z.object({
      people: z.array(Presence),
      /** Of the rooms the asker may read: how many have them open before their eyes. */
      rooms: z.array(z.object({ room: z.string(), here: z.number().int() })),
    }),
  }),
  receipts: get('/api/city/rooms/:room/receipts', {
    right: 'city.mark.read',
    summary: 'How far a room is read by those who let it be seen, furthest first',
    input: z.object({ room: z.string() }),
    output: z.object({ items: z.array(z.object({ principal: z.string(), seq: z.number().int() })) }),
  }),
  liveSettings: get('/api/city/live/settings', {
    right: 'city.mark.read',
    summary: 'What others see of me while I read',
    input: z.object({}),
    output: Receipts,
  }),
  changeLiveSettings: patch('/api/city/live/settings', {
    right: 'city.mark.change',
    summary: 'Change what others see of me while I read',
    input: Receipts,
    output: Receipts,
  }),
}
