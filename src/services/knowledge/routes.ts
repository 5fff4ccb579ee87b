import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { engineError } from '../../engines/engine.errors.ts'
import { claimedType } from '../../engines/media/accepted.ts'
import type { Call } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'
import { storable } from '../../platform/database/storable.ts'
import { filesError } from '../../platform/files/files.errors.ts'
import type { Files, StoredBlob } from '../../platform/files/files.ts'
import { isBrokenForm } from '../../platform/http/broken-form.ts'
import { admitted } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import type { Access } from './access.ts'
import { DOCUMENT_RIGHTS } from './collections.contract.ts'
import type { CollectionStore } from './collections.store.ts'
import { knowledgeError } from './knowledge.errors.ts'
import type { Held, KnowledgeStore } from './knowledge.store.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { shown } from './shown.ts'

export interface RouteNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly access: Access
  readonly collections: CollectionStore
  readonly store: KnowledgeStore
  readonly files: Files
  readonly own: Files
  readonly maxUploadBytes: number
  open(id: string, call: Call): Promise<Held>
}

/** What bytes alone do not tell apart. */
const PLAIN = /^(text\/plain|application\/(octet-stream|zip))$/
const INLINE = /^(application\/pdf|image\/(png|jpeg|webp|gif)|text\/plain)$/

/** `POST /api/knowledge/collections/:collection/documents`: one multipart field `file`; 201 for a new document, 200 for one that is there. `GET /api/knowledge/documents/:document/original`: its bytes. */
export function knowledgeRoutes(app: FastifyInstance, authenticate: Authenticate, needs: RouteNeeds): void {
  const { access, collections, db, files, open, own, store } = needs

  app.post('/api/knowledge/collections/:collection/documents', async (request, reply) => {
    const call = await admitted(request, reply, DOCUMENT_RIGHTS.upload, authenticate)
    // The route's own pattern makes this a string.
    const entered = await access.enter((request.params as { collection: string }).collection, call)
    await access.check(entered, 'post', call)
    const { blob, name } = await receive(request, own, needs.maxUploadBytes)
    const keep = async () =>
      await db.transaction().execute((tx) =>
        collections.bring(tx, {
          collection: entered.id,
          sha256: blob.sha256,
          name,
          mime: PLAIN.test(blob.mime) ? (claimedType({ mime: '', name }) ?? blob.mime) : blob.mime,
          sizeBytes: blob.sizeBytes,
          by: call.principal.id,
          series: `name:${name.toLowerCase()}`,
        }),
      )
    try {
      if (blob.sizeBytes === 0) throw engineError('file.empty')
      const { id, isNew } = await keep()
      const held = await store.find(id)
      if (!held) throw knowledgeError('knowledge.document_not_found')
      return await reply.code(isNew ? 201 : 200).send(shown(held))
    } catch (failure) {
      if (!(await collections.isHeld(db, blob.sha256))) await own.delete(blob.sha256)
      throw failure
    }
  })

  app.get('/api/knowledge/documents/:document/original', async (request, reply) => {
    const call = await admitted(request, reply, DOCUMENT_RIGHTS.download, authenticate)
    const held = await open((request.params as { document: string }).document, call)
    const place = (await own.has(held.sha256)) ? own : files
    if (!(await place.has(held.sha256))) throw filesError('file.missing')
    const tag = `"${held.sha256}"`
    const kind = INLINE.test(held.mime) ? 'inline' : 'attachment'
    reply
      .header('etag', tag)
      .header('cache-control', 'private, no-cache')
      .header('vary', 'cookie, authorization')
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('cross-origin-resource-policy', 'same-origin')
      .header(
        'content-disposition',
        `${kind}; filename*=UTF-8''${encodeURIComponent(held.name || held.title)}`,
      )
      .type(held.mime.startsWith('text/') ? `${held.mime}; charset=utf-8` : held.mime)
    if (request.headers['if-none-match'] === tag) return await reply.code(304).send()
    return await reply.header('content-length', held.sizeBytes).send(await place.open(held.sha256))
  })
}

const MAX_NAME = 200

/** The one file of a request, stored. */
async function receive(
  request: FastifyRequest,
  own: Files,
  maxBytes: number,
): Promise<{ readonly blob: StoredBlob; readonly name: string }> {
  if (!request.isMultipart()) throw knowledgeError('knowledge.upload_missing')
  try {
    // One byte more than allowed is let in, so that the store is the one that refuses.
    for await (const part of request.parts({ limits: { fileSize: maxBytes + 1, files: 1, fields: 20 } })) {
      if (part.type !== 'file' || part.fieldname !== 'file') continue
      const broken = () => {
        if (!request.raw.complete) part.file.destroy(knowledgeError('knowledge.upload_broken'))
      }
      request.raw.once('close', broken)
      try {
        const name = storable(part.filename ?? '')
          .replace(/^.*[\\/]/, '')
          .trim()
          .slice(0, MAX_NAME)
        return { blob: await own.put(part.file, { maxBytes }), name: name || 'file' }
      } finally {
        request.raw.off('close', broken)
        part.file.resume()
      }
    }
  } catch (cause) {
    request.raw.resume()
    if (cause instanceof AppError || !isBrokenForm(cause)) throw cause
    throw knowledgeError('knowledge.upload_broken', {}, { cause })
  }
  throw knowledgeError('knowledge.upload_missing')
}
