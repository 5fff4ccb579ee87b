import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { testDatabase } from '../../../test/kit/database.ts'
import { createFakeMedia } from '../../engines/media/fake.ts'
import type { Media } from '../../engines/media/media.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { ParsedPage, Parser } from '../../engines/parser/parser.ts'
import type { Stt, Transcript } from '../../engines/stt/stt.ts'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Scope } from '../../kernel/scope.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Database } from '../../platform/database/database.ts'
import type { Events } from '../../platform/events/events.ts'
import { openEvents } from '../../platform/events/in-process.ts'
import { createSafeFetch, type SafeFetch } from '../../platform/fetch/fetch.ts'
import { openDisk } from '../../platform/files/disk.ts'
import type { Files } from '../../platform/files/files.ts'
import { HEAD_BYTES, sniff } from '../../platform/files/sniff.ts'
import { createHttp } from '../../platform/http/http.ts'
import { serve } from '../../platform/http/serve.ts'
import type { Identity } from '../../platform/http/service.ts'
import { createLogger } from '../../platform/logger.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { residentErased } from '../auth/auth.events.ts'
import { type PartAdded, partAdded } from '../city/city.events.ts'
import type { EngineSet } from './engine-set.ts'
import { type PartProcessed, partProcessed, partProgress } from './multimodal-gateway.events.ts'
import { createMultimodalGateway, type MultimodalGateway } from './multimodal-gateway.ts'
import type { SourceNeeds } from './sources.ts'
import type { Prices, Purse } from './till.ts'

export const HEARD: Transcript = {
  text: 'Ask not.',
  language: 'en',
  speech: true,
  segments: [{ start: 0, end: 1.5, text: 'Ask not.' }],
  engine: 'scripted/1',
  durationMs: 1_500,
}
export const READ = { text: 'Площа', confidence: 0.9, engine: 'scripted/1', words: [] }
export const WAV = Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1')
export const PERSON: Principal = { id: 'person_1', kind: 'person', name: 'Олена', role: 'resident' }
export const LIMITS = { maxBytes: 1024 * 1024, maxPixels: 1e8, maxSeconds: 3600, maxPages: 500 }
export const principal = { principal: PERSON, service: null, credential: null }

/** An engine whose each call is the next of the script, and the last one for ever. */
export function scripted<T>(...answers: readonly (T | Error | ((signal: AbortSignal) => Promise<T>))[]) {
  const calls: AbortSignal[] = []
  return {
    calls,
    async answer(signal = new AbortController().signal): Promise<T> {
      const step = answers[Math.min(calls.length, answers.length - 1)]
      calls.push(signal)
      if (step instanceof Error) throw step
      if (typeof step === 'function') return (step as (signal: AbortSignal) => Promise<T>)(signal)
      return step as T
    },
  }
}

export const stt = (script: ReturnType<typeof scripted<Transcript>>, why: Error | null = null): Stt => ({
  name: 'scripted',
  missing: async () => why,
  async transcribe(_, options) {
    options?.onProgress?.(0.5)
    return script.answer(options?.signal)
  },
})
export const ocr = (script: ReturnType<typeof scripted<typeof READ>>): Ocr => ({
  name: 'scripted',
  missing: async () => null,
  read: (_, options) => script.answer(options?.signal),
})
export const parser = (pages: readonly ParsedPage[]): Parser => ({
  name: 'scripted',
  async parse(_, { onPage }) {
    for (const page of pages) await onPage(page, pages.length)
    return { title: 'A title', total: pages.length, engine: 'scripted/1' }
  },
})
/** Looks at the beginning alone; the real one opens the file in a child process. */
const media: Media = {
  ...createFakeMedia(),
  async inspect(file) {
    const bytes = 'bytes' in file ? file.bytes : new Uint8Array()
    const mime = await sniff(bytes.subarray(0, HEAD_BYTES), true)
    const kind = (['audio', 'image'] as const).find((known) => mime.startsWith(known)) ?? 'document'
    return { kind, mime, ...(kind === 'audio' && { durationMs: HEARD.durationMs }) }
  },
}

export interface House {
  /** Stops handing out, as a process that ends does. */
  close(): Promise<void>
  readonly gateway: MultimodalGateway
  readonly events: Events
  readonly outcomes: PartProcessed[]
  readonly progress: number[]
  readonly url: string
  metrics(): Promise<string>
  /** Says that a resident was erased. */
  erased(principal: string): Promise<void>
  added(about: Partial<PartAdded> & { bytes: Buffer }): Promise<void>
}

/** What a house stands on, and may be opened in again: its database and its bytes. */
export interface Ground {
  readonly db: Database
  readonly files: Files
  readonly jobFiles: Files
}

export async function ground(scope: Scope): Promise<Ground> {
  const db = await testDatabase()
  scope.defer(() => db[Symbol.asyncDispose]())
  const disk = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
    scope.defer(() => rm(folder, { recursive: true, force: true }))
    const files = await openDisk({ folder })
    scope.defer(() => files[Symbol.asyncDispose]())
    return files
  }
  return { db, files: await disk(), jobFiles: await disk() }
}

export interface HouseNeeds extends Partial<EngineSet> {
  readonly pages?: ParsedPage[]
  readonly signedIn?: boolean
  /** By the bearer that a request carries; the person where it carries none. */
  readonly who?: Readonly<Record<string, Identity>>
  readonly clock?: Clock
  readonly open?: SafeFetch
  readonly vectorsEach?: number
  readonly purse?: () => Purse | undefined
  readonly prices?: Prices
  readonly city?: NonNullable<SourceNeeds['stored']>['city']
}

/** A gateway over scripted engines, on a real database, listening. */
export async function openHouse(
  scope: Scope,
  { db, files, jobFiles }: Ground,
  {
    pages,
    signedIn,
    who: known,
    clock = systemClock,
    open = createSafeFetch(),
    city = () => undefined,
    vectorsEach,
    purse,
    prices = {},
    ...given
  }: HouseNeeds = {},
): Promise<House> {
  const ids = createIds(clock)
  const logger = createLogger('silent')
  const events: Events = openEvents({ database: db, clock, ids, logger })
  const metrics = createMetrics()
  const gateway = createMultimodalGateway({
    db,
    events,
    files,
    jobFiles,
    engines: {
      stt: [stt(scripted(HEARD))],
      tts: [],
      ocr: [ocr(scripted(READ))],
      vision: [],
      parser: [parser(pages ?? [])],
      search: [],
      reader: [],
      embeddings: [],
      rerank: [],
      vectors: [],
      ...given,
    },
    media,
    city,
    open,
    ...(purse && { purse }),
    prices,
    secret: new Secret('a secret of thirty-two characters or more'),
    clock,
    ids,
    limits: { ...LIMITS, ...(vectorsEach && { vectorsEach }) },
    metrics,
    webhookRetriesMs: [20, 20],
  })
  const outcomes: PartProcessed[] = []
  const progress: number[] = []
  events.consume({
    name: 'test.outcomes',
    db: db.kysely,
    types: [partProcessed],
    handle: async ({ data }) => void outcomes.push(data),
  })
  events.listen(partProgress, ({ done }) => progress.push(done))
  await events.start()
  scope.defer(() => events.stop())
  const app = await createHttp({
    logger,
    metrics,
    publicUrl: 'http://127.0.0.1',
    trustProxy: false,
    maxUploadBytes: LIMITS.maxBytes,
  })
  const nobody: Identity = { ...principal, principal: null }
  const authenticate = async ({ headers }: { readonly headers: { authorization?: string | undefined } }) =>
    known?.[headers.authorization?.replace('Bearer ', '') ?? ''] ?? (signedIn === false ? nobody : principal)
  serve(app, gateway, authenticate)
  gateway.routes?.(app, authenticate)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  scope.defer(() => app.close())
  return {
    gateway,
    events,
    close: async () => {
      await events.stop()
      await app.close()
    },
    outcomes,
    progress,
    url,
    metrics: async () => (await metrics.render()).body,
    async erased(principal) {
      const event = { type: residentErased, principal, data: { principal, name: '' } }
      await db.kysely.transaction().execute((tx) => events.append(tx, event))
    },
    async added({ bytes, ...about }) {
      const { sha256, sizeBytes } = await files.put(Readable.from([bytes]), { maxBytes: LIMITS.maxBytes })
      const file = { id: 'file_1', name: 'a.wav', mime: 'audio/wav', sizeBytes, sha256 }
      const author = { id: PERSON.id, kind: PERSON.kind, name: PERSON.name }
      const data = {
        room: 'room_1',
        message: 'msg_1',
        index: 0,
        attempt: 1,
        type: 'audio' as const,
        file,
        author,
        ...about,
      }
      await db.kysely
        .transaction()
        .execute((tx) => events.append(tx, { type: partAdded, principal: PERSON.id, data }))
    },
  }
}

export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never came to be')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
