import { engineError } from '../../engines/engine.errors.ts'
import { type Cooldown, createCooldown, firstAble } from '../../engines/fallback.ts'
import type { Media, MediaFacts } from '../../engines/media/media.ts'
import { type Ocr, OcrText } from '../../engines/ocr/ocr.ts'
import type { Parser } from '../../engines/parser/parser.ts'
import { type Stt, Transcript } from '../../engines/stt/stt.ts'
import type { Clock } from '../../kernel/clock.ts'
import { storable } from '../../platform/database/storable.ts'
import { filesError } from '../../platform/files/files.errors.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { createLane, type Lane, type LaneSize } from './lane.ts'
import { ParseResult } from './multimodal-gateway.contract.ts'
import type { ArtefactKey, ArtefactStore } from './multimodal-gateway.store.ts'
import type { ArtefactKind } from './multimodal-gateway.tables.ts'
import { readPages } from './read-pages.ts'
import { createSingleFlight } from './single-flight.ts'

/** A whole file. `mime` and `name` are a claim that inspection judges, unless it is `inspected`. */
export interface Source {
  readonly bytes: Uint8Array
  readonly mime: string
  readonly name: string
  /** Where it is known already. */
  readonly sha256?: string
}

export interface Wish {
  readonly signal: AbortSignal
  readonly onProgress?: ((share: number) => void) | undefined
  /** Waits for its turn where others are refused: for durable consumers, bounded in number themselves. */
  readonly patient?: boolean
  /** The file was inspected when it was taken in. */
  readonly inspected?: boolean
}
export interface SpeechWish extends Wish {
  /** ISO 639-1; heard out where nothing is said. */
  readonly language?: string | undefined
}
export interface OcrWish extends Wish {
  readonly languages?: readonly ('uk' | 'en')[] | undefined
}

/** Foreign bytes as text. The same bytes with the same wish are worked on once, and remembered. Rejects with the engines' and files' errors, and `engine.busy` where the queue is full. */
export interface Artefacts {
  transcribe(source: Source, wish: SpeechWish): Promise<Transcript>
  read(source: Source, wish: OcrWish): Promise<OcrText>
  parse(source: Source, wish: Wish): Promise<ParseResult>
}

export interface GatewayLimits {
  readonly maxBytes: number
  readonly maxPixels: number
  readonly maxSeconds: number
  readonly maxPages: number
}

export interface ArtefactNeeds {
  readonly store: ArtefactStore
  readonly stt: readonly Stt[]
  readonly ocr: readonly Ocr[]
  readonly parser: Parser
  readonly media: Media
  readonly clock: Clock
  readonly limits: GatewayLimits
  readonly metrics?: Metrics | undefined
}

/** How much each kind of engine takes on at once, and lets wait. */
export const LANES: Readonly<Record<ArtefactKind, LaneSize>> = {
  transcript: { slots: 1, waiting: 4 },
  ocr: { slots: 2, waiting: 8 },
  parse: { slots: 1, waiting: 4 },
}

/** What the service shows of its work, and refuses by. */
export interface Workshop extends Artefacts {
  readonly lanes: Readonly<Record<ArtefactKind, Lane>>
  /** Engines that failed a moment ago. */
  readonly cooldowns: Readonly<Record<'stt' | 'ocr', Cooldown>>
}

export function createArtefacts(needs: ArtefactNeeds): Workshop {
  const { store, stt, ocr, parser, media, clock, limits } = needs
  const lanes = {
    transcript: createLane(LANES.transcript, clock),
    ocr: createLane(LANES.ocr, clock),
    parse: createLane(LANES.parse, clock),
  }
  const cooldowns = { stt: createCooldown(clock), ocr: createCooldown(clock) }
  const flights = createSingleFlight<unknown>()
  const measure = meter(needs.metrics, clock)

  /** Once for the same key: what is kept, or else what the engine makes of it, kept before it is handed out. */
  const once = async <T>(
    source: Source,
    wish: Wish,
    job: {
      readonly kind: ArtefactKind
      readonly options: string
      readonly engines: readonly string[]
      readonly accepts: MediaFacts['kind']
      readonly parse: (kept: unknown) => T
      /** Whether it would come out the same tomorrow; always, where nothing is said. */
      readonly lasting?: (result: T) => boolean
      work(
        file: Opened,
        signal: AbortSignal,
        onProgress: (share: number) => void,
      ): Promise<{ engine: string; result: T }>
    },
  ): Promise<T> => {
    if (source.bytes.length === 0) throw engineError('file.empty')
    if (source.bytes.length > limits.maxBytes)
      throw filesError('file.too_large', { maxMegabytes: Math.floor(limits.maxBytes / 1024 / 1024) })
    const sha256 = source.sha256 ?? (await hash(source.bytes))
    const key: ArtefactKey = { sha256, kind: job.kind, options: job.options }
    const make = async (signal: AbortSignal, onProgress: (share: number) => void) => {
      const kept = await store.find(key, job.engines)
      if (kept !== undefined) return kept
      const work = async () => {
        const claimed = { bytes: source.bytes, key: sha256, mime: source.mime, name: source.name }
        const file = wish.inspected ? claimed : await inspect(media, claimed, job.accepts, signal)
        const { engine, result } = await job.work(file, signal, onProgress)
        if (job.lasting?.(result) ?? true) await store.keep(key, engine, result)
        return result
      }
      return lanes[job.kind].run(work, { signal, patient: wish.patient ?? false })
    }
    const id = `${job.kind} ${sha256} ${job.options}`
    const { signal, onProgress } = wish
    return measure(job.kind, async () => job.parse(await flights.run(id, make, { signal, onProgress })))
  }

  return {
    lanes,
    cooldowns,
    transcribe: (source, wish) =>
      once(source, wish, {
        kind: 'transcript',
        options: wish.language ? `language=${wish.language}` : '',
        engines: stt.map(({ name }) => name),
        accepts: 'audio',
        parse: (kept) => Transcript.parse(kept),
        work: (file, signal, onProgress) =>
          firstAble(
            stt,
            async (engine) => {
              const { language } = wish
              const how = { signal, onProgress, ...(language && { language }) }
              return { engine: engine.name, result: await engine.transcribe(file, how) }
            },
            { cooldown: cooldowns.stt },
          ),
      }),
    read: (source, wish) =>
      once(source, wish, {
        kind: 'ocr',
        options: wish.languages ? `languages=${[...wish.languages].sort().join(',')}` : '',
        engines: ocr.map(({ name }) => name),
        accepts: 'image',
        parse: (kept) => OcrText.parse(kept),
        work: (file, signal) =>
          firstAble(
            ocr,
            async (engine) => {
              const { languages } = wish
              return { engine: engine.name, result: await engine.read(file, { signal, languages }) }
            },
            { cooldown: cooldowns.ocr },
          ),
      }),
    parse: (source, wish) =>
      once(source, wish, {
        kind: 'parse',
        // A name says how text is to be read, and is the title of what has none.
        options: `ocr=${ocr.map(({ name }) => name).join(',')} name=${storable(source.name.slice(0, 200))}`,
        engines: [parser.name],
        accepts: 'document',
        parse: (kept) => ParseResult.parse(kept),
        lasting: ({ pages }) => pages.every(({ error }) => !error || error === 'page.illegible'),
        work: async (file, signal, onProgress) => ({
          engine: parser.name,
          result: await readPages(
            { parser, ocr, cooldown: cooldowns.ocr, lane: lanes.ocr },
            file,
            signal,
            onProgress,
          ),
        }),
      }),
  }
}

/** A file as engines take it. */
interface Opened {
  readonly bytes: Uint8Array
  readonly key: string
  /** By its bytes. */
  readonly mime: string
  readonly name: string
}

async function inspect(
  media: Media,
  file: Opened,
  accepts: MediaFacts['kind'],
  signal: AbortSignal,
): Promise<Opened> {
  const { kind, mime } = await media.inspect(file, signal)
  if (kind !== accepts) throw engineError('file.unsupported', { mime })
  return { ...file, mime }
}

/** Off this thread, so that 25 MB do not hold it. */
async function hash(bytes: Uint8Array): Promise<string> {
  // Bytes from a request or a file stand in an ArrayBuffer, never a shared one.
  const digest = await globalThis.crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Buffer.from(digest).toString('hex')
}

/** The mission's own names for these two. */
function meter(metrics: Metrics | undefined, clock: Clock) {
  const requests = metrics?.counter('multimodalRequestsTotal', 'Multimodal requests by type', ['type'])
  const latency = metrics?.histogram('multimodal_latency_seconds', 'Time to a multimodal result', ['type'])
  return async <T>(type: ArtefactKind, work: () => Promise<T>): Promise<T> => {
    requests?.inc({ type })
    const began = clock.now()
    try {
      return await work()
    } finally {
      latency?.observe({ type }, (clock.now() - began) / 1000)
    }
  }
}
