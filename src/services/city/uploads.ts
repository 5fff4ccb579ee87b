import { Readable } from 'node:stream'
import type { MultipartFile } from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import { engineError } from '../../engines/engine.errors.ts'
import type { Media, MediaFacts } from '../../engines/media/media.ts'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Files, StoredBlob } from '../../platform/files/files.ts'
import { whenGone } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { cityError } from './city.errors.ts'
import type { CityDb, FileRow } from './city.store.ts'
import { toCityFile } from './files.ts'
import { createGate } from './gate.ts'
import { cleanName } from './names.ts'

export interface UploadNeeds {
  readonly db: CityDb
  readonly files: Files
  readonly media: Media | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: { readonly maxUploadBytes: number; readonly quotaBytes: number }
}

/** How many files are held in memory and looked into at once, and how many may wait for it. */
const INSPECT = { atOnce: 4, maxWaiting: 200 }

/** `POST /api/city/files`: one multipart field `file`, stored, looked into in a child process, then the uploader's. What is refused leaves nothing behind. */
export function uploadRoute(app: FastifyInstance, authenticate: Authenticate, needs: UploadNeeds): void {
  const { files, media, limits } = needs
  const gate = createGate(INSPECT.atOnce, INSPECT.maxWaiting)

  app.post('/api/city/files', async (request, reply) => {
    const { principal } = await authenticate(request)
    if (!principal) throw kernelError('auth.required')
    await refuseFull(needs, principal.id, 1)
    const { blob, name } = await receive(request, files, limits.maxUploadBytes)
    try {
      if (blob.sizeBytes === 0) throw engineError('file.empty')
      const row = await gate(async () => {
        const bytes = await files.read(blob.sha256)
        const facts = media
          ? await media.inspect({ bytes, mime: blob.mime, name }, whenGone(reply))
          : { kind: kindOf(blob.mime), mime: blob.mime }
        return await register(needs, principal.id, { blob, name, facts, bytes })
      })
      return await reply.code(201).send(toCityFile(row))
    } catch (failure) {
      await forget(needs, blob.sha256)
      throw failure
    }
  })
}

interface Received {
  readonly blob: StoredBlob
  readonly name: string
}

/** Takes the one file out of a request. */
async function receive(request: FastifyRequest, files: Files, maxBytes: number): Promise<Received> {
  if (!request.isMultipart()) throw cityError('city.upload_not_multipart')
  let received: Received | undefined
  try {
    // One byte more than allowed is let in, so that the store is the one that refuses.
    for await (const part of request.parts({ limits: { fileSize: maxBytes + 1, files: 2, fields: 20 } })) {
      if (part.type !== 'file') continue
      if (received) throw cityError('city.upload_many')
      if (part.fieldname !== 'file') throw cityError('city.upload_missing')
      received = { blob: await keep(request, files, part, maxBytes), name: cleanName(part.filename) }
    }
  } catch (cause) {
    request.raw.resume()
    throw refusal(cause)
  }
  if (!received) throw cityError('city.upload_missing')
  return received
}

async function keep(
  request: FastifyRequest,
  files: Files,
  part: MultipartFile,
  maxBytes: number,
): Promise<StoredBlob> {
  const broken = () => {
    if (!request.raw.complete) part.file.destroy(cityError('city.upload_broken'))
  }
  request.raw.once('close', broken)
  try {
    return await files.put(part.file, { maxBytes })
  } finally {
    request.raw.off('close', broken)
    part.file.resume()
  }
}

/** What the multipart reader says, in our words. */
function refusal(cause: unknown): unknown {
  if (cause instanceof AppError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'FST_FILES_LIMIT') return cityError('city.upload_many', {}, { cause })
  if (
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    code === 'ECONNRESET' ||
    /^Unexpected end|^Part terminated/.test(String((cause as Error).message))
  )
    return cityError('city.upload_broken', {}, { cause })
  return cause
}

const kindOf = (mime: string): MediaFacts['kind'] => {
  if (mime.startsWith('audio/') || mime === 'video/webm') return 'audio'
  if (mime.startsWith('image/')) return 'image'
  return mime === 'application/octet-stream' ? 'other' : 'document'
}

interface Upload extends Received {
  readonly facts: MediaFacts
  readonly bytes: Uint8Array
}

/** Makes the blob somebody's file. Holds the blob against whoever would remove it meanwhile. */
async function register(needs: UploadNeeds, owner: string, upload: Upload): Promise<FileRow> {
  const { db, files, ids, clock, limits } = needs
  const { blob, name, facts, bytes } = upload
  return await db.transaction().execute(async (tx) => {
    await hold(tx, owner)
    await hold(tx, blob.sha256)
    await refuseFull({ db: tx, limits }, owner, blob.sizeBytes)
    if (!(await files.has(blob.sha256))) await files.put(Readable.from([bytes]), { maxBytes: blob.sizeBytes })
    return await tx
      .insertInto('city.file')
      .values({
        id: ids.make('file'),
        owner,
        sha256: blob.sha256,
        name,
        mime: facts.mime,
        size_bytes: blob.sizeBytes,
        kind: facts.kind,
        width: facts.width ?? null,
        height: facts.height ?? null,
        duration_ms: facts.durationMs ?? null,
        pages: facts.pages ?? null,
        created_at: isoTime(clock.now()),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
  })
}

/** Removes a blob that nobody holds. */
async function forget({ db, files }: UploadNeeds, sha256: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await hold(tx, sha256)
    const held = await tx.selectFrom('city.file').select('id').where('sha256', '=', sha256).executeTakeFirst()
    const shown = await tx
      .selectFrom('city.thumbnail')
      .select('edge')
      .where('blob', '=', sha256)
      .executeTakeFirst()
    if (!held && !shown) await files.delete(sha256)
  })
}

/** One at a time for a key, until the transaction ends. */
const hold = (tx: CityDb, key: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`city.file ${key}`}, 0))`.execute(tx)

async function refuseFull(
  { db, limits }: Pick<UploadNeeds, 'db' | 'limits'>,
  owner: string,
  more: number,
): Promise<void> {
  const { used } = await db
    .selectFrom('city.file')
    .select((of) => of.fn.coalesce(of.fn.sum<number>('size_bytes'), sql<number>`0`).as('used'))
    .where('owner', '=', owner)
    .executeTakeFirstOrThrow()
  const would = Number(used) + more
  if (would > limits.quotaBytes)
    throw cityError('city.quota_exceeded', {
      usedMb: megabytes(would),
      limitMb: megabytes(limits.quotaBytes),
    })
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1024 / 1024)
