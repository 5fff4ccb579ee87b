import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { parse } from 'node:querystring'
import multipart from '@fastify/multipart'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { kernelError } from '../../kernel/errors.ts'
import type { Metrics } from '../metrics.ts'
import { answerDirectly } from './direct.ts'
import { failureOf, httpError, retryAfter } from './http.errors.ts'
import { acceptJson } from './json-body.ts'
import { type Measured, measureRequests } from './measure-requests.ts'
import { originAllowed } from './origin.ts'
import { requestLog } from './request-log.ts'
import { type SecurityHeaders, securityHeaders } from './security-headers.ts'
import { withoutNul } from './serve.ts'
import { acceptUpgrades } from './upgrade.ts'
import { answerWireError } from './wire-errors.ts'

export interface HttpNeeds {
  readonly logger: FastifyBaseLogger
  readonly metrics: Metrics
  /** Where browsers reach the city; its origin is trusted. */
  readonly publicUrl: string
  /** Addresses of the proxies in front that may be believed about the client's address; false where there are none. */
  readonly trustProxy: string | false
  readonly maxUploadBytes: number
}

const MAX_BODY_BYTES = 1024 * 1024
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** The HTTP server before it listens: request ids, one error shape, security headers, metrics, uploads, sockets. */
export async function createHttp(needs: HttpNeeds): Promise<FastifyInstance> {
  const makeId = createRequestIds()
  const app = fastify({
    loggerInstance: needs.logger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: requestLog,
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: needs.trustProxy,
    requestTimeout: 120_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    genReqId: makeId,
    clientErrorHandler: answerWireError,
    routerOptions: { querystringParser: readQuery },
    frameworkErrors: (error, request, reply) => void answerFailure(error, request, reply),
    // Input is judged by the contracts' zod schemas: no ajv is built at start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  })
  const { logger, publicUrl } = needs
  const readJson = acceptJson(app)
  const headers = securityHeaders(publicUrl)
  const measured = measureRequests(app, needs.metrics)
  const isForeign = (request: IncomingMessage) => comesFromElsewhere(request, publicUrl)
  answerErrors(app)
  openRequests(app, headers, measured, isForeign)
  answerDirectly(app, {
    headers: headers.data.flat(),
    logger,
    makeId,
    maxBody: MAX_BODY_BYTES,
    measured,
    isForeign,
    readJson,
    readQuery,
  })
  await app.register(multipart, {
    throwFileSizeLimit: true,
    limits: { fileSize: needs.maxUploadBytes, files: 1, fields: 20, fieldSize: 64 * 1024, headerPairs: 100 },
  })
  acceptUpgrades(app)
  return app
}

/** How long an address may be bounds how much it names. */
const readQuery = (text: string): Record<string, unknown> => parse(text, '&', '=', { maxKeys: 0 })

const noSchemas = () => () => {
  throw new Error('Routes are described by contracts, not by JSON Schema')
}

/** The id a caller gave, where it is a plain one; otherwise this process's own 96 random bits and a count. */
function createRequestIds(): (request: IncomingMessage) => string {
  const own = `req_${randomBytes(12).toString('hex')}`
  let count = 0
  return ({ headers }) => {
    const given = headers['x-request-id']
    return typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : `${own}${++count}`
  }
}

/** Answers every failure in the one error shape, and logs those that are bugs. */
function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerFailure)
  app.setNotFoundHandler((_request, reply) => {
    const failure = kernelError('http.not_found')
    return reply.code(failure.status).send(failure.toJSON())
  })
}

function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = failureOf(error)
  if (failure.kind === 'internal') request.log.error({ err: error, route: request.routeOptions.url }, 'bug')
  const later = retryAfter(failure)
  if (later) reply.header('retry-after', later)
  return reply.code(failure.status).type('application/json; charset=utf-8').send(failure.toJSON())
}

/** What every request begins with, in one hook, because each costs every request: it is counted, its answer gets the headers that keep browsers safe, and another site's is refused. */
function openRequests(
  app: FastifyInstance,
  headers: SecurityHeaders,
  measured: Measured,
  isForeign: (request: IncomingMessage) => boolean,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { answers } = measured.begin(request)
    for (const [name, value] of headers[answers]) reply.header(name, value)
    reply.header('x-request-id', request.id)
    if (request.raw.url?.includes('%00')) Object.assign(request, { params: withoutNul(request.params) })
    done(isForeign(request.raw) ? httpError('auth.wrong_origin') : undefined)
  })
}

/** A browser names the page a changing request comes from; another site's is refused, whatever cookie it carries. */
function comesFromElsewhere({ headers, method }: IncomingMessage, publicUrl: string): boolean {
  const { host, origin } = headers
  return origin !== undefined && UNSAFE.has(method ?? '') && !originAllowed(origin, publicUrl, host)
}
