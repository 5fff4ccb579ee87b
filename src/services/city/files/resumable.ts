import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError, kernelError } from '../../../kernel/errors.ts'
import { filesError } from '../../../platform/files/files.errors.ts'
import { admitted } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb, FileRow } from '../city.store.ts'
import { FILE_RIGHTS } from '../files.contract.ts'
import { cleanName } from '../messages/names.ts'
import { fileOfUpload, type Intake } from './intake.ts'

interface ResumableNeeds {
  readonly db: CityDb
  readonly intake: Intake
  /** Where the bytes wait until they are all there. */
  readonly folder: string
  readonly limits: { readonly maxUploadBytes: number }
}

const PATH = '/api/city/uploads'
const KEPT_MS = 24 * 3600_000
const OPEN_MOST = 20

/**
 * Uploads that go on after a broken line, by the tus protocol 1.0 (https://tus.io/protocols/resumable-upload): creation, expiration, termination.
 * Bytes wait a day in a folder; `keep` makes a complete upload a file. An upload's id begins with its owner's, and is there for nobody else.
 */
export function createResumable({ db, intake, folder, limits }: ResumableNeeds) {
  const asker = new AsyncLocalStorage<string>()
  /** Loaded with the first upload: a city that starts has no use for it. */
  const load = once(async () => {
    const [{ Server }, { FileStore }] = await Promise.all([import('@tus/server'), import('@tus/file-store')])
    const store = new FileStore({ directory: folder, expirationPeriodInMilliseconds: KEPT_MS })
    const tus = new Server({
      path: PATH,
      datastore: store,
      maxSize: limits.maxUploadBytes,
      relativeLocation: true,
      allowedOrigins: () => false,
      namingFunction: () => `${asker.getStore()}.${randomUUID()}`,
      onResponseError: (_request, error) => inOurShape(error, limits.maxUploadBytes),
    })
    return { tus, store }
  })

  const beforeCreation = async (request: FastifyRequest, owner: string): Promise<void> => {
    const open = (await readdir(folder).catch(() => [])).filter((name) => isOf(owner, name))
    // Each upload is two files: its bytes, and what is known of them.
    if (open.length >= 2 * OPEN_MOST) throw cityError('city.uploads_open', { limit: OPEN_MOST })
    await intake.checkQuota(owner, Number(request.headers['upload-length']) || 1)
  }

  return {
    routes(app: FastifyInstance, authenticate: Authenticate): void {
      void app.register((scope, _options, registered) => {
        // The bytes are not read here: they stream into the folder.
        scope.addContentTypeParser('application/offset+octet-stream', (_request, _body, done) => done(null))
        for (const url of [PATH, `${PATH}/:upload`])
          scope.route({
            method: ['POST', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS'],
            url,
            async handler(request, reply) {
              const { principal } = await admitted(request, reply, FILE_RIGHTS.upload, authenticate)
              const { upload } = request.params as { upload?: string }
              if (upload !== undefined && !isOf(principal.id, upload)) throw kernelError('http.not_found')
              if (request.method !== 'OPTIONS' && request.headers['tus-resumable'] !== VERSION)
                return await reply
                  .code(WRONG_VERSION)
                  .header('tus-version', VERSION)
                  .send(cityError('city.upload_broken').toJSON())
              const unreadable = Object.keys(READABLE).find((name) => !isReadable(request, name))
              if (unreadable !== undefined) throw kernelError('input.invalid', { detail: unreadable })
              if (upload === undefined && request.method === 'POST')
                await beforeCreation(request, principal.id)
              for (const [name, value] of Object.entries(reply.getHeaders()))
                if (value !== undefined) reply.raw.setHeader(name, value)
              const { tus } = await load()
              reply.hijack()
              await asker.run(principal.id, () => tus.handle(request.raw, reply.raw))
            },
          })
        registered()
      })
    },

    /** Makes a complete upload its owner's file. Rejects with `city.upload_not_found`, `city.upload_incomplete`, and as taking in does; what is refused is thrown away. */
    async keep(owner: string, upload: string, signal: AbortSignal): Promise<FileRow> {
      if (!isOf(owner, upload)) throw cityError('city.upload_not_found')
      const before = await fileOfUpload(db, upload)
      if (before) return before
      const { store } = await load()
      const known = await store.getUpload(upload).catch(() => undefined)
      if (!known) throw cityError('city.upload_not_found')
      const { size, offset, metadata } = known
      if (size === undefined || offset < size) throw cityError('city.upload_incomplete')
      const name = cleanName(metadata?.filename ?? '')
      try {
        const row = await intake.take(store.read(upload), { owner, name, upload }, signal)
        await store.remove(upload).catch(() => undefined)
        return row
      } catch (failure) {
        // What may be tried again stays until it expires.
        if (!AppError.from(failure).retryable) await store.remove(upload).catch(() => undefined)
        throw failure
      }
    },

    /** Makes the folder, and throws away what waited longer than a day. */
    async sweep(now: number): Promise<void> {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      for (const name of await readdir(folder)) {
        const path = join(folder, name)
        const { mtimeMs } = await stat(path)
        if (mtimeMs + KEPT_MS < now) await rm(path, { force: true })
      }
    },
  }
}

const NEVER = /(?!)/
const VERSION = '1.0.0'
/** What the protocol answers to another version of it. */
const WRONG_VERSION = 412
/** Of what is known of an upload its name alone is used. */
const MAX_HEADER = 2_000
const WHOLE = /^\d{1,15}$/
/** Headers as the protocol writes them; the library would refuse others in words of its own. Uploads are not joined, and a method is said as such. */
const READABLE: Readonly<Record<string, RegExp>> = {
  'upload-length': WHOLE,
  'upload-offset': WHOLE,
  'upload-defer-length': /^1$/,
  'upload-metadata': /^[^\s,]+( [A-Za-z0-9+/]*={0,2})?(,\s*[^\s,]+( [A-Za-z0-9+/]*={0,2})?)*$/,
  'upload-concat': NEVER,
  'x-http-method-override': NEVER,
}

function isReadable({ method, headers }: FastifyRequest, name: string): boolean {
  if (name === 'upload-offset' && method === 'PATCH' && headers[name] === undefined) return false
  const value = headers[name]
  if (value === undefined) return true
  const said = String(value)
  if (said.length > MAX_HEADER || !READABLE[name]?.test(said)) return false
  const keys = name === 'upload-metadata' ? said.split(',').map((pair) => pair.trim().split(' ')[0]) : []
  return new Set(keys).size === keys.length
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

const isOf = (owner: string, upload: string): boolean =>
  upload.startsWith(`${owner}.`) && /^[\w.-]+$/.test(upload)

type TusError = Error | { readonly status_code: number; readonly body: string }

/** What the library says, in our words and our shape. */
function inOurShape(error: TusError, maxBytes: number): { status_code: number; body: string } {
  const status = 'status_code' in error ? error.status_code : 500
  const failure =
    status === 413
      ? filesError('file.too_large', { maxMegabytes: Math.floor(maxBytes / 1024 / 1024) })
      : status === 404 || status === 410
        ? cityError('city.upload_not_found')
        : cityError('city.upload_broken', {}, error instanceof Error ? { cause: error } : {})
  return { status_code: status, body: JSON.stringify(failure.toJSON()) }
}
