import { Readable } from 'node:stream'
import type { Kysely } from 'kysely'
import { isFinal } from '../../engines/engine.errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Files } from '../../platform/files/files.ts'
import type { Made, Source, Wish } from './artefacts.ts'
import type { Job, JobType } from './jobs.contract.ts'
import { createJobStore, type JobEnd, type JobStore, type StoredJob, shown } from './jobs.store.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import { jobChanged, jobQueued, webhookDue } from './multimodal-gateway.events.ts'
import type { GatewayTables, Payer } from './multimodal-gateway.tables.ts'

/** Long work as somebody ordered it. */
export interface Order {
  readonly type: JobType
  readonly source: Source | null
  /** What the work takes: JSON. */
  readonly work: unknown
  /** How its result is to be shown: JSON. */
  readonly shape: unknown
  /** What people call it by. */
  readonly about: string
}

/** Long work: kept until it is done, taken up again after a crash, shown to its owner alone. */
export interface Jobs {
  queue(order: Order, owner: string, payer: Payer, webhook: string | null): Promise<Job>
  /** Rejects with `gateway.job_not_found` for another's as for none. */
  find(job: string, owner: string): Promise<StoredJob>
  list(owner: string, before: string | undefined, limit: number): Promise<{ items: Job[]; next?: string }>
  /** Stops one that is not over, down to the child process; forgets one that is. */
  cancel(job: string, owner: string): Promise<Job>
  /** The job each time it has changed beyond `version`, to its end. */
  watch(job: string, owner: string, version: number, signal: AbortSignal): AsyncGenerator<Job>
  sweep(): Promise<void>
  readonly store: JobStore
}

export interface JobNeeds {
  readonly db: Kysely<GatewayTables>
  readonly events: Events
  /** The gateway's own store of bytes. */
  readonly files: Files
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: { readonly maxBytes: number; readonly keepMs: number }
  make(type: JobType, source: Source | null, work: unknown, wish: Wish): Promise<Made<unknown>>
}

const ATTEMPTS = 3
const TIMEOUT_MS = 60 * 60_000
/** Of one owner, not over. */
const MOST_JOBS = 100
const REPORT_MS = 500
const LOOK_AGAIN_MS = 2_000
/** Side by side in one process; the engines' own lanes bound the work. */
const CONSUMERS: readonly {
  readonly name: string
  readonly types: readonly JobType[]
  concurrency: number
}[] = [
  { name: 'gateway.jobs.sound', types: ['transcript', 'translation', 'speech'], concurrency: 2 },
  { name: 'gateway.jobs.pictures', types: ['ocr', 'describe'], concurrency: 2 },
  { name: 'gateway.jobs.documents', types: ['parse', 'read'], concurrency: 2 },
]

export function createJobs(needs: JobNeeds): Jobs {
  const { clock, db, events, files, ids, limits } = needs
  const store = createJobStore(db, clock, limits)
  const running = new Map<string, AbortController>()
  const changed = ({ id, owner, progress, state }: StoredJob, cancelled = false) =>
    events.broadcast(jobChanged, { job: id, cancelled, now: { owner, state, progress } })
  events.listen(jobChanged, ({ job, cancelled }) => {
    if (cancelled) running.get(job)?.abort(new DOMException('The job was cancelled', 'AbortError'))
  })

  /** Ends a job in a transaction, with what its end brings about. */
  const end = async (tx: Parameters<JobStore['create']>[0], job: string, how: JobEnd) => {
    const ended = await store.end(tx, job, how)
    if (ended?.webhook)
      await events.append(tx, { type: webhookDue, principal: ended.owner, data: { job, attempt: 1 } })
    return ended
  }

  const work = async (row: StoredJob, signal: AbortSignal, lost: () => void): Promise<JobEnd> => {
    const { options, payer, source, type } = row
    let reported = 0
    const onProgress = (share: number) => {
      if (clock.now() - reported < REPORT_MS) return
      reported = clock.now()
      store.progress(row.id, share).then(
        (runs) => (runs ? changed({ ...row, progress: share }) : lost()),
        // How far it is may be told another time.
        () => undefined,
      )
    }
    const wish: Wish = { signal, payer, onProgress, patient: true, bulk: true }
    const bytes = source && { ...source, bytes: await files.read(source.sha256) }
    const made = await needs.make(type, bytes, (options as { work: unknown }).work, wish)
    const { engine = made.driver } = made.result as { engine?: string }
    return { state: 'done', engine, result: made.result }
  }

  for (const { concurrency, name, types } of CONSUMERS)
    events.consume({
      name,
      db,
      types: [jobQueued],
      concurrency,
      attempts: ATTEMPTS,
      timeoutMs: TIMEOUT_MS,
      async handle({ data }, job) {
        if (!types.includes(data.type)) return
        const stop = new AbortController()
        running.set(data.job, stop)
        try {
          const row = await store.begin(data.job)
          if (!row) return
          changed(row)
          const how = await work(row, AbortSignal.any([job.signal, stop.signal]), () => stop.abort()).catch(
            (cause: unknown): JobEnd => {
              if (stop.signal.aborted) return { state: 'cancelled' }
              job.signal.throwIfAborted()
              const failure = AppError.from(cause)
              if (!isFinal(failure)) throw cause
              return { state: 'failed', error: failure.toJSON().error }
            },
          )
          let ended: StoredJob | undefined
          await job.commit(async (tx) => {
            ended = await end(tx, row.id, how)
          })
          if (ended) changed(ended)
        } finally {
          running.delete(data.job)
        }
      },
      async failed({ data }, failure, tx) {
        if (!types.includes(data.type)) return
        const ended = await end(tx, data.job, { state: 'failed', error: failure.toJSON().error })
        if (ended) changed(ended)
      },
    })

  const find = async (job: string, owner: string): Promise<StoredJob> => {
    const row = await store.find(job)
    if (row?.owner !== owner) throw gatewayError('gateway.job_not_found')
    return row
  }

  return {
    store,
    find,

    async queue({ about, shape, source, type, work: taken }, owner, payer, webhook) {
      if ((await store.unfinished(owner)) >= MOST_JOBS)
        throw gatewayError('gateway.too_many_jobs', { limit: MOST_JOBS }, { retryAfterMs: 60_000 })
      const put = async () =>
        source && (await files.put(Readable.from([Buffer.from(source.bytes)]), { maxBytes: limits.maxBytes }))
      const blob = await put()
      const id = ids.make('job')
      await db.transaction().execute(async (tx) => {
        const kept = blob && source && { sha256: blob.sha256, mime: source.mime, name: source.name }
        const options = { work: taken, shape, about: about.slice(0, 200) }
        await store.create(tx, { id, owner, payer, type, options, source: kept ?? null, webhook })
        await events.append(tx, { type: jobQueued, principal: owner, data: { job: id, type } })
      })
      // Another's end may have taken the same bytes away between the two.
      if (blob && !(await files.has(blob.sha256))) await put()
      const queued = await find(id, owner)
      changed(queued)
      return shown(queued)
    },

    async list(owner, before, limit) {
      const rows = await store.list(owner, before, limit + 1)
      const items = rows.slice(0, limit).map(shown)
      const next = rows.length > limit ? items.at(-1)?.id : undefined
      return { items, ...(next !== undefined && { next }) }
    },

    async cancel(job, owner) {
      const row = await find(job, owner)
      const ended = await db.transaction().execute((tx) => end(tx, job, { state: 'cancelled' }))
      if (ended) {
        changed(ended, true)
        return shown(ended)
      }
      await store.remove(db, job)
      return shown(row)
    },

    async *watch(job, owner, version, signal) {
      let seen = version
      let wake = () => {}
      const stop = events.listen(jobChanged, (one) => {
        if (one.job === job) wake()
      })
      try {
        while (!signal.aborted) {
          const next = new Promise<void>((resolve) => {
            wake = resolve
          })
          const row = await find(job, owner)
          const now = shown(row)
          if (now.version > seen) {
            seen = now.version
            yield now
          }
          if (now.finishedAt !== undefined) return
          const waited = new AbortController()
          await Promise.race([
            next,
            clock.sleep(LOOK_AGAIN_MS, AbortSignal.any([signal, waited.signal])).catch(() => undefined),
          ])
          waited.abort()
        }
      } finally {
        stop()
      }
    },

    async sweep() {
      for (const sha256 of await store.sweep()) await files.delete(sha256)
    },
  }
}
