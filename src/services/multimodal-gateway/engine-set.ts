import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import { type Candidate, type Cooldown, createCooldown } from '../../engines/fallback.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { Parser } from '../../engines/parser/parser.ts'
import type { Reader } from '../../engines/reader/reader.ts'
import type { Rerank } from '../../engines/rerank/rerank.ts'
import type { Stt } from '../../engines/stt/stt.ts'
import type { Tts } from '../../engines/tts/tts.ts'
import type { Vectors } from '../../engines/vectors/vectors.ts'
import type { Vision } from '../../engines/vision/vision.ts'
import type { WebSearch } from '../../engines/web-search/web-search.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { ErrorParams } from '../../kernel/errors.ts'
import { told } from '../../platform/http/check.errors.ts'
import { createLane, type Lane, type LaneSize } from './lane.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'

/** The engines behind the gateway, each kind in the order its drivers are tried; none is an honest state. */
export interface EngineSet {
  readonly stt: readonly Stt[]
  readonly tts: readonly Tts[]
  readonly ocr: readonly Ocr[]
  readonly vision: readonly Vision[]
  readonly parser: readonly Parser[]
  readonly search: readonly WebSearch[]
  readonly reader: readonly Reader[]
  readonly embeddings: readonly Embeddings[]
  readonly rerank: readonly Rerank[]
  /** One at most: vectors are where they were put. */
  readonly vectors: readonly Vectors[]
}
export type EngineName = keyof EngineSet

/** How much each kind of engine takes on at once, and lets wait. */
const LANES: Readonly<Record<EngineName, LaneSize>> = {
  stt: { slots: 1, waiting: 8 },
  tts: { slots: 2, waiting: 8 },
  ocr: { slots: 2, waiting: 8 },
  vision: { slots: 2, waiting: 8 },
  parser: { slots: 1, waiting: 8 },
  search: { slots: 4, waiting: 16 },
  reader: { slots: 4, waiting: 16 },
  embeddings: { slots: 1, waiting: 16 },
  rerank: { slots: 2, waiting: 16 },
  vectors: { slots: 4, waiting: 32 },
}
/** Another node brings hands of its own. */
const MORE_BY_PEER = 2

/** The command or setting that brings an engine of a kind nobody is of. */
const MENDS: Readonly<Record<EngineName, string>> = {
  stt: 'npm run models pull whisper-base; STT_URL=…; PEER_STT=http://another-node:7400',
  tts: 'apt install espeak-ng; TTS_URL=…; PEER_TTS=http://another-node:7400',
  ocr: 'PEER_OCR=http://another-node:7400',
  vision: 'npm run models pull coco-ssd-mobilenet-v2; VISION_URL=…; PEER_VISION=http://another-node:7400',
  parser: 'PEER_PARSER=http://another-node:7400',
  search: 'WEB_SEARCH=wikipedia; SEARXNG_URL=…; PEER_SEARCH=http://another-node:7400',
  reader: 'PEER_READER=http://another-node:7400',
  embeddings: 'npm run models pull multilingual-e5-small; EMBEDDINGS_URL=…',
  rerank: 'RERANK_URL=…; PEER_RERANK=http://another-node:7400',
  vectors: 'QDRANT_URL=http://another-node:6333',
}

/** One kind of engine as the gateway drives it. */
export interface Bench<N extends EngineName = EngineName> {
  readonly name: N
  /** Of the drivers, in their order. */
  readonly names: readonly string[]
  /** Whether one of them is paid. */
  readonly isPaid: boolean
  /** Throws `gateway.engine_missing` where there is none. */
  drivers(): EngineSet[N]
  readonly lane: Lane
  readonly cooldown: Cooldown
}
export type Benches = { readonly [N in EngineName]: Bench<N> }

export interface EngineState {
  readonly engine: EngineName
  readonly driver: string
  readonly state: 'ok' | 'missing' | 'cooling' | 'down'
  readonly detail?: string
  readonly code?: string
  readonly params?: ErrorParams
}

export function createBenches(engines: EngineSet, clock: Clock): Benches {
  const bench = <N extends EngineName>(name: N): Bench<N> => {
    const { slots, waiting } = LANES[name]
    const drivers: readonly Candidate[] = engines[name]
    const peers = drivers.filter(isPeer).length
    return {
      name,
      names: drivers.map((driver) => driver.name),
      isPaid: drivers.some(isPaid),
      lane: createLane({ slots: slots + peers * MORE_BY_PEER, waiting }, clock),
      cooldown: createCooldown(clock),
      drivers() {
        if (drivers.length === 0)
          throw gatewayError('gateway.engine_missing', { mend: MENDS[name] }, { retryable: false })
        return engines[name]
      },
    }
  }
  return {
    stt: bench('stt'),
    tts: bench('tts'),
    ocr: bench('ocr'),
    vision: bench('vision'),
    parser: bench('parser'),
    search: bench('search'),
    reader: bench('reader'),
    embeddings: bench('embeddings'),
    rerank: bench('rerank'),
    vectors: bench('vectors'),
  }
}

/** How every driver is; a kind without any says what would bring one. */
export async function engineStates(engines: EngineSet, benches: Benches): Promise<EngineState[]> {
  const states = Object.values(benches).map(async ({ name, cooldown }): Promise<EngineState[]> => {
    const drivers: readonly Candidate[] = engines[name]
    if (drivers.length === 0) return [{ engine: name, driver: '', state: 'missing', detail: MENDS[name] }]
    return await Promise.all(
      drivers.map(async (driver): Promise<EngineState> => {
        const why = await driver.missing?.()
        const about = { engine: name, driver: driver.name }
        if (why) return { ...about, state: isPeer(driver) ? 'down' : 'missing', ...told(why) }
        return { ...about, state: cooldown.isCooling(driver.name) ? 'cooling' : 'ok' }
      }),
    )
  })
  return (await Promise.all(states)).flat()
}

/** Whether somebody is paid where a driver is asked. */
export const isPaid = (driver: Candidate): boolean =>
  'paid' in driver && Array.isArray(driver.paid) && driver.paid.length > 0

/** Drivers that ask another node are named so. */
const isPeer = ({ name }: Candidate): boolean => name.startsWith('peer ')
