import { z } from 'zod'
import { get } from '../../kernel/contract.ts'
import { Author } from './messages.contract.ts'

/** What a hit was found in: what somebody wrote, what was heard in a recording, what was read in a picture, a file's name, a document's page. */
export const SearchKind = z.enum(['message', 'transcript', 'image', 'file', 'document'])
export type SearchKind = z.infer<typeof SearchKind>

/** Characters `start…end` of a snippet, in UTF-16 units: a word that was looked for, or a passage that is only near in meaning. */
export const Mark = z.object({
  start: z.number().int(),
  end: z.number().int(),
  by: z.enum(['word', 'meaning']),
})
export type Mark = z.infer<typeof Mark>

/** Why a hit is here. */
export const Why = z.object({
  /** The words that matched, as they stand in the text. */
  words: z.array(z.string()),
  /** How near it is in meaning, 1…4; 0 where that did not bring it. */
  near: z.number().int().min(0).max(4),
  /** Whether nearness was told by letters alone, for want of a model of meaning. */
  letters: z.boolean(),
})
export type Why = z.infer<typeof Why>

export const SearchHit = z.object({
  kind: SearchKind,
  /** The message's; of a document its own. */
  id: z.string(),
  room: z.string(),
  slug: z.string(),
  roomName: z.string(),
  /** The message that holds it. */
  message: z.string(),
  seq: z.number().int().optional(),
  author: Author,
  at: z.iso.datetime(),
  /** Of a file or a document. */
  title: z.string().optional(),
  /** Of a document, from 1. */
  page: z.number().int().optional(),
  /** Where in a recording, in seconds. */
  second: z.number().optional(),
  /** Plain text; what is marked is said beside it. */
  snippet: z.object({ text: z.string(), marks: z.array(Mark) }),
  why: Why,
  /** Higher is better; comparable within one answer only. */
  score: z.number(),
  /** Where in the web app it opens, at its place. */
  link: z.string(),
})
export type SearchHit = z.infer<typeof SearchHit>

const Instant = z
  .string()
  .max(40)
  .regex(/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/, 'a day or an instant, ISO 8601')
  .refine((text) => !Number.isNaN(Date.parse(text)), 'no such time')

/** A place on the internet, in plain text from outside. */
export const WebPlace = z.object({
  title: z.string(),
  url: z.url({ protocol: /^https?$/ }),
  site: z.string(),
  text: z.string(),
})
export type WebPlace = z.infer<typeof WebPlace>

/** Finding what was said, heard, read and filed, and places on the internet. */
export const searchOperations = {
  search: get('/api/city/search', {
    right: 'city.message.read',
    summary:
      'What I may read now that holds these words or means this; `from:`, `in:`, `has:`, `before:`, `after:` may also be typed into `q`',
    input: z.object({
      q: z.string().max(500).default(''),
      mode: z.enum(['words', 'meaning', 'both']).default('both'),
      /** A room, by id or slug. */
      in: z.string().max(200).optional(),
      /** A principal's id, or the beginning of a name. */
      from: z.string().max(200).optional(),
      has: z
        .array(z.enum(['file', 'image', 'voice', 'link']))
        .max(4)
        .default([]),
      before: Instant.optional(),
      after: Instant.optional(),
      limit: z.number().int().min(1).max(50).default(20),
      /** `next` of the answer before. */
      cursor: z.string().max(20).optional(),
    }),
    output: z.object({
      items: z.array(SearchHit),
      next: z.string().optional(),
      /** Words that nobody wrote, and what was looked for instead. */
      meant: z.array(z.object({ word: z.string(), as: z.array(z.string()) })),
      /** Whether meaning took part, letters stood in for it, or words were alone. */
      meaning: z.enum(['model', 'letters', 'none']),
    }),
  }),
  searchWeb: get('/api/city/web-search', {
    right: 'city.web.search',
    summary:
      'Places on the internet; the query leaves the city. `/search …` said in a room posts the same there, with its sources',
    input: z.object({ q: z.string().trim().min(1).max(300) }),
    output: z.object({ engine: z.string(), items: z.array(WebPlace) }),
    errors: ['rate_limited', 'upstream', 'unavailable'],
  }),
}
