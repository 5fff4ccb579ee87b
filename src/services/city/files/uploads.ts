import type { MultipartFile } from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import { engineError } from '../../../engines/engine.errors.ts'
import { kindOf } from '../../../engines/media/accepted.ts'
import type { Media, MediaFacts } from '../../../engines/media/media.ts'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import { AppError, kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Files, StoredBlob } from '../../../platform/files/files.ts'
import { isBrokenForm } from '../../../platform/http/broken-form.ts'
import { whenGone } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb, FileRow } from '../city.store.ts'
import { cleanName } from '../messages/names.ts'
import { toCityFile } from './files.ts'

export interface UploadNeeds {
  readonly db: CityDb
  readonly files: Files
  readonly media: Media | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: { readonly maxUploadBytes: number; readonly quotaBytes: number }
}

/** `POST /api/city/files`: one multipart field `file`, stored, looked into in a child process, then the uploader's. What is refused leaves nothing behind. */
export function uploadRoute(app: FastifyInstance, authenticate: Authenticate, needs: UploadNeeds): void {
  const { files, media, limits } = needs
  const holds = createHolds()
  const look = async ({ blob, name }: Received, signal: AbortSignal): Promise<MediaFacts> => {
    const { sha256, mime } = blob
    if (!media) return { kind: kindOf(mime), mime }
    // That it is text is no claim to be plain text: only the name claims.
    const claimed = { mime: mime === 'text/plain' ? '' : mime, name }
    return await media.inspect({ path: files.path(sha256), key: sha256, ...claimed }, signal)
  }

  app.post('/api/city/files', async (request, reply) => {
    const { principal } = await authenticate(request)
    if (!principal) throw kernelError('auth.required')
    await refuseFull(needs, principal.id, 1)
    let received: Received | undefined
    try {
      await receive(request, files, limits.maxUploadBytes, (one) => {
        received = one
        holds.take(one.blob.sha256)
      })
      if (!received) throw cityError('city.upload_missing')
      if (received.blob.sizeBytes === 0) throw engineError('file.empty')
      const facts = await look(received, whenGone(reply))
      const row = await register(needs, principal.id, { ...received, facts })
      holds.release(row.sha256)
      return await reply.code(201).send(toCityFile(row))
    } catch (failure) {
      if (received && holds.release(received.blob.sha256)) await forget(needs, received.blob.sha256)
      throw failure
    }
  })
}

interface Received {
  readonly blob: StoredBlob
  readonly name: string
}

/** Counts the uploads under way here that hold a blob which is not yet anybody's. */
function createHolds() {
  const held = new Map<string, number>()
  return {
    take: (sha256: string) => void held.set(sha256, (held.get(sha256) ?? 0) + 1),
    /** Says whether that was the last. */
    release(sha256: string): boolean {
      const left = (held.get(sha256) ?? 1) - 1
      if (left > 0) held.set(sha256, left)
      else held.delete(sha256)
      return left <= 0
    },
  }
}

/** Takes the one file out of a request; `got` hears of it as soon as it is stored, whatever comes after. */
async function receive(
  request: FastifyRequest,
  files: Files,
  maxBytes: number,
  got: (one: Received) => void,
): Promise<void> {
  if (!request.isMultipart()) throw cityError('city.upload_not_multipart')
  let count = 0
  try {
    // One byte more than allowed is let in, so that the store is the one that refuses.
    for await (const part of request.parts({ limits: { fileSize: maxBytes + 1, files: 2, fields: 20 } })) {
      if (part.type !== 'file') continue
      if (count++ > 0) throw cityError('city.upload_many')
      if (part.fieldname !== 'file') throw cityError('city.upload_missing')
      got({ blob: await keep(request, files, part, maxBytes), name: cleanName(part.filename) })
    }
  } catch (cause) {
    request.raw.resume()
    throw refusal(cause)
  }
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
  if (cause instanceof AppError || !(cause instanceof Error)) return cause
  const code = 'code' in cause ? String(cause.code) : ''
  if (code === 'FST_FILES_LIMIT') return cityError('city.upload_many', {}, { cause })
  return isBrokenForm(cause) ? cityError('city.upload_broken', {}, { cause }) : cause
}

interface Upload extends Received {
  readonly facts: MediaFacts
}

/** Makes the blob somebody's file. Holds the blob against whoever would remove it meanwhile. */
async function register(needs: UploadNeeds, owner: string, upload: Upload): Promise<FileRow> {
  const { db, files, ids, clock, limits } = needs
  const { blob, name, facts } = upload
  return await db.transaction().execute(async (tx) => {
    await hold(tx, owner)
    await hold(tx, blob.sha256)
    await refuseFull({ db: tx, limits }, owner, blob.sizeBytes)
    // Another process refused the same bytes meanwhile and took them away.
    if (!(await files.has(blob.sha256))) throw cityError('city.upload_broken')
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
