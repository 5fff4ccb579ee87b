import { Readable } from 'node:stream'
import { type Kysely, sql } from 'kysely'
import { isFinal } from '../../engines/engine.errors.ts'
import { firstAble } from '../../engines/fallback.ts'
import type { Reader } from '../../engines/reader/reader.ts'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Call, Handlers } from '../../kernel/contract.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Events } from '../../platform/events/events.ts'
import type { SafeFetch } from '../../platform/fetch/fetch.ts'
import type { Files } from '../../platform/files/files.ts'
import type { Access } from './access.ts'
import type { CollectionStore } from './collections.store.ts'
import { knowledgeError } from './knowledge.errors.ts'
import { sourceDue, sourcePageDue } from './knowledge.events.ts'
import type { Tx } from './knowledge.store.ts'
import type { KnowledgeTables, SourcePageRow, SourceRow } from './knowledge.tables.ts'
import { pagesOfSite } from './sitemap.ts'
import type { Source, sourceOperations } from './sources.contract.ts'

export interface SourceNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly events: Events
  readonly access: Access
  readonly collections: CollectionStore
  readonly own: Files
  /** In order of preference. */
  readonly reader: readonly Reader[]
  /** Opens public addresses alone, for sitemaps. */
  readonly openLink: SafeFetch
  readonly clock: Clock
  readonly ids: Ids
}

const MAX_SOURCES = 100
const ATTEMPTS = 4
const TIMEOUT_MS = 3 * 60_000
const MAX_PAGE_BYTES = 20_000_000
const MAX_TITLE = 200

/** Addresses whose pages a collection keeps, read again as often as asked: each turn and each page is a durable job of its own. */
export function createSources(needs: SourceNeeds): Handlers<typeof sourceOperations> {
  const { access, clock, db, events, ids } = needs
  consumeTurns(needs)
  consumePages(needs)

  const list = async (where: { source?: string; collection?: string }): Promise<Source[]> => {
    const rows = await db
      .selectFrom('knowledge.source as s')
      .leftJoin('knowledge.source_page as p', 'p.source', 's.id')
      .selectAll('s')
      .select(
        (['waiting', 'done', 'same', 'failed'] as const).map((state) =>
          sql<string | number>`count(p.url) filter (where p.state = ${state})`.as(`pages_${state}`),
        ),
      )
      .$if(where.source !== undefined, (query) => query.where('s.id', '=', where.source ?? ''))
      .$if(where.collection !== undefined, (query) =>
        query.where('s.collection', '=', where.collection ?? ''),
      )
      .groupBy('s.id')
      .orderBy('s.id', 'desc')
      .limit(MAX_SOURCES)
      .execute()
    return rows.map((row) => ({
      id: row.id,
      collection: row.collection,
      kind: row.kind,
      url: row.url,
      everyHours: row.every_hours,
      state: row.state,
      ...(row.error && { error: row.error }),
      pages: {
        total: row.pages_total,
        done: Number(row.pages_done),
        same: Number(row.pages_same),
        failed: Number(row.pages_failed),
      },
      createdAt: row.created_at.toISOString(),
      readAt: row.read_at?.toISOString() ?? null,
      nextAt: row.next_at?.toISOString() ?? null,
    }))
  }
  const one = async (source: string): Promise<Source> => {
    const [found] = await list({ source })
    if (!found) throw knowledgeError('knowledge.source_not_found')
    return found
  }
  /** A source of a collection that the asker may change. */
  const enter = async (id: string, call: Call): Promise<Source> => {
    const found = await one(id)
    const entered = await access.enter(found.collection, call).catch(() => {
      throw knowledgeError('knowledge.source_not_found')
    })
    await access.check(entered, 'post', call)
    return found
  }

  return {
    async sources({ collection }, call) {
      const { id } = await access.enter(collection, call)
      return { items: await list({ collection: id }) }
    },

    async addSource({ collection, url, kind, everyHours }, call) {
      if (!call.principal) throw kernelError('auth.required')
      const by = call.principal.id
      const entered = await access.enter(collection, call)
      await access.check(entered, 'post', call)
      const id = ids.make('src')
      const address = new URL(url)
      address.hash = ''
      await db.transaction().execute(async (tx) => {
        const { n } = await tx
          .selectFrom('knowledge.source')
          .select((make) => make.fn.countAll<string | number>().as('n'))
          .where('collection', '=', entered.id)
          .executeTakeFirstOrThrow()
        if (Number(n) >= MAX_SOURCES) throw knowledgeError('knowledge.too_many', { limit: MAX_SOURCES })
        const made = await tx
          .insertInto('knowledge.source')
          .values({
            id,
            collection: entered.id,
            kind,
            url: address.href,
            every_hours: everyHours,
            state: 'waiting',
            added_by: by,
            created_at: isoTime(clock.now()),
          })
          .onConflict((conflict) => conflict.doNothing())
          .returning('id')
          .executeTakeFirst()
        if (!made) throw knowledgeError('knowledge.source_exists')
        await events.append(tx, { type: sourceDue, principal: by, data: { source: id, turn: 1 } })
      })
      return await one(id)
    },

    async readSource({ source }, call) {
      const found = await enter(source, call)
      await db.transaction().execute(async (tx) => {
        const next = await tx
          .updateTable('knowledge.source')
          .set((set) => ({ turn: set('turn', '+', 1), state: 'waiting' as const, next_at: null }))
          .where('id', '=', found.id)
          .where('state', 'in', ['done', 'failed'])
          .returning('turn')
          .executeTakeFirst()
        if (!next) throw knowledgeError('knowledge.source_reading')
        const data = { source: found.id, turn: next.turn }
        await events.append(tx, { type: sourceDue, principal: call.principal?.id ?? null, data })
      })
      return await one(found.id)
    },

    async removeSource({ source }, call) {
      const found = await enter(source, call)
      await db.deleteFrom('knowledge.source').where('id', '=', found.id).execute()
      return { done: true }
    },
  }
}

/** A turn of a source: which pages there are. */
function consumeTurns({ clock, db, events, openLink }: SourceNeeds): void {
  events.consume({
    name: 'knowledge.source',
    db,
    types: [sourceDue],
    attempts: ATTEMPTS,
    timeoutMs: TIMEOUT_MS,
    async handle({ data: { source, turn } }, job) {
      const row = await currentTurn(db, source, turn)
      if (!row) return
      await db.updateTable('knowledge.source').set({ state: 'reading' }).where('id', '=', source).execute()
      let pages: readonly string[] = [row.url]
      try {
        if (row.kind === 'site') pages = await pagesOfSite(openLink, row.url, job.signal)
      } catch (cause) {
        job.signal.throwIfAborted()
        const failure = AppError.from(cause)
        if (!isFinal(failure)) throw cause
        return await job.commit((tx) => endTurn(tx, { clock, events }, row, failure))
      }
      await job.commit(async (tx) => {
        await tx.deleteFrom('knowledge.source_page').where('source', '=', source).execute()
        await tx
          .insertInto('knowledge.source_page')
          .values(pages.map((url) => ({ source, url, turn, state: 'waiting' as const })))
          .execute()
        await tx
          .updateTable('knowledge.source')
          .set({ pages_total: pages.length, error: null })
          .where('id', '=', source)
          .execute()
        await events.append(
          tx,
          ...pages.map((url) => ({ type: sourcePageDue, principal: null, data: { source, turn, url } })),
        )
      })
    },
    async failed({ data: { source, turn } }, failure, tx) {
      const row = await currentTurn(tx, source, turn)
      if (row) await endTurn(tx, { clock, events }, row, failure)
    },
  })
}

/** One page of a turn: read, and brought into the collection where it is new. */
function consumePages({ clock, collections, db, events, own, reader }: SourceNeeds): void {
  const settle = async (
    tx: Tx,
    row: SourceNow,
    url: string,
    how: { state: SourcePageRow['state']; document?: string; failure?: AppError },
  ) => {
    await tx
      .updateTable('knowledge.source_page')
      .set({
        state: how.state,
        document: how.document ?? null,
        error: how.failure ? JSON.stringify(how.failure.toJSON().error) : null,
      })
      .where('source', '=', row.id)
      .where('url', '=', url)
      .execute()
    const left = await tx
      .selectFrom('knowledge.source_page')
      .select('state')
      .select((make) => make.fn.countAll<string | number>().as('n'))
      .where('source', '=', row.id)
      .groupBy('state')
      .execute()
    if (left.some(({ state }) => state === 'waiting')) return
    const allFailed = left.every(({ state }) => state === 'failed')
    await endTurn(tx, { clock, events }, row, allFailed ? how.failure : undefined)
  }

  events.consume({
    name: 'knowledge.source_page',
    db,
    types: [sourcePageDue],
    concurrency: 2,
    attempts: ATTEMPTS,
    timeoutMs: TIMEOUT_MS,
    async handle({ data: { source, turn, url } }, job) {
      const row = await currentTurn(db, source, turn)
      if (!row) return
      try {
        const page = await firstAble(reader, (engine) => engine.read(url, { signal: job.signal }))
        const words = storable(page.markdown).trim()
        if (words === '') throw knowledgeError('knowledge.page_empty')
        const title =
          storable(page.title).replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE) || new URL(url).host
        const text = words.startsWith('# ') ? words : `# ${title}\n\n${words}`
        const blob = await own.put(Readable.from([Buffer.from(text)]), { maxBytes: MAX_PAGE_BYTES })
        await job.commit(async (tx) => {
          await lock(tx, source)
          const { id, isNew } = await collections.bring(tx, {
            collection: row.collection,
            sha256: blob.sha256,
            name: title,
            mime: 'text/markdown',
            sizeBytes: blob.sizeBytes,
            by: row.added_by,
            series: `url:${url}`,
            url,
            source,
          })
          await settle(tx, row, url, { state: isNew ? 'done' : 'same', document: id })
        })
      } catch (cause) {
        job.signal.throwIfAborted()
        const failure = AppError.from(cause)
        if (!isFinal(failure)) throw cause
        await job.commit(async (tx) => {
          await lock(tx, source)
          await settle(tx, row, url, { state: 'failed', failure })
        })
      }
    },
    async failed({ data: { source, turn, url } }, failure, tx) {
      await lock(tx, source)
      const row = await currentTurn(tx, source, turn)
      if (row) await settle(tx, row, url, { state: 'failed', failure })
    },
  })
}

type SourceNow = Awaited<ReturnType<typeof currentTurn>> & object

/** The source, where this turn of it is the one that counts. */
async function currentTurn(db: Kysely<KnowledgeTables>, source: string, turn: number) {
  return await db
    .selectFrom('knowledge.source')
    .select(['id', 'collection', 'kind', 'url', 'every_hours', 'turn', 'added_by'])
    .where('id', '=', source)
    .where('turn', '=', turn)
    .executeTakeFirst()
}

/** Says how a turn went and asks for the next one. */
async function endTurn(
  tx: Tx,
  { clock, events }: { readonly clock: Clock; readonly events: Events },
  { every_hours, id, turn }: SourceNow,
  failure: AppError | undefined,
): Promise<void> {
  const now = clock.now()
  const next = every_hours === null ? null : now + every_hours * 3_600_000
  const state: SourceRow['state'] = failure ? 'failed' : 'done'
  await tx
    .updateTable('knowledge.source')
    .set({
      state,
      error: failure ? JSON.stringify(failure.toJSON().error) : null,
      read_at: isoTime(now),
      next_at: next === null ? null : isoTime(next),
      ...(next !== null && { turn: turn + 1 }),
    })
    .where('id', '=', id)
    .execute()
  if (next === null) return
  const data = { source: id, turn: turn + 1 }
  await events.append(tx, { type: sourceDue, principal: null, data, availableAt: next })
}

/** Pages of one source settle one after another, so that the last one knows it is the last. */
const lock = (tx: Tx, source: string) =>
  sql`select 1 from knowledge.source where id = ${source} for update`.execute(tx)
