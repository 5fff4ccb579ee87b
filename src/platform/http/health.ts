import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../kernel/clock.ts'
import { isoTime } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Metrics } from '../metrics.ts'
import { checkTold, told } from './check.errors.ts'
import type { Check } from './service.ts'

export interface CheckedSince extends Check {
  /** When it came to be in this state, ISO 8601. */
  readonly since: string
}

/** What `/ready` answers: the worst of all checks, and each of them. */
export interface Readiness {
  readonly state: Check['state']
  readonly services: readonly string[]
  readonly checks: readonly CheckedSince[]
}

export interface HealthNeeds {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly services: readonly string[]
  /** Looks at everything anew; bounded in time by whoever gives it. */
  readonly check: () => Promise<readonly Check[]>
}

/** `GET /health` (alive), `GET /ready` (each dependency; 503 when one is down) and `GET /metrics`. */
export function serveHealth(app: FastifyInstance, needs: HealthNeeds): void {
  const known = new Map<string, CheckedSince>()
  app.get('/health', async () => ({ state: 'ok' }))
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await needs.metrics.render()
    return reply.type(contentType).send(body)
  })
  app.get('/ready', async (_request, reply): Promise<Readiness> => {
    const checks = (await needs.check()).map((check) => remember(check, known, needs.clock))
    const state =
      (['down', 'degraded'] as const).find((worst) => checks.some((c) => c.state === worst)) ?? 'ok'
    reply.code(state === 'down' ? 503 : 200)
    return { state, services: needs.services, checks }
  })
}

function remember(check: Check, known: Map<string, CheckedSince>, clock: Clock): CheckedSince {
  const before = known.get(check.name)
  const since = before?.state === check.state ? before.since : isoTime(clock.now())
  const now = { ...check, since }
  known.set(check.name, now)
  return now
}

/** One check out of something that answers or rejects; it has two seconds. */
export async function checkOf(name: string, ask: () => Promise<unknown>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(checkTold('check.no_answer')), 2_000)
  })
  try {
    await Promise.race([ask(), late])
    return { name, state: 'ok' }
  } catch (error) {
    if (error instanceof AppError) return { name, state: 'down', ...told(error) }
    return { name, state: 'down', detail: error instanceof Error ? error.message : 'no answer' }
  } finally {
    clearTimeout(timer)
  }
}
