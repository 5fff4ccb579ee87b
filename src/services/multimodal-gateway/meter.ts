import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { WorkType } from './doors.contract.ts'
import type { Benches } from './engine-set.ts'
import type { VectorWork } from './multimodal-gateway.tables.ts'

/** Counts and times each piece of work, as whoever asked for it lived it. */
export type Meter = <M extends { readonly driver: string; readonly cached: boolean }>(
  type: WorkType | VectorWork,
  work: () => Promise<M>,
) => Promise<M>

/** `multimodalRequestsTotal` is the mission's own name; the others follow the field's. */
export function createMeter(metrics: Metrics | undefined, clock: Clock, benches: Benches): Meter {
  const byType = metrics?.counter('multimodalRequestsTotal', 'Multimodal requests by type', ['type'])
  const requests = metrics?.counter(
    'multimodal_requests_total',
    'Multimodal requests by type, by the driver that answered and by how it ended',
    ['type', 'engine', 'outcome'],
  )
  const latency = metrics?.histogram('multimodal_latency_seconds', 'Time to a multimodal result', ['type'])
  const hits = metrics?.counter('multimodal_cache_hits_total', 'Answers that cost no engine anything', [
    'type',
  ])
  for (const { lane, name } of Object.values(benches))
    metrics?.watch(
      'multimodal_queue_depth',
      'Work that waits for an engine',
      { engine: name },
      () => lane.waiting,
    )
  return async (type, work) => {
    byType?.inc({ type })
    const began = clock.now()
    try {
      const made = await work()
      requests?.inc({ type, engine: made.driver, outcome: 'ok' })
      if (made.cached) hits?.inc({ type })
      return made
    } catch (cause) {
      requests?.inc({ type, engine: '', outcome: AppError.from(cause).kind })
      throw cause
    } finally {
      latency?.observe({ type }, (clock.now() - began) / 1000)
    }
  }
}
