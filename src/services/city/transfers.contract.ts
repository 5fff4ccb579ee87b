import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'
import { ImportSource } from './messages.contract.ts'

const State = z.enum(['waiting', 'running', 'done', 'failed'])

export const ExportFormat = z.enum(['json', 'markdown', 'html'])
export type ExportFormat = z.infer<typeof ExportFormat>

export const Export = z.object({
  id: z.string(),
  what: z.enum(['me', 'room']),
  room: z.object({ id: z.string(), slug: z.string(), name: z.string() }).optional(),
  format: ExportFormat,
  state: State,
  /** Messages and files written so far, of how many. */
  done: z.number().int(),
  total: z.number().int(),
  sizeBytes: z.number().int().optional(),
  error: Failure.optional(),
  createdAt: z.iso.datetime(),
  /** When the archive is deleted; there once it is done. */
  expiresAt: z.iso.datetime().optional(),
})
export type Export = z.infer<typeof Export>

/** What came in, and what did not. */
export const ImportReport = z.object({
  rooms: z.array(z.object({ room: z.string(), slug: z.string(), name: z.string() })),
  /** Messages that came in by this import. */
  added: z.number().int(),
  /** Messages that had come in before. */
  known: z.number().int(),
  files: z.number().int(),
  /** What was not understood or not taken, by kind, with a few examples from the archive. */
  left: z.array(z.object({ kind: z.string(), count: z.number().int(), examples: z.array(z.string()) })),
})
export type ImportReport = z.infer<typeof ImportReport>

export const Import = z.object({
  id: z.string(),
  /** The archive's own name. */
  name: z.string(),
  by: z.string(),
  source: ImportSource.optional(),
  state: State,
  /** Messages looked at so far, of how many. */
  done: z.number().int(),
  total: z.number().int(),
  report: ImportReport.optional(),
  error: Failure.optional(),
  createdAt: z.iso.datetime(),
})
export type Import = z.infer<typeof Import>

/** What the routes beside the operations ask for: `POST /api/city/imports` (multipart, `file`) and `GET /api/city/exports/:export/archive`. */
export const TRANSFER_RIGHTS = { open: 'city.import.open', download: 'city.export.read' } as const

export const transferOperations = {
  openExport: post('/api/city/exports', {
    right: 'city.export.open',
    summary:
      'Ask for an archive: of all that is mine (JSON and files), or of a room I keep. It is written in the background and kept for a day',
    status: 202,
    input: z.object({
      what: z.enum(['me', 'room']),
      /** Where `what` is `room`: its id or slug. */
      room: z.string().optional(),
      format: ExportFormat.default('json'),
    }),
    output: Export,
    errors: ['forbidden', 'not_found', 'conflict'],
  }),
  exports: get('/api/city/exports', {
    right: TRANSFER_RIGHTS.download,
    summary: 'My archives, the newest first',
    input: z.object({}),
    output: z.object({ items: z.array(Export) }),
  }),
  export: get('/api/city/exports/:export', {
    right: TRANSFER_RIGHTS.download,
    summary: 'How far an archive of mine is',
    input: z.object({ export: z.string() }),
    output: Export,
  }),
  imports: get('/api/city/imports', {
    right: 'city.import.read',
    summary: 'What was taken in from other places, the newest first',
    access: 'operator',
    input: z.object({}),
    output: z.object({ items: z.array(Import) }),
  }),
  import: get('/api/city/imports/:import', {
    right: 'city.import.read',
    summary: 'How far an import is, and what it did not understand',
    access: 'operator',
    input: z.object({ import: z.string() }),
    output: Import,
  }),
}
