import { z } from 'zod'
import { get, patch, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'

/** What was heard in an audio part. Times in seconds from its start. `speech: false` means that nobody speaks, and then `text` is empty. */
export const Transcript = z.object({
  text: z.string(),
  language: z.string().nullable(),
  speech: z.boolean(),
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })),
  engine: z.string(),
  durationMs: z.number().optional(),
})
export type Transcript = z.infer<typeof Transcript>

/** What was read in an image part. Confidence 0…1 over its words. */
export const Reading = z.object({ text: z.string(), confidence: z.number(), engine: z.string() })
export type Reading = z.infer<typeof Reading>

/** What was seen in an image part: words where a model that sees answered, and things of everyday kinds, the surest first, confidence 0…1. */
export const Sight = z.object({
  text: z.string().nullable(),
  objects: z.array(z.object({ label: z.object({ uk: z.string(), en: z.string() }), confidence: z.number() })),
  engine: z.string(),
})
export type Sight = z.infer<typeof Sight>

/** How the pages of a document went; `read + ocr + empty + failed = total`, less what is still in work. */
export const PageCounts = z.object({
  read: z.number().int(),
  ocr: z.number().int(),
  empty: z.number().int(),
  failed: z.number().int(),
  total: z.number().int(),
})
export type PageCounts = z.infer<typeof PageCounts>

/** What became of a part: the outcome of its kind, or `error`. What was seen stands beside what was read. */
export const PartOutcome = z.object({
  transcript: Transcript.optional(),
  ocr: Reading.optional(),
  sight: Sight.optional(),
  document: z.object({ id: z.string(), pages: PageCounts }).optional(),
  error: Failure.optional(),
})
export type PartOutcome = z.infer<typeof PartOutcome>

export const PartType = z.enum(['audio', 'image', 'file'])
export type PartType = z.infer<typeof PartType>

/** A file in a message, with its outcome in place. */
export const Part = PartOutcome.extend({
  type: PartType,
  file: z.string(),
  name: z.string(),
  mime: z.string(),
  sizeBytes: z.number().int(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  /** Of an image: a few colours to paint before it is there, see blurha.sh. */
  blurhash: z.string().optional(),
  durationMs: z.number().optional(),
  state: z.enum(['pending', 'done', 'failed']),
  /** Pages done so far, or a share of the audio, while pending. */
  progress: z.object({ done: z.number(), total: z.number() }).optional(),
  /** Whether its author corrected what was heard or read. */
  corrected: z.boolean().optional(),
})
export type Part = z.infer<typeof Part>

export const Citation = z.object({
  /** The number the text refers to as [n]. */
  n: z.number().int(),
  document: z.string().optional(),
  title: z.string(),
  /** From 1. */
  page: z.number().int().optional(),
  /** The message cited, where the source is the room itself. */
  message: z.string().optional(),
  /** http or https: a page of the internet. */
  url: z.string().optional(),
  quote: z.string(),
})
export type Citation = z.infer<typeof Citation>

export const RunState = z.enum(['queued', 'running', 'done', 'failed', 'cancelled'])
export type RunState = z.infer<typeof RunState>

export const CalledRun = z.object({
  id: z.string(),
  agent: z.string(),
  name: z.string(),
  state: RunState,
  error: Failure.optional(),
})
export type CalledRun = z.infer<typeof CalledRun>

export const Author = z.object({
  id: z.string(),
  kind: z.enum(['person', 'agent', 'service']),
  name: z.string(),
})
export type Author = z.infer<typeof Author>

/** One emoji under a message. In a frame nobody in particular is told, so `mine` is absent there. */
export const Reaction = z.object({
  emoji: z.string(),
  count: z.number().int(),
  mine: z.boolean().optional(),
  /** The first few who reacted so. */
  names: z.array(z.string()),
})
export type Reaction = z.infer<typeof Reaction>

/** What stands in a thread's root. `unread` is the asker's own and absent in frames. */
export const ThreadSummary = z.object({
  replies: z.number().int(),
  lastAt: z.iso.datetime(),
  people: z.array(Author),
  unread: z.number().int().optional(),
})
export type ThreadSummary = z.infer<typeof ThreadSummary>

export const Poll = z.object({
  question: z.string(),
  options: z.array(
    z.object({
      text: z.string(),
      votes: z.number().int(),
      mine: z.boolean().optional(),
      /** The first few who chose it; none where the poll is anonymous. */
      names: z.array(z.string()),
    }),
  ),
  multiple: z.boolean(),
  anonymous: z.boolean(),
  closesAt: z.iso.datetime().nullable(),
  /** How many people voted. */
  voters: z.number().int(),
})
export type Poll = z.infer<typeof Poll>

/** The places whose exports become rooms. */
export const ImportSource = z.enum(['slack', 'mattermost', 'telegram'])
export type ImportSource = z.infer<typeof ImportSource>

export const Message = z.object({
  id: z.string(),
  room: z.string(),
  /** The number, in its room's gapless sequence, of the event that made it. */
  seq: z.number().int(),
  author: Author,
  clientId: z.string().optional(),
  text: z.string(),
  parts: z.array(Part),
  replyTo: z.string().nullable(),
  createdAt: z.iso.datetime(),
  /** The runs this message called. */
  runs: z.array(CalledRun),
  /** The run this message is the answer of. */
  run: z.string().optional(),
  citations: z.array(Citation).optional(),
  /** Who wrote an answer's words: a model's name, or `librarian`, which is no language model. */
  engine: z.string().optional(),
  editedAt: z.iso.datetime().optional(),
  /** A tombstone: text, parts and all that hung on it are gone. */
  deleted: z.object({ at: z.iso.datetime(), by: z.string(), reason: z.string().optional() }).optional(),
  reactions: z.array(Reaction).optional(),
  /** On a reply in a thread: the thread's root. */
  thread: z.string().optional(),
  /** Of an answer: the earlier answer of the same agent to the same question. */
  replaces: z.string().optional(),
  /** On the root of a thread that has replies. */
  replies: ThreadSummary.optional(),
  pinned: z.object({ at: z.iso.datetime(), by: z.string() }).optional(),
  /** Whose words were forwarded; `room` and `message` only for those who may read them there. */
  forwarded: z
    .object({
      author: Author,
      at: z.iso.datetime(),
      room: z.object({ id: z.string(), slug: z.string(), name: z.string() }).optional(),
      message: z.string().optional(),
    })
    .optional(),
  poll: Poll.optional(),
  /** Where it was said, where that was not here; its author and moment are those of there. `at` is when it came. */
  imported: z.object({ from: ImportSource, at: z.iso.datetime() }).optional(),
})
export type Message = z.infer<typeof Message>

export const NewPoll = z.object({
  question: z.string().trim().min(1).max(300),
  options: z.array(z.string().trim().min(1).max(200)).min(2).max(12),
  multiple: z.boolean().default(false),
  anonymous: z.boolean().default(false),
  closesAt: z.iso.datetime().nullish(),
})
export type NewPoll = z.infer<typeof NewPoll>

/** Text is counted in UTF-16 code units, as browsers do. */
export const MAX_TEXT = 16_000
export const NewMessage = z.object({
  /** Chosen by the sender; the same one again is the same message. */
  clientId: z.string().min(1).max(128),
  text: z.string().max(MAX_TEXT).default(''),
  parts: z
    .array(z.object({ type: PartType, file: z.string() }))
    .max(10)
    .default([]),
  replyTo: z.string().nullish(),
  /** The root of the thread it is said in. */
  thread: z.string().nullish(),
  poll: NewPoll.nullish(),
})
export type NewMessage = z.infer<typeof NewMessage>

const inRoom = z.object({ room: z.string() })
const onMessage = inRoom.extend({ message: z.string() })
const onPart = onMessage.extend({ index: z.coerce.number().int().min(0).max(1000) })

/** What is said in a room. */
export const messageOperations = {
  messages: get('/api/city/rooms/:room/messages', {
    right: 'city.message.read',
    summary:
      'Messages in order of sequence: after or before a number, around a number or a message, or from a moment on; the newest where nothing is said. Replies in threads are listed where their thread is asked for',
    input: inRoom.extend({
      after: z.number().int().min(0).optional(),
      before: z.number().int().min(0).optional(),
      around: z.string().optional(),
      /** Around the first message said at this moment or after it. */
      at: z.iso.datetime().optional(),
      /** The root of a thread: lists its replies. */
      thread: z.string().optional(),
      limit: z.number().int().min(1).max(200).default(50),
    }),
    /** `next` continues in the direction asked: pass it as `after` or `before`. */
    output: z.object({ items: z.array(Message), next: z.number().int().optional() }),
  }),
  message: get('/api/city/rooms/:room/messages/:message', {
    right: 'city.message.read',
    summary: 'One message',
    input: onMessage,
    output: Message,
  }),
  post: post('/api/city/rooms/:room/messages', {
    right: 'city.message.post',
    summary: 'Say something; 201 for a new message, 200 for one said before with the same clientId',
    status: 201,
    input: inRoom.extend(NewMessage.shape),
    output: Message,
    errors: ['conflict', 'too_large', 'rate_limited'],
  }),
  correct: patch('/api/city/rooms/:room/messages/:message/parts/:index', {
    right: 'city.message.change',
    summary: 'Correct what was heard or read in one’s own part',
    input: onPart.extend({ text: z.string().max(100_000) }),
    output: Message,
    errors: ['forbidden', 'conflict'],
  }),
  retryPart: post('/api/city/rooms/:room/messages/:message/parts/:index/retry', {
    right: 'city.message.retry',
    summary: 'Try a failed part once more',
    input: onPart,
    output: Message,
    errors: ['forbidden', 'conflict'],
  }),
  retryRun: post('/api/city/rooms/:room/messages/:message/retry', {
    right: 'city.message.retry',
    summary:
      'Call the agent again whose run failed or was cancelled; with `again` also one that answered: its new answer replaces the earlier one, which stays. With `text` the question is put otherwise first, and the talk branches off there: what was said after it is not told',
    input: onMessage.extend({
      agent: z.string().optional(),
      again: z.boolean().default(false),
      text: z.string().max(MAX_TEXT).optional(),
    }),
    output: Message,
    errors: ['forbidden', 'conflict'],
  }),
}
