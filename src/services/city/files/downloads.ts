import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Media } from '../../../engines/media/media.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Files } from '../../../platform/files/files.ts'
import { admitted } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb, FileRow } from '../city.store.ts'
import { FILE_RIGHTS } from '../files.contract.ts'
import { disposition } from '../messages/names.ts'
import { enterFile } from './files.ts'
import { parseRange } from './ranges.ts'

export interface DownloadNeeds {
  readonly db: CityDb
  readonly files: Files
  readonly media: Media | undefined
}

/** What a browser may show in its own window; anything else is only ever saved. */
const INLINE =
  /^(image\/(png|jpeg|webp|gif|avif|bmp|tiff|heic|heif)|audio\/[\w.+-]+|video\/(webm|mp4|ogg)|application\/(pdf|ogg))$/

/** `GET /api/city/files/:file` with ranges, and `…/thumbnail?edge=`: for whoever may read the file, and for nobody else the same 404. */
export function downloadRoutes(app: FastifyInstance, authenticate: Authenticate, needs: DownloadNeeds): void {
  const { db, files } = needs
  const thumbnail = createThumbnails(needs)

  const entered = async (request: FastifyRequest, reply: FastifyReply): Promise<FileRow> => {
    const { principal } = await admitted(request, reply, FILE_RIGHTS.download, authenticate)
    // The route's own pattern makes this a string.
    return await enterFile(db, (request.params as { file: string }).file, principal)
  }

  app.get('/api/city/files/:file', async (request, reply) => {
    const row = await entered(request, reply)
    safeHeaders(reply, row.sha256)
    reply
      .header('content-disposition', disposition(INLINE.test(row.mime) ? 'inline' : 'attachment', row.name))
      .header('accept-ranges', 'bytes')
      .type(row.mime.startsWith('text/') ? `${row.mime}; charset=utf-8` : row.mime)
    if (request.headers['if-none-match'] === etag(row.sha256)) return await reply.code(304).send()
    return await sendBytes(request, reply, files, row)
  })

  app.get('/api/city/files/:file/thumbnail', async (request, reply) => {
    const row = await entered(request, reply)
    if (row.kind !== 'image' && row.mime !== 'application/pdf') throw cityError('city.no_thumbnail')
    const { blob } = await thumbnail(row, edgeOf(request.query))
    safeHeaders(reply, blob)
    if (request.headers['if-none-match'] === etag(blob)) return await reply.code(304).send()
    return await reply.type('image/webp').send(await files.open(blob))
  })
}

const etag = (sha256: string): string => `"${sha256}"`

function safeHeaders(reply: FastifyReply, sha256: string): void {
  reply
    .header('etag', etag(sha256))
    .header('cache-control', 'private, max-age=31536000, immutable')
    .header('vary', 'cookie, authorization')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('cross-origin-resource-policy', 'same-origin')
}

async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  files: Files,
  row: FileRow,
): Promise<FastifyReply> {
  const sizeBytes = Number(row.size_bytes)
  const { range: asked, 'if-range': same } = request.headers
  const range = same === undefined || same === etag(row.sha256) ? parseRange(asked, sizeBytes) : undefined
  if (range === 'outside') {
    reply.header('content-range', `bytes */${sizeBytes}`).removeHeader('content-disposition')
    return await reply
      .code(416)
      .type('application/json; charset=utf-8')
      .send(cityError('city.range_invalid', { sizeBytes }).toJSON())
  }
  const length = range ? range.end - range.start + 1 : sizeBytes
  reply.header('content-length', length)
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`)
  const bytes = request.method === 'HEAD' ? Readable.from([]) : await files.open(row.sha256, range)
  return await reply.send(bytes)
}

/** Pictures are kept in these sizes; what is asked for gets the next larger one. */
const EDGES = [96, 192, 320, 640, 1280]

function edgeOf(query: unknown): number {
  const { edge } = query as { edge?: unknown }
  const asked = Number(edge ?? 320)
  if (!Number.isInteger(asked) || asked < 1)
    throw kernelError('input.invalid', { detail: 'edge: pixels, from 1' })
  return EDGES.find((size) => size >= asked) ?? 1280
}

/** Small views of pictures, each made once and kept as a blob. */
function createThumbnails({ db, files, media }: DownloadNeeds) {
  const making = new Map<string, Promise<{ blob: string }>>()

  const make = async (row: FileRow, edge: number): Promise<{ blob: string }> => {
    if (!media) throw cityError('city.no_thumbnail')
    const image = { path: files.path(row.sha256), key: row.sha256, mime: row.mime }
    const picture = await media.thumbnail(image, edge, deadline(THUMBNAIL_MS))
    const stored = await files.put(Readable.from([picture]), { maxBytes: MAX_THUMBNAIL_BYTES })
    await db
      .insertInto('city.thumbnail')
      .values({ sha256: row.sha256, edge, blob: stored.sha256, size_bytes: stored.sizeBytes })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return { blob: stored.sha256 }
  }

  return async (row: FileRow, edge: number): Promise<{ blob: string }> => {
    const kept = await db
      .selectFrom('city.thumbnail')
      .select('blob')
      .where('sha256', '=', row.sha256)
      .where('edge', '=', edge)
      .executeTakeFirst()
    if (kept) return kept
    const key = `${row.sha256} ${edge}`
    const made = making.get(key) ?? make(row, edge).finally(() => making.delete(key))
    making.set(key, made)
    return await made
  }
}

const THUMBNAIL_MS = 30_000
const MAX_THUMBNAIL_BYTES = 16 * 1024 * 1024
