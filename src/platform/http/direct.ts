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
}

interface Known {
  readonly url: string
  readonly counted: Counted
  /** Nothing where the route is no operation. */
  readonly direct: DirectRoute | undefined
}

/** Answers plain requests for operations on Node's own objects, because Fastify's round costs more than all else that is done for them: a plain address, a JSON body of said length or none, from no other site. Whatever is less plain, and everything once the server closes, goes Fastify's way; both call the same `answer` of the route. */
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
    const found = closing ? undefined : routes.find(method, url)
    if (found?.route.direct && isPlain(request, found.route.direct, needs))
      new Exchange(request, response, found.route, found.params, needs).begin(found.route.direct)
    else for (const listener of fastify) listener(request as never, response as never)
  })
}

function isPlain(request: IncomingMessage, { hasBody }: DirectRoute, { isForeign, maxBody }: DirectNeeds) {
  const { headers } = request
  const length = headers['content-length']
  const body = hasBody
    ? headers['content-type'] === 'application/json' && Number(length) <= maxBody
    : length === undefined && headers['transfer-encoding'] === undefined
  return body && headers.expect === undefined && !isForeign(request)
}

const NONE = Object.freeze({})
const JSON_TYPE = 'application/json; charset=utf-8'

/** One request and its answer. */
class Exchange implements Asked {
  readonly id: string
  readonly query = NONE
  body: unknown
  readonly raw: IncomingMessage
  readonly params: Readonly<Record<string, string>>
  readonly #reply: Replied
  readonly #route: Known
  readonly #needs: DirectNeeds
  readonly #since = performance.now()

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    route: Known,
    params: Readonly<Record<string, string>>,
    needs: DirectNeeds,
  ) {
    this.id = needs.makeId(request)
    this.raw = request
    this.params = params
    this.#reply = { raw: response }
    this.#route = route
    this.#needs = needs
  }

  get headers(): IncomingMessage['headers'] {
    return this.raw.headers
  }
  get url(): string {
    return this.raw.url ?? ''
  }

  begin(direct: DirectRoute): void {
    this.#route.counted.active++
    this.#reply.raw.on('close', () => this.#ended())
    if (!direct.hasBody) return void this.#run(direct)
    const parts: Buffer[] = []
    this.raw.on('data', (part: Buffer) => parts.push(part))
    // Never comes where the client goes away before.
    this.raw.on('end', () =>
      this.#needs.readJson(Buffer.concat(parts), (error, value) => {
        if (error) return this.#refuse(error)
        this.body = value
        void this.#run(direct)
      }),
    )
  }

  async #run({ answer, status }: DirectRoute): Promise<void> {
    try {
      this.#send(status, await answer(this, this.#reply))
    } catch (error) {
      this.#refuse(error)
    }
  }

  #refuse(error: unknown): void {
    const failure = failureOf(error)
    if (failure.kind === 'internal')
      this.#needs.logger.error({ reqId: this.id, err: error, route: this.#route.url }, 'bug')
    this.#send(failure.status, failure.toJSON(), retryAfter(failure))
  }

  #send(status: number, value: unknown, later?: string): void {
    const body = JSON.stringify(value)
    const length = String(Buffer.byteLength(body))
    const own = ['x-request-id', this.id, 'content-type', JSON_TYPE, 'content-length', length]
    const headers = [...this.#needs.headers, ...own]
    if (later) headers.push('retry-after', later)
    this.#reply.raw.writeHead(status, headers)
    this.#reply.raw.end(body)
  }

  #ended(): void {
    const { counted } = this.#route
    const { raw } = this.#reply
    counted.active--
    if (raw.writableFinished)
      counted.answered(this.raw.method ?? '', raw.statusCode, (performance.now() - this.#since) / 1000)
  }
}
