import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Call, invoke, type Operation } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'
import { filesError } from '../../platform/files/files.errors.ts'
import { isBrokenForm } from '../../platform/http/broken-form.ts'
import { failureOf, retryAfter } from '../../platform/http/http.errors.ts'
import { admitFirst, inputReader, openCall } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import type { Emit } from './answer.ts'
import type { FilePart } from './asked.ts'
import type { RouteAnswer, RouteRequest } from './router-v2.contract.ts'
import { routerV2Error } from './router-v2.errors.ts'

type Uploads = readonly FilePart[]

export interface ServedRoute {
  readonly op: Operation
  route(
    input: RouteRequest,
    call: Call,
    more: { readonly uploads: Uploads; readonly emit: Emit },
  ): Promise<RouteAnswer>
  readonly maxPartBytes: number
}

/** Room for several parts in base64. */
const MAX_BODY_BYTES = 64 * 1024 * 1024
const MAX_FILES = 10
const MAX_QUEUED = 10_000
const HEARTBEAT_MS = 15_000

/** Serves the route of every kind of request: JSON or a form, answered whole or as it goes. v1's form fails in v1's envelope. */
export function serveRoute(app: FastifyInstance, authenticate: Authenticate, served: ServedRoute): void {
  const { op } = served
  const read = inputReader(op)
  app.route({
    method: op.method,
    url: op.path,
    bodyLimit: MAX_BODY_BYTES,
    onRequest: admitFirst(op, authenticate),
    async handler(request, reply) {
      const call = await openCall(request, reply, op, authenticate)
      const { uploads, raw } = request.isMultipart()
        ? await readForm(request, served.maxPartBytes)
        : { uploads: [], raw: read(request) }
      const key = request.headers['idempotency-key']
      const input = typeof key === 'string' ? { ...raw, idempotencyKey: key } : raw
      const run = (emit: Emit) =>
        invoke(op, (judged: never, own) => served.route(judged, own, { uploads, emit }), input, call)
      if (request.headers.accept?.includes('text/event-stream')) return streamed(request, reply, call, run)
      try {
        return await run(() => undefined)
      } catch (cause) {
        // v1's clients look for `ok`.
        if (!('message' in raw)) throw cause
        const failure = failureOf(cause)
        if (failure.kind === 'internal') request.log.error({ err: cause, route: op.path }, 'bug')
        const later = retryAfter(failure)
        if (later !== undefined) reply.header('retry-after', later)
        return reply.code(failure.status).send({ ok: false, ...failure.toJSON() })
      }
    },
  })
}

/** Begins at once; what fails afterwards is an `error` event. A reader that is too slow is cut off rather than waited for with memory. */
function streamed(
  request: FastifyRequest,
  reply: FastifyReply,
  { signal }: Call,
  run: (emit: Emit) => Promise<unknown>,
): FastifyReply {
  const stream = new Readable({ read() {} })
  let queued = 0
  const emit: Emit = (event, data) => {
    if (stream.destroyed) return
    queued = stream.readableLength
    if (queued > MAX_QUEUED * 1_000) stream.destroy()
    else stream.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const beat = setInterval(() => stream.push(': still here\n\n'), HEARTBEAT_MS)
  beat.unref()
  const work = async () => {
    try {
      emit('done', await run(emit))
    } catch (cause) {
      const failure = AppError.from(cause)
      if (failure.kind === 'internal')
        request.log.error({ err: cause, route: request.routeOptions.url }, 'bug')
      if (!signal.aborted) emit('error', failure.toJSON().error)
    } finally {
      clearInterval(beat)
      if (!stream.destroyed) stream.push(null)
    }
  }
  void work()
  return reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(stream)
}

const JSON_FIELDS = new Set(['parts', 'payload', 'capabilities', 'maxUsd', 'timeoutMs'])
const KINDS = ['audio', 'image', 'file'] as const

/** Reads a form: fields as in JSON (`request` for several at once), and files, whose kind is their field's name, else their type's. */
async function readForm(
  request: FastifyRequest,
  maxBytes: number,
): Promise<{ uploads: Uploads; raw: Record<string, unknown> }> {
  const raw: Record<string, unknown> = {}
  const uploads: FilePart[] = []
  let total = 0
  try {
    for await (const part of request.parts({ limits: { fileSize: maxBytes, files: MAX_FILES } })) {
      if (part.type === 'field') {
        if (typeof part.value !== 'string') continue
        if (part.fieldname === 'request') Object.assign(raw, Object(parsed(part.fieldname, part.value)))
        else
          raw[part.fieldname] = JSON_FIELDS.has(part.fieldname)
            ? parsed(part.fieldname, part.value)
            : part.value
        continue
      }
      const bytes = await part.toBuffer()
      total += bytes.length
      if (total > MAX_BODY_BYTES)
        throw filesError('file.too_large', { maxMegabytes: Math.floor(MAX_BODY_BYTES / 1024 ** 2) })
      const name = part.filename || part.fieldname
      const type = kindOf(part.fieldname, part.mimetype)
      uploads.push({ type, name, source: { bytes, mime: part.mimetype, name } })
    }
  } catch (cause) {
    request.raw.resume()
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'FST_REQ_FILE_TOO_LARGE')
      throw filesError('file.too_large', { maxMegabytes: Math.floor(maxBytes / 1024 ** 2) })
    if (code === 'FST_FILES_LIMIT')
      throw routerV2Error('router_v2.broken_form', { detail: `more than ${MAX_FILES} files` }, { cause })
    if (isBrokenForm(cause))
      throw routerV2Error('router_v2.broken_form', { detail: 'it broke off before its end' }, { cause })
    throw cause
  }
  // Words in a form are a part, unless it is of v1's form.
  if (raw.parts === undefined && raw.message === undefined)
    raw.parts = [{ type: 'text', text: typeof raw.text === 'string' ? raw.text : '' }]
  return { uploads, raw }
}

function kindOf(field: string, mime: string): FilePart['type'] {
  const named = KINDS.find((kind) => field === kind || field === `${kind}[]`)
  if (named && named !== 'file') return named
  if (mime.startsWith('audio/')) return 'audio'
  return mime.startsWith('image/') ? 'image' : 'file'
}

function parsed(field: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw routerV2Error('router_v2.broken_form', { detail: `${field} is not JSON` }, { cause })
  }
}
