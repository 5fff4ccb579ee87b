import { engineError } from '../../engines/engine.errors.ts'
import type { Media, MediaFacts } from '../../engines/media/media.ts'
import type { OcrText } from '../../engines/ocr/ocr.ts'
import type { Segment, Transcript } from '../../engines/stt/stt.ts'
import { contentKey } from '../../engines/workers/content-key.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import { filesError } from '../../platform/files/files.errors.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { payerOfCall } from './caller.ts'
import type { Description, ParseResult, WorkType } from './doors.contract.ts'
import type { Benches } from './engine-set.ts'
import {
  createKinds,
  type DescribeOptions,
  type Kind,
  type Kinds,
  type OcrOptions,
  type Opened,
  type TranscriptOptions,
} from './kinds.ts'
import type { Expense, Ledger } from './ledger.ts'
import { createMeter, type Meter } from './meter.ts'
import type { ArtefactKey, ArtefactStore } from './multimodal-gateway.store.ts'
import type { Payer } from './multimodal-gateway.tables.ts'
import { createSingleFlight, type InFlight } from './single-flight.ts'
import { createTill, type Prices, type Purse, type TokenHold } from './till.ts'
import type { Unit } from './usage.contract.ts'

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
  readonly onPartial?: ((segment: Segment) => void) | undefined
  /** Waits for its turn where others are refused: for durable consumers, bounded in number themselves. */
  readonly patient?: boolean
  /** Gives way to work that somebody watches. */
  readonly bulk?: boolean
  /** The file was inspected when it was taken in. */
  readonly inspected?: boolean
  /** Who pays; whoever it is for, where nothing is said. */
  readonly payer?: Payer | undefined
  /** Whom it is for, where another service asks. */
  readonly principal?: Principal | null | undefined
}

/** A result, and how it came about. */
export interface Made<R> {
  readonly result: R
  /** The driver. */
  readonly driver: string
  readonly unit: Unit
  readonly amount: number
  /** Nothing was worked for it: it was kept, or another asked for the same at the same moment. */
  readonly cached: boolean
}

type OptionsOf<T extends WorkType> = Kinds[T] extends Kind<infer O, infer _> ? O : never
type ResultOf<T extends WorkType> = Kinds[T] extends Kind<infer _, infer R> ? R : never

/** Foreign bytes as text. Rejects with the engines' and files' errors, `engine.busy` where the queue is full, and `gateway.budget_spent`. */
export interface Artefacts {
  transcribe(source: Source, wish: Wish & TranscriptOptions): Promise<Transcript>
  read(source: Source, wish: Wish & OcrOptions): Promise<OcrText>
  parse(source: Source, wish: Wish): Promise<ParseResult>
  see(source: Source, wish: Wish & DescribeOptions): Promise<Description>
}

export interface Workshop extends Artefacts {
  /** Does one piece of work. The same bytes with the same options are worked on once, and remembered. */
  make<T extends WorkType>(
    type: T,
    source: Source | null,
    options: OptionsOf<T>,
    wish: Wish,
  ): Promise<Made<ResultOf<T>>>
  /** What is kept of it already. */
  kept<T extends WorkType>(
    type: T,
    source: Source | null,
    options: OptionsOf<T>,
  ): Promise<ResultOf<T> | undefined>
  readonly kinds: Kinds
  readonly measure: Meter
}

export interface GatewayLimits {
  readonly maxBytes: number
  readonly maxPixels: number
  readonly maxSeconds: number
  readonly maxPages: number
  /** How long results are kept, and how much of them. */
  readonly cacheMs?: number
  readonly cacheBytes?: number
  /** Vectors of one owner. */
  readonly vectorsEach?: number
}

export interface WorkshopNeeds {
  readonly benches: Benches
  /** Without it nothing is remembered: a node of engines alone. */
  readonly store?: ArtefactStore | undefined
  /** Without it nothing is counted. */
  readonly ledger?: Ledger | undefined
  /** The city's one ledger of money, where there is one. */
  purse?(): Purse | undefined
  readonly prices?: Prices | undefined
  readonly media: Media
  readonly clock: Clock
  readonly limits: GatewayLimits
  readonly metrics?: Metrics | undefined
}

const NO_BYTES = new Uint8Array()
const DAY_MS = 86_400_000
const LONGEST_KEY = 300
const AGAINST_THE_ASKER: ReadonlySet<string> = new Set(['gateway.budget_spent', 'engine.busy'])

export function createWorkshop(needs: WorkshopNeeds): Workshop {
  const { benches, clock, ledger, limits, media, store } = needs
  const kinds = createKinds(benches, media)
  const flights = createSingleFlight<Made<unknown>, Segment>()
  const measure = createMeter(needs.metrics, clock, benches)

  /** Where a result is kept, and what it is made of. */
  const locate = async (
    type: WorkType,
    kind: Kind<unknown, unknown>,
    source: Source | null,
    options: unknown,
  ) => {
    if (source && source.bytes.length === 0) throw engineError('file.empty')
    if (source && source.bytes.length > limits.maxBytes)
      throw filesError('file.too_large', { maxMegabytes: Math.floor(limits.maxBytes / 1024 / 1024) })
    const given = kind.keyOf(options)
    const text = given ?? JSON.stringify(options)
    const short = text.length > LONGEST_KEY ? await contentKey(Buffer.from(text)) : text
    const sha256 = source
      ? (source.sha256 ?? (await contentKey(source.bytes)))
      : await contentKey(Buffer.from(text))
    const key: ArtefactKey = { sha256, kind: type, options: source ? short : '' }
    return { key, keeps: given !== null, flight: `${type} ${sha256} ${short}` }
  }
  const driversOf = ({ engine }: Kind<unknown, unknown>) => {
    benches[engine].drivers()
    return benches[engine].names
  }

  async function make(
    type: WorkType,
    kind: Kind<unknown, unknown>,
    source: Source | null,
    options: unknown,
    wish: Wish,
  ): Promise<Made<unknown>> {
    const drivers = driversOf(kind)
    const { flight, keeps, key } = await locate(type, kind, source, options)
    const payer = wish.payer ?? payerOfCall({ principal: wish.principal ?? null })
    const expense = { payer, type, unit: kind.unit, bytes: source?.bytes.length ?? 0 }
    let leads = false

    const work = async (how: InFlight<Segment>): Promise<Made<unknown>> => {
      leads = true
      const found = keeps ? await store?.find(key, drivers) : undefined
      if (found) {
        const result = kind.result.parse(found.result)
        const amount = kind.amountOf(result, options)
        return { result, driver: found.engine, unit: kind.unit, amount, cached: true }
      }
      const run = async () => {
        const claimed = {
          bytes: source?.bytes ?? NO_BYTES,
          key: key.sha256,
          mime: source?.mime ?? '',
          name: source?.name ?? '',
        }
        const accepts = wish.inspected ? null : kind.accepts
        const { facts, file } = await inspect(media, claimed, accepts, how.signal).catch((cause: unknown) => {
          // Nobody sees into it without the key; whoever has the key does.
          if (cause instanceof AppError && cause.code === 'file.encrypted' && kind.unlocks?.(options))
            return { facts: null, file: claimed }
          throw cause
        })
        const estimate = kind.estimate(options, facts)
        const { prices = {} } = needs
        const holdTokens = ledger && tokenHolds(ledger, expense, clock)
        const bought = { purse: needs.purse?.(), prices, payer, type, signal: how.signal }
        const till = createTill({ ...bought, ...(holdTokens && { holdTokens }) })
        return await paid(ledger, { ...expense, amount: estimate }, clock, async () => {
          const seconds = (facts?.durationMs ?? 0) / 1000
          const { driver, result } = await kind.work(file, options, { ...how, till, seconds })
          const amount = kind.amountOf(result, options)
          const keepMs = kind.keepMs === undefined ? (limits.cacheMs ?? 30 * DAY_MS) : kind.keepMs
          if (keeps && keepMs !== null && (kind.lasting?.(result) ?? true))
            await store?.keep(key, driver, result, keepMs)
          return {
            result,
            driver,
            unit: kind.unit,
            amount,
            cached: false,
            cost: kind.costOf?.(result) ?? (till.total().usd || undefined),
          }
        })
      }
      const { bulk, patient } = wish
      const share = payer.key ?? payer.principal ?? ''
      return await benches[kind.engine].lane.run(run, { signal: how.signal, patient, bulk, share })
    }
    return await measure(type, async () => {
      const began = clock.now()
      const { onPartial, onProgress, signal } = wish
      const fly = () => flights.run(flight, work, { signal, onProgress, onPartial })
      const made = await fly().catch((cause: unknown) => {
        // What stood against another's asking is nothing to this one.
        if (!leads && cause instanceof AppError && AGAINST_THE_ASKER.has(cause.code)) return fly()
        throw cause
      })
      if (leads && !made.cached) return made
      const { amount, driver: engine } = made
      await ledger?.cached({ ...expense, amount }, { engine, amount, ms: clock.now() - began })
      return { ...made, cached: true }
    })
  }

  // A type's kind and its options and result belong together; TypeScript does not follow that through the table.
  const kindOf = (type: WorkType) => kinds[type] as unknown as Kind<unknown, unknown>
  const workshop: Pick<Workshop, 'make' | 'kept'> = {
    make: (type, source, options, wish) => make(type, kindOf(type), source, options, wish) as never,
    async kept(type, source, options) {
      const kind = kindOf(type)
      const { keeps, key } = await locate(type, kind, source, options)
      const found = keeps ? await store?.find(key, driversOf(kind)) : undefined
      return found && (kind.result.parse(found.result) as never)
    },
  }
  return {
    ...workshop,
    kinds,
    measure,
    transcribe: async (source, { language, prompt, words, ...wish }) =>
      (await workshop.make('transcript', source, { language, prompt, words }, wish)).result,
    read: async (source, { languages, ...wish }) =>
      (await workshop.make('ocr', source, { languages }, wish)).result,
    see: async (source, { language, question, ...wish }) =>
      (await workshop.make('describe', source, { language, question }, wish)).result,
    parse: async (source, wish) => (await workshop.make('parse', source, { name: source.name }, wish)).result,
  }
}

/** What a file is, where its kind is asked for. */
async function inspect(
  media: Media,
  file: Opened,
  accepts: MediaFacts['kind'] | null,
  signal: AbortSignal,
): Promise<{ file: Opened; facts: MediaFacts | null }> {
  if (accepts === null) return { file, facts: null }
  const facts = await media.inspect(file, signal)
  if (facts.kind !== accepts) throw engineError('file.unsupported', { mime: facts.mime })
  return { file: { ...file, mime: facts.mime }, facts }
}

/** Work within what may be used. */
async function paid(
  ledger: Ledger | undefined,
  expense: Expense,
  clock: Clock,
  work: () => Promise<Made<unknown> & { readonly cost: number | undefined }>,
): Promise<Made<unknown>> {
  const began = clock.now()
  const hold = await ledger?.reserve(expense)
  try {
    const { cost, ...made } = await work()
    await hold?.settle({ engine: made.driver, amount: made.amount, cost, ms: clock.now() - began })
    return made
  } catch (cause) {
    await hold?.release()
    throw cause
  }
}

/** The tokens that providers count stand in rows of their own, one for each time that one is asked: a document is as many as it has scans. */
const tokenHolds =
  (ledger: Ledger, expense: Omit<Expense, 'amount'>, clock: Clock) =>
  async (amount: number): Promise<TokenHold> => {
    const began = clock.now()
    const hold = await ledger.reserve({ ...expense, unit: 'tokens', amount, bytes: 0 })
    return {
      settle: (engine, used) => hold.settle({ engine, amount: used, ms: clock.now() - began }),
      release: hold.release,
    }
  }
