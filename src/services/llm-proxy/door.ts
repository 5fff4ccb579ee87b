import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createOverdue, type Overdue } from '../../engines/llm/overdue.ts'
import type { StopSignal } from '../../engines/llm/wire.ts'
import { admit, type Operation } from '../../kernel/contract.ts'
import type { AppError } from '../../kernel/errors.ts'
import type { Asked as HttpAsked } from '../../platform/http/direct.ts'
import { failureOf, retryAfter } from '../../platform/http/http.errors.ts'
import { createJsonReader } from '../../platform/http/json-body.ts'
import type { Identity } from '../../platform/http/service.ts'
import type { Asker, By } from './ask.ts'
import { Leaving } from './leaving.ts'
import { llmProxyError } from './llm-proxy.errors.ts'

const MAX_BODY_BYTES = 32 * 1024 * 1024
const MAX_ANSWER_MS = 10 * 60_000
const SLOWEST_READER_MS = 120_000
const SMALL_BYTES = 64 * 1024
const NO_BODY = { bytes: Buffer.alloc(0), body: undefined }
const JSON_TYPE = 'application/json; charset=utf-8'

/** One request at a door of ours, already let in. */
export interface Visit {
  readonly asker: Asker
  /** Parsed once; bounded in depth. */
  readonly body: unknown
  /** The same as it came. */
  readonly bytes: Buffer
  /** Aborts when the client is gone, and at the latest after ten minutes. */
  readonly signal: StopSignal
  /** Answers whole, in JSON. */
  send(status: number, body: Buffer | string, by?: By): void
  /** Begins to answer with server-sent events. */
  stream(by: By): EventStream
}

export interface EventStream {
  /** Whole events. Answers false where the client cannot take more; `onDrain` is called when it can. */
  write(events: Buffer | string): boolean
  onDrain(resume: () => void): void
  end(last: string): void
}

export interface DoorNeeds {
  readonly op: Operation
  readonly identify: (request: HttpAsked) => Identity | Promise<Identity>
  readonly askerOf: (identity: Identity, headers: FastifyRequest['headers']) => Asker
  /** A failure as the clients of this door read it. */
  readonly told: (failure: AppError) => { readonly status: number; readonly body: unknown }
  /** What it rejects with is answered by `told`, where nothing was answered yet. */
  readonly handle: (visit: Visit) => Promise<void>
  readonly bug: (failure: unknown) => void
}

/** Serves one door: plain requests on Node's own objects, all others by Fastify; both by the same `handle`. Who may not come in is refused before a large body is read. */
export function serveDoor(app: FastifyInstance, needs: DoorNeeds): void {
  const { op, identify } = needs
  const overdue = createOverdue<Leaving>(MAX_ANSWER_MS, (gone) =>
    gone.leave(new DOMException('The deadline has passed', 'TimeoutError')),
  )
  void app.register((scope, _options, done) => {
    const readJson = createJsonReader(scope)
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, bytes, taken) =>
      readJson(bytes, (error, body) => taken(error, { bytes, body })),
    )
    scope.setErrorHandler((cause, _request, reply) => {
      const failure = failureOf(cause)
      const { status, body } = needs.told(failure)
      const later = retryAfter(failure)
      if (later) reply.header('retry-after', later)
      void reply.code(status).send(body)
    })
    scope.route({
      method: op.method,
      url: op.path,
      bodyLimit: MAX_BODY_BYTES,
      config: {
        answers: 'data',
        direct: {
          hasBody: true,
          status: op.status,
          // `raw` stands before it.
          answer: () => Promise.resolve(),
          raw(request, bytes, reply, headers, wrong) {
            if (wrong) fail(needs, wrong, reply, headers)
            else void visit(needs, overdue, request, bytes, reply, headers)
          },
        },
      },
      onRequest: async (request) => admitHere(op, await identify(request)),
      async handler(request, reply) {
        // The parser of this scope makes both; where no body came, nothing did.
        const { bytes, body } = (request.body ?? NO_BODY) as { bytes: Buffer; body: unknown }
        const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)])
        reply.hijack()
        const asked = {
          id: request.id,
          url: request.url,
          headers: request.headers,
          params: {},
          query: {},
          raw: request.raw,
          body,
        }
        await visit(needs, overdue, asked, bytes, reply.raw, headers)
      },
    })
    done()
  })
}

async function visit(
  needs: DoorNeeds,
  overdue: Overdue<Leaving>,
  request: HttpAsked,
  bytes: Buffer,
  reply: ServerResponse,
  headers: readonly string[],
): Promise<void> {
  const gone = new Leaving()
  overdue.begin(gone)
  reply.on('close', () => {
    overdue.over(gone)
    if (!reply.writableFinished) gone.leave(new DOMException('The caller is gone', 'AbortError'))
  })
  try {
    const found = needs.identify(request)
    const identity = found instanceof Promise ? await found : found
    admitHere(needs.op, identity)
    await needs.handle({
      asker: needs.askerOf(identity, request.headers),
      body: request.body,
      bytes,
      signal: gone,
      send: (status, body, by) => answer(reply, status, body, withBy(headers, by)),
      stream: (by) => openStream(reply, withBy(headers, by), gone),
    })
  } catch (cause) {
    fail(needs, cause, reply, headers)
  }
}

/** A service may ask for nobody in particular. */
function admitHere(op: Operation, identity: Identity): void {
  if (!identity.service) admit(op, identity)
}

function withBy(headers: readonly string[], by: By | undefined): string[] {
  const all = headers.slice()
  if (by) all.push('x-daarion-model', headerText(by.model), 'x-daarion-provider', headerText(by.provider))
  return all
}

/** Names come from a file of the operator's; a header takes Latin letters alone. */
const headerText = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text))

function answer(reply: ServerResponse, status: number, body: Buffer | string, headers: string[]): void {
  if (reply.headersSent || reply.destroyed) return
  headers.push('content-type', JSON_TYPE, 'content-length', String(Buffer.byteLength(body)))
  reply.writeHead(status, headers)
  // As one string with the head it is one write; read and written as Latin letters, bytes stay what they are.
  if (typeof body !== 'string' && body.length <= SMALL_BYTES) reply.end(body.toString('latin1'), 'latin1')
  else reply.end(body)
}

function fail(needs: DoorNeeds, cause: unknown, reply: ServerResponse, headers: readonly string[]): void {
  const failure = failureOf(cause)
  if (failure.kind === 'internal') needs.bug(cause)
  if (reply.headersSent) return void reply.destroy()
  const { status, body } = needs.told(failure)
  const later = retryAfter(failure)
  answer(reply, status, JSON.stringify(body), later ? [...headers, 'retry-after', later] : headers.slice())
}

function openStream(reply: ServerResponse, headers: string[], gone: Leaving): EventStream {
  headers.push(
    'content-type',
    'text/event-stream; charset=utf-8',
    'cache-control',
    'no-store',
    'x-accel-buffering',
    'no',
  )
  reply.writeHead(200, headers)
  let slow: NodeJS.Timeout | undefined
  let resume = () => {}
  reply.on('drain', () => {
    clearTimeout(slow)
    slow = undefined
    resume()
  })
  return {
    write(events) {
      if (reply.write(events)) return true
      slow ??= setTimeout(() => {
        gone.leave(llmProxyError('llm_proxy.too_slow_reader', { seconds: SLOWEST_READER_MS / 1000 }))
        reply.destroy()
      }, SLOWEST_READER_MS)
      slow.unref()
      return false
    },
    onDrain(then) {
      resume = then
    },
    end(last) {
      clearTimeout(slow)
      reply.end(last)
    },
  }
}
