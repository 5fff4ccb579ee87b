import { randomUUID } from 'node:crypto'
import helmet from '@fastify/helmet'
import multipart from '@fastify/multipart'
import websocket from '@fastify/websocket'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { kernelError } from '../../kernel/errors.ts'
import type { Metrics } from '../metrics.ts'
import { failureOf, httpError } from './http.errors.ts'
import { originAllowed } from './origin.ts'

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
  const app = fastify({
    loggerInstance: needs.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: needs.trustProxy,
    requestTimeout: 120_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    genReqId: (request) => requestId(request.headers['x-request-id']),
    // Input is judged by the contracts' zod schemas: no ajv is built at start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  })
  answerErrors(app)
  refuseForeignOrigins(app, needs.publicUrl)
  measure(app, needs.metrics)
  await app.register(helmet, securityHeaders(needs.publicUrl))
  await app.register(multipart, {
    throwFileSizeLimit: true,
    limits: { fileSize: needs.maxUploadBytes, files: 1, fields: 20, fieldSize: 64 * 1024, headerPairs: 100 },
  })
  await app.register(websocket, { options: { maxPayload: 256 * 1024, perMessageDeflate: false } })
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  return app
}

const noSchemas = () => () => {
  throw new Error('Routes are described by contracts, not by JSON Schema')
}

const requestId = (given: string | string[] | undefined): string =>
  typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : `req_${randomUUID()}`

/** Answers every failure in the one error shape, and logs those that are bugs. */
function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const failure = failureOf(error)
    if (failure.kind === 'internal') request.log.error({ err: error, route: request.routeOptions.url }, 'bug')
    if (failure.retryAfterMs !== undefined)
      reply.header('retry-after', String(Math.max(1, Math.ceil(failure.retryAfterMs / 1000))))
    return reply.code(failure.status).type('application/json; charset=utf-8').send(failure.toJSON())
  })
  app.setNotFoundHandler((_request, reply) => {
    const failure = kernelError('http.not_found')
    return reply.code(failure.status).send(failure.toJSON())
  })
}

/** A browser names the page a changing request comes from; another site's is refused, whatever cookie it carries. */
function refuseForeignOrigins(app: FastifyInstance, publicUrl: string): void {
  app.addHook('onRequest', async (request) => {
    const { origin } = request.headers
    if (
      origin !== undefined &&
      UNSAFE.has(request.method) &&
      !originAllowed(origin, publicUrl, request.headers.host)
    )
      throw httpError('auth.wrong_origin')
  })
}

function measure(app: FastifyInstance, metrics: Metrics): void {
  const requests = metrics.counter('http_requests_total', 'Requests answered', [
    'service',
    'method',
    'status',
  ])
  const seconds = metrics.histogram('http_request_duration_seconds', 'Time to the last byte', ['service'])
  const active = metrics.gauge('active_connections', 'Requests under way', ['service'])
  app.addHook('onRequest', async (request) => {
    active.inc({ service: serviceOf(request.routeOptions.url) })
  })
  app.addHook('onResponse', async (request, reply) => {
    const service = serviceOf(request.routeOptions.url)
    active.dec({ service })
    requests.inc({ service, method: request.method, status: reply.statusCode })
    seconds.observe({ service }, reply.elapsedTime / 1000)
  })
}

const OWNERS: readonly (readonly [prefix: string, service: string])[] = [
  ['/api/router/v2', 'router-v2'],
  ['/api/route', 'router'],
  ['/api/multimodal', 'multimodal-gateway'],
  ['/api/models', 'multimodal-gateway'],
  ['/v1/audio', 'multimodal-gateway'],
  ['/v1/', 'llm-proxy'],
  ['/api/auth', 'auth'],
  ['/api/city', 'city'],
  ['/api/agents', 'agents'],
  ['/api/knowledge', 'knowledge'],
]
const services = new Map<string, string>()

/** Which service a route belongs to, by its path. */
export function serviceOf(route: string | undefined): string {
  if (route === undefined) return 'none'
  let service = services.get(route)
  if (service === undefined) {
    service = OWNERS.find(([prefix]) => route.startsWith(prefix))?.[1] ?? 'web'
    services.set(route, service)
  }
  return service
}

function securityHeaders(publicUrl: string) {
  const secure = publicUrl.startsWith('https:')
  const self = "'self'"
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: [self],
        scriptSrc: [self],
        styleSrc: [self, "'unsafe-inline'"],
        imgSrc: [self, 'data:', 'blob:'],
        mediaSrc: [self, 'blob:'],
        fontSrc: [self],
        connectSrc: [self],
        workerSrc: [self, 'blob:'],
        objectSrc: ["'none'"],
        baseUri: [self],
        formAction: [self],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 31_536_000 } : false,
    crossOriginOpenerPolicy: secure,
    originAgentCluster: secure,
    referrerPolicy: { policy: 'no-referrer' as const },
    xFrameOptions: { action: 'deny' as const },
  }
}
