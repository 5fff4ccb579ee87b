import { z } from 'zod'
import { del, get, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'

/** An address whose page, or whose whole site by its sitemap, is kept in a collection. */
export const Source = z.object({
  id: z.string(),
  collection: z.string(),
  kind: z.enum(['page', 'site']),
  url: z.string(),
  /** How often it is read again; null for once. */
  everyHours: z.number().int().nullable(),
  state: z.enum(['waiting', 'reading', 'done', 'failed']),
  error: Failure.optional(),
  /** Of the last reading: `same` were found as they had been. */
  pages: z.object({
    total: z.number().int().nullable(),
    done: z.number().int(),
    same: z.number().int(),
    failed: z.number().int(),
  }),
  createdAt: z.iso.datetime(),
  readAt: z.iso.datetime().nullable(),
  nextAt: z.iso.datetime().nullable(),
})
export type Source = z.infer<typeof Source>

const ofSource = z.object({ source: z.string() })

/** What of the internet is kept in collections. */
export const sourceOperations = {
  sources: get('/api/knowledge/collections/:collection/sources', {
    right: 'knowledge.source.read',
    summary: 'The addresses a collection reads',
    input: z.object({ collection: z.string() }),
    output: z.object({ items: z.array(Source) }),
  }),
  addSource: post('/api/knowledge/collections/:collection/sources', {
    right: 'knowledge.source.open',
    summary: 'Keep a page, or up to 200 pages of a site, in a collection; read again as often as said',
    status: 201,
    input: z.object({
      collection: z.string(),
      url: z.url({ protocol: /^https?$/ }).max(2_000),
      kind: z.enum(['page', 'site']).default('page'),
      everyHours: z.number().int().min(1).max(8_784).nullable().default(null),
    }),
    output: Source,
    errors: ['forbidden', 'conflict'],
  }),
  readSource: post('/api/knowledge/sources/:source/read', {
    right: 'knowledge.source.change',
    summary: 'Read an address again now',
    input: ofSource,
    output: Source,
    errors: ['forbidden', 'conflict'],
  }),
  removeSource: del('/api/knowledge/sources/:source', {
    right: 'knowledge.source.remove',
    summary: 'Read an address no more; its documents stay',
    input: ofSource,
    output: z.object({ done: z.literal(true) }),
    errors: ['forbidden'],
  }),
}
