import type { Kysely } from 'kysely'
import type { Media } from '../../engines/media/media.ts'
import type { Models } from '../../engines/models/models.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Call } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Events } from '../../platform/events/events.ts'
import type { SafeFetch } from '../../platform/fetch/fetch.ts'
import type { Files } from '../../platform/files/files.ts'
import { checkTold, told } from '../../platform/http/check.errors.ts'
import type { Check, Service } from '../../platform/http/service.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { residentErased } from '../auth/auth.events.ts'
import { type Artefacts, createWorkshop, type GatewayLimits } from './artefacts.ts'
import { payerOfCall } from './caller.ts'
import { createBenches, type EngineSet, type EngineState, engineStates } from './engine-set.ts'
import { consumeErasures } from './erase.ts'
import { shown } from './jobs.store.ts'
import { createJobs } from './jobs.ts'
import { createLedger } from './ledger.ts'
import { createModelShelf } from './model-shelf.ts'
import { multimodalGatewayContract } from './multimodal-gateway.contract.ts'
import { OWN_DOORS, serveDoors, serveJobs } from './multimodal-gateway.routes.ts'
import { createArtefactStore } from './multimodal-gateway.store.ts'
import type { GatewayTables } from './multimodal-gateway.tables.ts'
import { ownOrder } from './orders.ts'
import { consumeParts } from './parts.ts'
import { createSources, type SourceNeeds } from './sources.ts'
import type { Prices, Purse } from './till.ts'
import { OWN_VECTOR_DOORS, serveVectors } from './vectors.routes.ts'
import { createVectorShelf } from './vectors.store.ts'
import { createVectorDoors } from './vectors.ts'
import { consumeWebhooks, webhookSecret } from './webhooks.ts'

export interface MultimodalGatewayNeeds {
  readonly db: Database
  readonly events: Events
  /** The city's files. */
  readonly files: Files
  /** The gateway's own bytes: what jobs are about, until they are over. */
  readonly jobFiles: Files
  readonly engines: EngineSet
  readonly media: Media
  /** The models of this machine, where it keeps any. */
  readonly models?: Models
  /** Where stored files are looked up, with the asker's rights. */
  readonly city: NonNullable<SourceNeeds['stored']>['city']
  /** The guarded way to addresses that people name. */
  readonly open: SafeFetch
  /** The city's own; webhooks are signed with what is made of it. */
  readonly secret: Secret
  /** The city's one ledger of money, where somebody keeps it: what is paid is held and settled there. */
  readonly purse?: () => Purse | undefined
  readonly prices?: Prices
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: GatewayLimits & { readonly jobKeepMs?: number }
  readonly metrics?: Metrics
  /** When a webhook that was not taken is sent again. */
  readonly webhookRetriesMs?: readonly number[]
}

export interface MultimodalGateway extends Service<typeof multimodalGatewayContract> {
  /** The same work for services in this process, without a wire. */
  readonly artefacts: Artefacts
}

const SWEEP_MS = 15 * 60_000
const DAY_MS = 86_400_000
const CACHE_BYTES = 1024 * 1024 * 1024
const VECTORS_EACH = 100_000

/** One face over the engines that hear, speak, see, read and find: for parts posted in rooms, and for programs. */
export function createMultimodalGateway(needs: MultimodalGatewayNeeds): MultimodalGateway {
  const { clock, engines, events, files, ids, limits, media, metrics, open, secret } = needs
  const db: Kysely<GatewayTables> = needs.db.kysely.withTables<GatewayTables>()
  const store = createArtefactStore(db, clock, { maxBytes: limits.cacheBytes ?? CACHE_BYTES })
  const ledger = createLedger(db, clock, ids)
  const benches = createBenches(engines, clock)
  const workshop = createWorkshop({
    ...{ benches, store, ledger, media, clock, limits, metrics },
    ...(needs.purse && { purse: needs.purse }),
    prices: needs.prices,
  })
  const shelf = createModelShelf(needs.models)
  const resolve = createSources({ open, stored: { files, city: needs.city }, maxBytes: limits.maxBytes })
  const jobs = createJobs({
    db,
    events,
    files: needs.jobFiles,
    clock,
    ids,
    limits: { maxBytes: limits.maxBytes, keepMs: limits.jobKeepMs ?? DAY_MS },
    // A job's work was made for its type when it was ordered.
    make: (type, source, work, wish) => workshop.make(type, source, work as never, wish),
  })
  const mostPoints = limits.vectorsEach ?? VECTORS_EACH
  const vectors = createVectorDoors({
    ...{ benches, workshop, ledger, clock, mostPoints },
    measure: workshop.measure,
    shelf: createVectorShelf(db, clock, ids, { points: mostPoints }),
  })
  const secretOf = (owner: string) => webhookSecret(secret, owner)
  const stopping = new AbortController()
  consumeErasures(db, events)
  consumeParts({ db, events, files, artefacts: workshop })
  consumeWebhooks({
    ...{ db, events, store: jobs.store, open, secretOf, clock },
    retriesMs: needs.webhookRetriesMs,
  })
  events.consume<GatewayTables, typeof residentErased>({
    name: 'gateway.resident_erased',
    db,
    types: [residentErased],
    handle: ({ data: { principal } }, job) =>
      job.commit(async (tx) => {
        await tx.deleteFrom('gateway.job').where('owner', '=', principal).execute()
        await ledger.forget(tx, principal)
      }),
  })
  events.consume<GatewayTables, typeof residentErased>({
    name: 'gateway.vectors_erased',
    db,
    types: [residentErased],
    async handle({ data: { principal } }, job) {
      await vectors.forget(principal)
      await job.commit(async () => {})
    },
  })

  const sweep = async () => {
    while (!stopping.signal.aborted) {
      await Promise.allSettled([store.sweep(), jobs.sweep(), vectors.sweep()])
      await clock.sleep(SWEEP_MS, stopping.signal).catch(() => undefined)
    }
  }
  let sweeping: Promise<void> | undefined
  const owner = ({ principal }: Call): string => {
    if (!principal) throw kernelError('auth.required')
    return principal.id
  }
  const asker = (call: Call) => ({ owner: owner(call), payer: payerOfCall(call), signal: call.signal })
  const wish = (call: Call) => ({ signal: call.signal, payer: payerOfCall(call) })
  const ofFile =
    <T extends 'ocr' | 'describe' | 'parse'>(type: T) =>
    async (input: { readonly source: string }, call: Call) => {
      const source = await resolve(input.source, call)
      const { work } = ownOrder(type, source, { ...input })
      return (await workshop.make<T>(type, source, work as never, wish(call))).result
    }

  return {
    contract: multimodalGatewayContract,
    artefacts: workshop,
    custom: [...OWN_DOORS, ...OWN_VECTOR_DOORS],
    handlers: {
      ocr: ofFile('ocr'),
      describe: ofFile('describe'),
      parse: ofFile('parse'),
      read: async ({ url }, call) => (await workshop.make('read', null, { url }, wish(call))).result,
      search: async (input, call) => (await workshop.make('search', null, input, wish(call))).result,
      embed: async (input, call) => (await workshop.make('embed', null, input, wish(call))).result,
      rerank: async (input, call) => (await workshop.make('rerank', null, input, wish(call))).result,
      voices: async (_, { signal }) => {
        const lists = engines.tts.map(async (engine) => {
          if (await engine.missing()) return []
          const voices = await engine.voices(signal)
          return voices.map((voice) => ({ ...voice, languages: [...voice.languages], engine: engine.name }))
        })
        return { items: (await Promise.all(lists)).flat() }
      },
      jobs: ({ before, limit }, call) => jobs.list(owner(call), before, limit),
      job: async ({ job }, call) => shown(await jobs.find(job, owner(call))),
      cancelJob: ({ job }, call) => jobs.cancel(job, owner(call)),
      webhookSecret: async (_, call) => ({ secret: secretOf(owner(call)) }),
      vectorCollections: (_, call) => vectors.list(asker(call)),
      makeVectorCollection: (input, call) => vectors.make(input, asker(call)),
      vectorCollection: (input, call) => vectors.about(input, asker(call)),
      removeVectorCollection: (input, call) => vectors.remove(input, asker(call)),
      putVectors: async (input, call) => (await vectors.put(input, asker(call))).result,
      removeVectors: (input, call) => vectors.take(input, asker(call)),
      searchVectors: async (input, call) => (await vectors.search(input, asker(call))).result,
      scrollVectors: (input, call) => vectors.scroll(input, asker(call)),
      countVectors: (input, call) => vectors.count(input, asker(call)),
      aliasVectors: (input, call) => vectors.alias(input, asker(call)),
      usage: async ({ by, since }) => {
        const from = since ? Date.parse(since) : clock.now() - 30 * DAY_MS
        return { since: new Date(from).toISOString(), items: await ledger.usage(from, by) }
      },
      budgets: async () => ({ items: await ledger.budgets() }),
      setBudgets: async ({ items }) => {
        await ledger.setBudgets(items)
        return { items: (await ledger.budgets()).map(({ used: _, ...budget }) => budget) }
      },
      engines: async () => ({ items: await engineStates(engines, benches) }),
      models: async () => ({ items: await shelf.list() }),
      pullModel: ({ model }) => shelf.pull(model),
    },
    routes(app, authenticate) {
      const sttModels = ['whisper-1', ...engines.stt.map(({ name }) => name)]
      serveDoors(app, authenticate, {
        workshop,
        jobs,
        benches,
        resolve,
        maxBytes: limits.maxBytes,
        sttModels,
      })
      serveVectors(app, authenticate, { benches, doors: vectors })
      serveJobs(app, authenticate, { events, clock, jobs, stopping: stopping.signal })
    },
    async start() {
      sweeping ??= sweep()
    },
    async stop() {
      stopping.abort()
      await sweeping
      await shelf.stop()
    },
    async checks() {
      const all = await engineStates(engines, benches)
      return (['stt', 'ocr'] as const).map((kind) =>
        check(
          kind,
          all.filter(({ engine }) => engine === kind),
        ),
      )
    },
  }
}

/** One engine that works is enough; without any the city works on, short of one sense. */
function check(name: string, engines: readonly EngineState[]): Check {
  if (engines.some(({ state }) => state === 'ok')) return { name, state: 'ok' }
  const detail = engines.map((engine) => engine.detail ?? `${engine.driver} failed a moment ago.`).join(' ')
  const why = engines.find(({ code }) => code !== undefined)
  const first = why?.code
    ? { code: why.code, ...(why.params && { params: why.params }) }
    : told(checkTold('check.no_engine'))
  return { name, state: 'degraded', ...first, detail: detail || checkTold('check.no_engine').message }
}
