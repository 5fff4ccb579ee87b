import type { FastifyInstance } from 'fastify'
import type { Media } from '../../engines/media/media.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { SafeFetch } from '../../platform/fetch/fetch.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { createWorkshop, type GatewayLimits } from './artefacts.ts'
import {
  createBenches,
  type EngineName,
  type EngineSet,
  type EngineState,
  engineStates,
} from './engine-set.ts'
import { serveDoors } from './multimodal-gateway.routes.ts'
import { createSources } from './sources.ts'

export interface EngineDoorNeeds {
  readonly engines: EngineSet
  readonly media: Media
  readonly open: SafeFetch
  readonly clock: Clock
  readonly limits: GatewayLimits
  readonly metrics?: Metrics
  /** The engines whose doors are opened. */
  readonly only: readonly EngineName[]
}

/** The gateway's doors without its memory: what a node of engines serves to the others, who remember, count and keep the jobs. */
export function createEngineDoors(needs: EngineDoorNeeds) {
  const { clock, engines, limits, media, metrics, open } = needs
  const only = new Set(needs.only)
  const benches = createBenches(engines, clock)
  const workshop = createWorkshop({ benches, media, clock, limits, metrics })
  const resolve = createSources({ open, maxBytes: limits.maxBytes })
  const sttModels = ['whisper-1', ...engines.stt.map(({ name }) => name)]
  return {
    routes: (app: FastifyInstance, authenticate: Authenticate): void =>
      serveDoors(
        app,
        authenticate,
        { workshop, benches, resolve, maxBytes: limits.maxBytes, sttModels },
        only,
      ),
    states: async (): Promise<EngineState[]> =>
      (await engineStates(engines, benches)).filter(({ engine }) => only.has(engine)),
  }
}
