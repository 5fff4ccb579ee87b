import { Readable } from 'node:stream'
import { engineError } from '../../../engines/engine.errors.ts'
import { kindOf } from '../../../engines/media/accepted.ts'
import type { Media, MediaFacts } from '../../../engines/media/media.ts'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Files, StoredBlob } from '../../../platform/files/files.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb, FileRow } from '../city.store.ts'
import { alone, forgetBlob } from './blobs.ts'
import { checkPersonQuota, type QuotaLimits } from './quotas.ts'

export interface IntakeNeeds {
  readonly db: CityDb
  readonly files: Files
  readonly media: Media | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: { readonly maxUploadBytes: number } & QuotaLimits
}

/** Whose a file becomes, and by what name. */
export interface Arrival {
  readonly owner: string
  readonly name: string
  /** The resumable upload it came by: the same one again is the same file. */
  readonly upload?: string
}

export type Intake = ReturnType<typeof createIntake>

/** Makes bytes that came in somebody's file: stored, looked into in a child process, cleaned of what a camera wrote. What is refused leaves nothing behind. */
export function createIntake(needs: IntakeNeeds) {
  const { files, limits } = needs
  const held = createHolds()

  /** Lets a held blob go; one that is nobody's then is removed. */
  async function letGo(sha256: string): Promise<void> {
    if (held.release(sha256)) await forgetBlob(needs.db, files, sha256, held.has)
  }

  /** Stores bytes and holds them, from before they stand there; the caller lets them go. */
  async function store(source: Readable, maxBytes: number): Promise<StoredBlob> {
    let named: string | undefined
    try {
      return await files.put(source, {
        maxBytes,
        named(sha256) {
          named = sha256
          held.take(sha256)
        },
      })
    } catch (failure) {
      if (named !== undefined) await letGo(named)
      throw failure
    }
  }

  /** Makes a blob that the caller holds a file. */
  async function takeIn(blob: StoredBlob, arrival: Arrival, signal: AbortSignal): Promise<FileRow> {
    if (blob.sizeBytes === 0) throw engineError('file.empty')
    // Another process refused the same bytes meanwhile and took them away.
    if (!(await files.has(blob.sha256))) throw cityError('city.upload_broken')
    const facts = await look(needs, blob, arrival.name, signal)
    const picture = await cleaned(needs, blob, facts, signal)
    if (!picture) return await register(needs, arrival, { blob, facts })
    const clean = await store(Readable.from([picture]), 2 * limits.maxUploadBytes)
    try {
      return await register(needs, arrival, { blob: clean, facts })
    } finally {
      await letGo(clean.sha256)
    }
  }

  return {
    store: (source: Readable): Promise<StoredBlob> => store(source, limits.maxUploadBytes),
    letGo,
    takeIn,
    /** Stores `source` and makes it a file. */
    async take(source: Readable, arrival: Arrival, signal: AbortSignal): Promise<FileRow> {
      const blob = await store(source, limits.maxUploadBytes)
      try {
        return await takeIn(blob, arrival, signal)
      } finally {
        await letGo(blob.sha256)
      }
    },
    /** Rejects with `city.quota_exceeded` where the person has no room for so many bytes more. */
    checkQuota: (owner: string, more: number): Promise<void> =>
      checkPersonQuota(needs.db, owner, more, limits),
  }
}

async function look(
  { files, media }: IntakeNeeds,
  { sha256, mime }: StoredBlob,
  name: string,
  signal: AbortSignal,
): Promise<MediaFacts> {
  if (!media) return { kind: kindOf(mime), mime }
  // That it is text is no claim to be plain text: only the name claims.
  const claimed = { mime: mime === 'text/plain' ? '' : mime, name }
  return await media.inspect({ path: files.path(sha256), key: sha256, ...claimed }, signal)
}

/** The picture without what the camera wrote; undefined where there is nothing to take out. */
async function cleaned(
  { files, media }: IntakeNeeds,
  { sha256 }: StoredBlob,
  { kind, mime }: MediaFacts,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (!media || kind !== 'image') return undefined
  return (await media.clean({ path: files.path(sha256), key: sha256, mime }, signal)) ?? undefined
}

/** Counts the uploads under way here that hold a blob which is not yet anybody's. */
function createHolds() {
  const held = new Map<string, number>()
  return {
    has: (sha256: string): boolean => held.has(sha256),
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

/** Makes the blob somebody's file. Holds the blob against whoever would remove it meanwhile. */
async function register(
  needs: IntakeNeeds,
  { owner, name, upload }: Arrival,
  { blob, facts }: { readonly blob: StoredBlob; readonly facts: MediaFacts },
): Promise<FileRow> {
  const { db, files, ids, clock, limits } = needs
  return await db.transaction().execute(async (tx) => {
    await alone(tx, owner)
    await alone(tx, blob.sha256)
    const before = upload === undefined ? undefined : await fileOfUpload(tx, upload)
    if (before) return before
    await checkPersonQuota(tx, owner, blob.sizeBytes, limits)
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
        blurhash: facts.blurhash ?? null,
        duration_ms: facts.durationMs ?? null,
        pages: facts.pages ?? null,
        upload: upload ?? null,
        created_at: isoTime(clock.now()),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
  })
}

/** The file that a resumable upload became. */
export async function fileOfUpload(db: CityDb, upload: string): Promise<FileRow | undefined> {
  return await db.selectFrom('city.file').selectAll().where('upload', '=', upload).executeTakeFirst()
}
