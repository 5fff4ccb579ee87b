import type { Cooldown } from '../../engines/fallback.ts'
import type { Media } from '../../engines/media/media.ts'
import type { Models } from '../../engines/models/models.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { Parser } from '../../engines/parser/parser.ts'
import type { Stt } from '../../engines/stt/stt.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Files } from '../../platform/files/files.ts'
import type { Check, Service } from '../../platform/http/service.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { type Artefacts, createArtefacts, type GatewayLimits } from './artefacts.ts'
import { consumeErasures } from './erase.ts'
import { createModelShelf } from './model-shelf.ts'
import { multimodalGatewayContract } from './multimodal-gateway.contract.ts'
import { serveUploads } from './multimodal-gateway.routes.ts'
import { createArtefactStore } from './multimodal-gateway.store.ts'
import type { GatewayTables } from './multimodal-gateway.tables.ts'
import { consumeParts } from './parts.ts'

export interface MultimodalGatewayNeeds {
  readonly db: Database
  readonly events: Events
  readonly files: Files
  /** Each list in the order they are tried. */
  readonly stt: readonly Stt[]
  readonly ocr: readonly Ocr[]
  readonly parser: Parser
  readonly media: Media
  /** The models of this machine, where it keeps any. */
  readonly models?: Models
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: GatewayLimits
  readonly metrics?: Metrics
}

export interface MultimodalGateway extends Service<typeof multimodalGatewayContract> {
  /** The same work for services in this process, without a wire. */
  readonly artefacts: Artefacts
}

/** One face over the engines that hear, read and parse: for parts posted in rooms, and for programs. */
export function createMultimodalGateway(needs: MultimodalGatewayNeeds): MultimodalGateway {
  const { events, files, stt, ocr, parser, media, clock, limits, metrics } = needs
  const db = needs.db.kysely.withTables<GatewayTables>()
  const store = createArtefactStore(db, clock)
  const artefacts = createArtefacts({ store, stt, ocr, parser, media, clock, limits, metrics })
  const shelf = createModelShelf(needs.models)
  consumeErasures(db, events)
  consumeParts({ db, events, files, artefacts })

  const states = async () => [
    ...(await Promise.all(stt.map((engine) => stateOf('stt', engine, artefacts.cooldowns.stt)))),
    ...(await Promise.all(ocr.map((engine) => stateOf('ocr', engine, artefacts.cooldowns.ocr)))),
    { engine: 'parser', driver: parser.name, state: 'ok' as const },
  ]

  return {
    contract: multimodalGatewayContract,
    artefacts,
    handlers: {
      engines: async () => ({ items: await states() }),
      models: async () => ({ items: await shelf.list() }),
      pullModel: ({ model }) => shelf.pull(model),
    },
    routes: (app, authenticate) =>
      serveUploads(app, authenticate, {
        artefacts,
        lanes: artefacts.lanes,
        maxBytes: limits.maxBytes,
        sttModels: ['whisper-1', ...stt.map(({ name }) => name)],
      }),
    stop: shelf.stop,
    async checks() {
      const all = await states()
      return ['stt', 'ocr'].map((kind) =>
        check(
          kind,
          all.filter(({ engine }) => engine === kind),
        ),
      )
    },
  }
}

interface EngineState {
  readonly engine: string
  readonly driver: string
  readonly state: 'ok' | 'missing' | 'cooling' | 'down'
  readonly detail?: string
}

async function stateOf(
  engine: string,
  { name, missing }: { name: string; missing(): Promise<Error | null> },
  cooldown: Cooldown,
): Promise<EngineState> {
  const why = await missing()
  if (why) return { engine, driver: name, state: 'missing', detail: why.message }
  return { engine, driver: name, state: cooldown.isCooling(name) ? 'cooling' : 'ok' }
}

/** One engine that works is enough; without any the city works on, short of one sense. */
function check(name: string, engines: readonly EngineState[]): Check {
  if (engines.some(({ state }) => state === 'ok')) return { name, state: 'ok' }
  const detail = engines.map((engine) => engine.detail ?? `${engine.driver} failed a moment ago.`).join(' ')
  return { name, state: 'degraded', detail: detail || 'No engine is configured.' }
}
