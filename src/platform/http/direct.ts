import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import { createAddresses } from './addresses.ts'
import { failureOf, retryAfter } from './http.errors.ts'
import type { ReadJson } from './json-body.ts'
import type { Counted, Measured } from './measure-requests.ts'
import type { Sender } from './service.ts'

/** What an operation reads of a request. */
export interface Asked extends Sender, Pick<FastifyRequest, 'url' | 'body' | 'params' | 'query'> {}
/** Where it is answered. */
export interface Replied {
  readonly raw: ServerResponse
}

/** How an operation's route is answered without Fastify's round. */
export interface DirectRoute {
  readonly hasBody: boolean
  readonly status: number
  answer(request: Asked, reply: Replied): Promise<unknown>
  /** Where it writes its answer itself: called instead of `answer`, with the body as it came, and with what is wrong with it. `headers` are those that every answer has, names and values by turns. */
  readonly raw?: (
    request: Asked,
    bytes: Buffer,
    reply: ServerResponse,
    headers: readonly string[],
    wrong: Error | null,
  ) => void
}

interface DirectNeeds {
  /** Of every answer: names and values by turns. */
  readonly headers: readonly string[]
  readonly logger: FastifyBaseLogger
  readonly makeId: (request: IncomingMessage) => string
  readonly maxBody: number
  readonly measured: Measured
  readonly isForeign: (request: IncomingMessage) => boolean
  readonly readJson: ReadJson
  /** Of what stands after the question mark. */
  readonly readQuery: (text: string) => Record<string, unknown>
}

interface Known {
  readonly url: string
  readonly counted: Counted
  /** Nothing where the route is no operation. */
  readonly direct: DirectRoute | undefined
}

/** Answers plain requests for operations on Node's own objects, because Fastify's round costs more than all else that is done for them: an address whose path is written plainly, a JSON body of said length or none, from no other site. Whatever is less plain, and everything once the server closes, goes Fastify's way; both call the same `answer` of the route. */
export function answerDirectly(app: FastifyInstance, needs: DirectNeeds): void {
  const routes = createAddresses<Known>()
  // Routes that are no operations are known too: theirs may be the better match.
  app.addHook('onRoute', ({ config, method, url }) => {
    for (const one of [method].flat())
      routes.add(one, url, { url, counted: needs.measured.of(url), direct: config?.direct })
  })
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })
  const fastify = app.server.listeners('request') as RequestListener[]
  app.server.removeAllListeners('request')
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '' } = request
    const asks = url.indexOf('?')
    const found = closing ? undefined : routes.find(method, asks < 0 ? url : url.slice(0, asks))
    const direct = found?.route.direct
    if (!found || !direct || !isPlain(request, direct, needs)) {
      for (const listener of fastify) listener(request as never, response as never)
      return
    }
    const exchange: Exchange = {
      id: needs.makeId(request),
      url,
      headers: request.headers,
      params: found.params,
      query: asks < 0 ? NONE : needs.readQuery(url.slice(asks + 1)),
      body: undefined,
      raw: request,
      reply: { raw: response },
      route: found.route,
      needs,
      since: performance.now(),
    }
    begin(exchange, direct)
  })
}

/** As clients write it; who writes it otherwise goes Fastify's way. */
const isJson = (type = ''): boolean =>
  type === 'application/json' || /^application\/json; ?charset=utf-8$/i.test(type)

function isPlain(request: IncomingMessage, { hasBody }: DirectRoute, { isForeign, maxBody }: DirectNeeds) {
  const { headers } = request
  const length = headers['content-length']
  const body = hasBody
    ? isJson(headers['content-type']) && Number(length) <= maxBody
    : length === undefined && headers['transfer-encoding'] === undefined
  return body && headers.expect === undefined && !isForeign(request)
}

const NONE = Object.freeze({})
const JSON_TYPE = 'application/json; charset=utf-8'

/** One request and its answer. */
interface Exchange extends Asked {
  readonly raw: IncomingMessage
  body: unknown
  readonly reply: Replied
  readonly route: Known
  readonly needs: DirectNeeds
  readonly since: number
}

function begin(exchange: Exchange, direct: DirectRoute): void {
  const { raw, reply, route } = exchange
  route.counted.active++
  reply.raw.on('close', () => ended(exchange))
  if (direct.hasBody)
    readBody(raw, (body) =>
      exchange.needs.readJson(body, (error, value) => {
        exchange.body = value
        if (direct.raw) return direct.raw(exchange, body, reply.raw, headersOf(exchange), error)
        if (error) return refuse(exchange, error)
        void run(exchange, direct)
      }),
    )
  else void run(exchange, direct)
}

const NOTHING = Buffer.alloc(0)
/** The body, once all of it is there; never where the client goes away before. */
function readBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  let rest = Number(request.headers['content-length'])
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => {
    rest -= part.length
    if (rest > 0) parts.push(part)
    else done(parts.length > 0 ? Buffer.concat([...parts, part]) : part)
  })
  if (rest === 0) done(NOTHING)
}

async function run(exchange: Exchange, { answer, status }: DirectRoute): Promise<void> {
  try {
    send(exchange, status, await answer(exchange, exchange.reply))
  } catch (error) {
    refuse(exchange, error)
  }
}

function refuse(exchange: Exchange, error: unknown): void {
  const failure = failureOf(error)
  if (failure.kind === 'internal')
    exchange.needs.logger.error({ reqId: exchange.id, err: error, route: exchange.route.url }, 'bug')
  send(exchange, failure.status, failure.toJSON(), retryAfter(failure))
}

function headersOf({ id, needs }: Exchange): string[] {
  const headers = needs.headers.slice()
  headers.push('x-request-id', id)
  return headers
}

function send(exchange: Exchange, status: number, value: unknown, later?: string): void {
  const { raw } = exchange.reply
  const body = JSON.stringify(value)
  const length = Buffer.byteLength(body)
  const headers = headersOf(exchange)
  headers.push('content-type', JSON_TYPE, 'content-length', String(length))
  if (later) headers.push('retry-after', later)
  raw.writeHead(status, headers)
  // Letters of one byte each are the same in both, and cheaper to write in the older.
  if (length === body.length) raw.end(body, 'latin1')
  else raw.end(body)
}

function ended({ raw, reply, route: { counted }, since }: Exchange): void {
  counted.active--
  if (reply.raw.writableFinished)
    counted.answered(raw.method ?? '', reply.raw.statusCode, (performance.now() - since) / 1000)
}
