import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import type { Media } from '../../../engines/media/media.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { SafeFetch } from '../../../platform/fetch/fetch.ts'
import { admitted } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, isId } from '../city.store.ts'
import { PICTURE_RIGHT } from '../previews.contract.ts'
import { readable } from '../search/find.ts'

const TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif']
const MAX_BYTES = 5_000_000
const TIMEOUT_MS = 8_000
const EDGE_PX = 320
const MAX_KEPT_BYTES = 150_000

interface PictureNeeds {
  readonly openLink: SafeFetch
  readonly media: Media
  readonly signal: AbortSignal
}

/** The picture that a page names, fetched once by the city and made anew as a small WebP; null where there is none, or none that can be shown. */
export async function linkPicture(
  named: string,
  page: string,
  { openLink, media, signal }: PictureNeeds,
): Promise<Uint8Array | null> {
  if (named === '' || !URL.canParse(named, page)) return null
  const { href } = new URL(named, page)
  try {
    const { status, mime, bytes } = await openLink(href, {
      types: TYPES,
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      signal,
      headers: { accept: 'image/webp, image/png, image/jpeg' },
    })
    if (status !== 200 || !TYPES.includes(mime)) return null
    const key = createHash('sha256').update(bytes).digest('hex')
    const limit = AbortSignal.any([signal, deadline(TIMEOUT_MS)])
    const picture = await media.thumbnail({ bytes, key, mime }, EDGE_PX, limit)
    return picture.length <= MAX_KEPT_BYTES ? picture : null
  } catch (cause) {
    signal.throwIfAborted()
    // A card is whole without a picture.
    if (cause instanceof AppError) return null
    throw cause
  }
}

/** Where the page of a reader finds the picture: at the city itself, so that the other side never learns who reads. */
export const pictureAddress = (message: string, url: string): string =>
  `/api/city/messages/${encodeURIComponent(message)}/picture?url=${encodeURIComponent(url)}`

/** `GET /api/city/messages/:message/picture?url=`: for whoever may read a message that names the address, and for nobody else the same 404. */
export function pictureRoute(app: FastifyInstance, authenticate: Authenticate, db: CityDb): void {
  app.get('/api/city/messages/:message/picture', async (request, reply) => {
    const { principal } = await admitted(request, reply, PICTURE_RIGHT, authenticate)
    // The route's own pattern makes this a string.
    const { message } = request.params as { message: string }
    const { url } = request.query as { url?: unknown }
    const picture =
      principal && isId(message) && typeof url === 'string' && !url.includes('\0')
        ? await find(db, message, url, principal)
        : undefined
    if (!picture) throw cityError('city.message_not_found')
    const etag = `"${createHash('sha256').update(picture).digest('hex')}"`
    reply
      .header('etag', etag)
      .header('cache-control', 'private, max-age=86400')
      .header('vary', 'cookie, authorization')
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('cross-origin-resource-policy', 'same-origin')
    if (request.headers['if-none-match'] === etag) return await reply.code(304).send()
    return await reply.type('image/webp').send(Buffer.from(picture))
  })
}

async function find(
  db: CityDb,
  message: string,
  url: string,
  asker: Parameters<typeof readable>[1]['asker'],
): Promise<Uint8Array | undefined> {
  const scope = { asker, filters: { has: [] } }
  const { rows } = await sql<{ picture: Uint8Array | null }>`
    select p.picture from city.link_preview p
    join city.message_link l on l.url = p.url
    join city.message m on m.id = l.message
    where m.id = ${message} and p.url = ${url} and m.deleted_at is null and ${readable(sql`m.room`, scope)}`.execute(
    db,
  )
  return rows[0]?.picture ?? undefined
}
