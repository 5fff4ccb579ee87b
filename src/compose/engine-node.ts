import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { kernelError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import { serveHealth } from '../platform/http/health.ts'
import { httpError } from '../platform/http/http.errors.ts'
import { createHttp } from '../platform/http/http.ts'
import type { Authenticate, Check } from '../platform/http/service.ts'
import { createServiceTokens } from '../platform/http/token.ts'
import { createLogger, type Logger } from '../platform/logger.ts'
import { createMetrics } from '../platform/metrics.ts'
import { createEngineDoors } from '../services/multimodal-gateway/engine-doors.ts'
import { createEngines } from './engines.ts'
import { openPublic } from './open-public.ts'
import type { Means } from './platform.ts'

/** A node that keeps engines and nothing else: no database, no rooms, no memory. */
export interface EngineNodeApp {
  readonly app: FastifyInstance
  readonly logger: Logger
  listen(): Promise<string>
}

/** Serves the routes of its engines to the city's other nodes, who come in by service tokens of the same CITY_SECRET. */
export async function composeEngineNode(config: Config, means: Means, scope: Scope): Promise<EngineNodeApp> {
  const { city: secret } = config.secrets
  if (!secret) throw kernelError('internal')
  const { clock } = means
  const logger = createLogger(config.logLevel)
  const metrics = createMetrics()
  const tokens = createServiceTokens(secret)
  const engines = await createEngines(config, means, async () => ({}))
  scope.defer(() => engines.close())
  const doors = createEngineDoors({
    engines: { ...engines, embeddings: engines.allEmbeddings, vectors: [] },
    media: engines.media,
    open: openPublic,
    clock,
    metrics,
    limits: {
      maxBytes: config.maxUploadBytes,
      maxPixels: config.maxPixels,
      maxSeconds: config.maxAudioSeconds,
      maxPages: config.maxPages,
    },
    only: config.runEngines,
  })
  const app = await createHttp({
    logger,
    metrics,
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    maxUploadBytes: config.maxUploadBytes,
  })
  const authenticate: Authenticate = async ({ headers: { authorization } }) => {
    if (authorization === undefined) return { principal: null, service: null, credential: null }
    const [scheme, token = ''] = authorization.split(' ')
    if (scheme !== 'Service') throw httpError('auth.bad_credential')
    return { ...(await tokens.read(token)), credential: null }
  }
  doors.routes(app, authenticate)
  serveHealth(app, {
    clock,
    metrics,
    services: config.runEngines,
    check: async (): Promise<readonly Check[]> =>
      (await doors.states()).map(({ detail, driver, engine, state }) => ({
        name: `${engine}: ${driver}`,
        state: state === 'ok' ? 'ok' : 'degraded',
        ...(detail !== undefined && { detail }),
      })),
  })
  return {
    app,
    logger,
    async listen() {
      scope.defer(() => app.close())
      return await app.listen({ host: config.host, port: config.port })
    },
  }
}
