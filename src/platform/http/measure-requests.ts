import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Metrics, Tally } from '../metrics.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where its end is counted; null until it is measured. */
    counted: Counted | null
  }
}

/** What is counted of one service's requests. */
export interface Counted {
  active: number
  answered(method: string, status: number, seconds: number): void
}

export interface Measured {
  /** To be called with each request as it comes in; its end is then counted. Says what its route answers. */
  begin(request: FastifyRequest): { readonly answers: 'pages' | 'data' }
  /** Where a route's requests are counted, for who counts them himself. */
  of(route: string | undefined): Counted
}

/** Counts requests by the service that owns their route: how many, how long, how many under way. */
export function measureRequests(app: FastifyInstance, metrics: Metrics): Measured {
  const requests = metrics.counter('http_requests_total', 'Requests answered', [
    'service',
    'method',
    'status',
  ])
  const seconds = metrics.histogram('http_request_duration_seconds', 'Time to the last byte', ['service'])
  const byService = new Map<string, Counted>()
  const byRoute = new Map<string | undefined, Counted>()

  const count = (service: string): Counted => {
    const timing = seconds.of({ service })
    const tallies = new Map<string, Map<number, Tally>>()
    const counted: Counted = {
      active: 0,
      answered(method, status, elapsed) {
        const ofMethod = tallies.get(method) ?? new Map<number, Tally>()
        const tally = ofMethod.get(status) ?? requests.of({ service, method, status })
        tallies.set(method, ofMethod.set(status, tally))
        tally.inc()
        timing.observe(elapsed)
      },
    }
    metrics.watch('active_connections', 'Requests under way', { service }, () => counted.active)
    byService.set(service, counted)
    return counted
  }

  app.decorateRequest('counted', null)
  app.addHook('onResponse', (request, reply, done) => {
    const { counted } = request
    if (counted) {
      counted.active--
      counted.answered(request.method, reply.statusCode, reply.elapsedTime / 1000)
    }
    done()
  })
  const of = (route: string | undefined): Counted => {
    const known = byRoute.get(route)
    if (known) return known
    const service = serviceOf(route)
    const counted = byService.get(service) ?? count(service)
    byRoute.set(route, counted)
    return counted
  }
  return {
    of,
    begin(request) {
      // Read once: Fastify makes the options anew each time it is asked for them.
      const { config, url } = request.routeOptions
      const counted = of(url)
      counted.active++
      request.counted = counted
      return { answers: config.answers ?? 'pages' }
    },
  }
}

const OWNERS: readonly (readonly [prefix: string, service: string])[] = [
  ['/api/router/v2', 'router-v2'],
  ['/api/route', 'router'],
  ['/api/multimodal', 'multimodal-gateway'],
  ['/api/models', 'multimodal-gateway'],
  ['/v1/audio', 'multimodal-gateway'],
  ['/v1/', 'llm-proxy'],
  ['/api/llm', 'llm-proxy'],
  ['/api/auth', 'auth'],
  ['/api/city', 'city'],
  ['/api/agents', 'agents'],
  ['/api/knowledge', 'knowledge'],
]
/** Which service a route belongs to, by its path. */
function serviceOf(route: string | undefined): string {
  if (route === undefined) return 'none'
  return OWNERS.find(([prefix]) => route.startsWith(prefix))?.[1] ?? 'web'
}
