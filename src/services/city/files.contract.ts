import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'

export const CityFile = z.object({
  id: z.string(),
  name: z.string(),
  /** As sniffed, never as claimed. */
  mime: z.string(),
  sizeBytes: z.number().int(),
  sha256: z.string(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  /** A few colours to paint before the picture is there, see blurha.sh. */
  blurhash: z.string().optional(),
  durationMs: z.number().optional(),
  pages: z.number().int().optional(),
})
export type CityFile = z.infer<typeof CityFile>

/** What the routes of files ask for. */
export const FILE_RIGHTS = { upload: 'city.file.post', download: 'city.file.read' } as const

/** Uploads (`POST /api/city/files`) and downloads (`GET /api/city/files/:file`, `…/thumbnail`) are routes of their own beside these. */
/** A file in a room, with where it was said. */
export const RoomFile = CityFile.omit({ sha256: true }).extend({
  message: z.string(),
  seq: z.number().int(),
  /** Its place among the message's parts. */
  index: z.number().int(),
  type: z.enum(['audio', 'image', 'file']),
  author: z.object({ id: z.string(), name: z.string() }),
  at: z.iso.datetime(),
})
export type RoomFile = z.infer<typeof RoomFile>

export const fileOperations = {
  keepUpload: post('/api/city/uploads/:upload/file', {
    right: FILE_RIGHTS.upload,
    summary:
      'Make a complete resumable upload (tus, `/api/city/uploads`) a file; the same upload again is the same file',
    status: 201,
    input: z.object({ upload: z.string().max(200) }),
    output: CityFile,
    errors: ['conflict', 'too_large', 'unsupported', 'unavailable', 'timeout', 'rate_limited'],
  }),
  roomFiles: get('/api/city/rooms/:room/files', {
    right: 'city.file.read',
    summary: 'The files of a room, newest first',
    input: z.object({
      room: z.string(),
      type: z.enum(['audio', 'image', 'file']).optional(),
      before: z.number().int().min(1).optional(),
      limit: z.number().int().min(1).max(100).default(50),
    }),
    /** `next` goes on before that message; all parts of a message come together. */
    output: z.object({ items: z.array(RoomFile), next: z.number().int().optional() }),
  }),
  waveform: get('/api/city/files/:file/waveform', {
    right: FILE_RIGHTS.download,
    summary: 'The shape of a recording: the loudest of sixty equal stretches, 0…100',
    input: z.object({ file: z.string() }),
    output: z.object({ bars: z.array(z.number().int().min(0).max(100)) }),
    errors: ['unsupported', 'unavailable', 'timeout', 'rate_limited'],
  }),
  file: get('/api/city/files/:file/about', {
    right: 'city.file.read',
    summary: 'What a file is',
    input: z.object({ file: z.string() }),
    output: CityFile,
  }),
}
