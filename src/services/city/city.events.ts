import { z } from 'zod'
import { event } from '../../kernel/event.ts'
import { CityFile } from './files.contract.ts'
import { Author, Part, PartType } from './messages.contract.ts'

/** A part of a message waits to be heard, read or taken in. `attempt` grows when a person asks to try again. */
export const partAdded = event(
  'city.part_added',
  1,
  z.object({
    room: z.string(),
    message: z.string(),
    index: z.number().int(),
    attempt: z.number().int(),
    type: PartType,
    file: CityFile,
    author: Author,
  }),
)
export type PartAdded = z.infer<typeof partAdded.data>

/** One earlier message of the room, as an agent gets to know it: words, and what was heard or read. */
export const HistoryItem = z.object({
  message: z.string(),
  author: Author,
  at: z.iso.datetime(),
  text: z.string(),
})
export type HistoryItem = z.infer<typeof HistoryItem>

/** An agent is called. `run` is the id of the run to open: it makes the call idempotent all the way down. */
export const agentCalled = event(
  'city.agent_called',
  1,
  z.object({
    run: z.string(),
    /** The agent's slug. */
    agent: z.string(),
    room: z.object({
      id: z.string(),
      name: z.string(),
      visibility: z.enum(['public', 'community', 'private', 'direct']),
    }),
    message: z.string(),
    asker: z.string(),
    text: z.string(),
    parts: z.array(Part),
    /** The messages before it, oldest first, bounded in number and size. */
    history: z.array(HistoryItem),
  }),
)
export type AgentCalled = z.infer<typeof agentCalled.data>

/** A message was deleted: whoever keeps something that was made of it forgets that. What it was made of is named, so that nobody has to ask. */
export const messageErased = event(
  'city.message_erased',
  1,
  z.object({
    room: z.string(),
    message: z.string(),
    by: z.string(),
    /** The runs it called, and the one it is the answer of. */
    runs: z.array(z.string()),
    /** Bytes that no message of this room holds any more. */
    roomBlobs: z.array(z.string()),
    /** Bytes that nobody in the city holds any more. */
    blobs: z.array(z.string()),
  }),
)
export type MessageErased = z.infer<typeof messageErased.data>

/** Envelopes that carried the words of a deleted message are emptied, once nobody has to handle them any more. */
export const wordsLeft = event(
  'city.words_left',
  1,
  z.object({ message: z.string(), looks: z.number().int() }),
)

/** What somebody has not seen of what they are told, by room, the most first: for a letter. */
export const digestReady = event(
  'city.digest_ready',
  1,
  z.object({
    principal: z.string(),
    rooms: z.array(z.object({ name: z.string(), unread: z.number().int() })),
  }),
)

/** The time has come to say what was scheduled. */
export const scheduledDue = event(
  'city.scheduled_due',
  1,
  z.object({ scheduled: z.string(), revision: z.number().int() }),
)
