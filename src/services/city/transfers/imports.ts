import type { MultipartFile } from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Selectable } from 'kysely'
import { isoTime } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { AppError, kernelError } from '../../../kernel/errors.ts'
import { isOperator } from '../../../kernel/principal.ts'
import type { Files, StoredBlob } from '../../../platform/files/files.ts'
import { isBrokenForm } from '../../../platform/http/broken-form.ts'
import { admitted } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, isId, iso, json } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import { forgetBlob } from '../files/blobs.ts'
import { cleanName } from '../messages/names.ts'
import { type Import, type ImportReport, TRANSFER_RIGHTS } from '../transfers.contract.ts'
import { transferError } from '../transfers.errors.ts'
import { type ReadArchive, readArchive } from './read-archive.ts'
import { readMattermost } from './sources/mattermost.ts'
import { readSlack } from './sources/slack.ts'
import { type Left, type Source, sample, type Told } from './sources/source.ts'
import { readTelegram } from './sources/telegram.ts'
import { roomFor, type Taking, type TakingNeeds, takeIn } from './take-in.ts'
import { importAsked, importOver } from './transfers.events.ts'

export interface ImportNeeds extends TakingNeeds {
  readonly files: Files
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
}

const MAX_ARCHIVE_BYTES = 4 * 2 ** 30
const MAX_WAITING = 5
const SHOWN = 50
const TRY_MS = 60 * 60_000
/** So many messages are stored in one transaction. */
const BATCH = 100
const EXAMPLES = 5

/** Archives of Slack, Mattermost and Telegram become private rooms of whoever brings them. A durable job reads an archive from its beginning at each try, and what is there already stays as it is. */
export function createImports(needs: ImportNeeds): Pick<Handlers<typeof cityContract>, 'imports' | 'import'> {
  const { db } = needs
  consumeAsked(needs)
  return {
    async imports() {
      const rows = await db.selectFrom('city.import').selectAll().orderBy('id', 'desc').limit(SHOWN).execute()
      return { items: rows.map(shown) }
    },
    async import({ import: id }) {
      const row = isId(id)
        ? await db.selectFrom('city.import').selectAll().where('id', '=', id).executeTakeFirst()
        : undefined
      if (!row) throw transferError('transfer.import_not_found')
      return shown(row)
    },
  }
}

/** `POST /api/city/imports`: one multipart field `file`; 202 with the import, which goes on in the background. Operators alone. */
export function importRoute(app: FastifyInstance, authenticate: Authenticate, needs: ImportNeeds): void {
  const { db, events, files, clock, ids } = needs
  app.post('/api/city/imports', async (request, reply) => {
    const { principal, requestId } = await admitted(request, reply, TRANSFER_RIGHTS.open, authenticate)
    if (!isOperator(principal)) throw kernelError('auth.forbidden')
    const { count } = await db
      .selectFrom('city.import')
      .select((of) => of.fn.countAll<number | string>().as('count'))
      .where('state', 'in', ['waiting', 'running'])
      .executeTakeFirstOrThrow()
    if (Number(count) >= MAX_WAITING) throw transferError('transfer.too_many_imports', { limit: MAX_WAITING })
    const { blob, name } = await receive(request, files)
    const row = await db.transaction().execute(async (tx) => {
      const made = await tx
        .insertInto('city.import')
        .values({
          id: ids.make('import'),
          principal: principal.id,
          name,
          blob: blob.sha256,
          created_at: isoTime(clock.now()),
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      await events.append(tx, {
        type: importAsked,
        principal: principal.id,
        requestId,
        data: { import: made.id },
      })
      return made
    })
    return await reply.code(202).send(shown(row))
  })
}

async function receive(request: FastifyRequest, files: Files): Promise<{ blob: StoredBlob; name: string }> {
  if (!request.isMultipart()) throw cityError('city.upload_not_multipart')
  try {
    // One byte more than allowed is let in, so that the store is the one that refuses.
    const part: MultipartFile | undefined = await request.file({
      limits: { fileSize: MAX_ARCHIVE_BYTES + 1, files: 1, fields: 5 },
    })
    if (part?.fieldname !== 'file') throw cityError('city.upload_missing')
    const blob = await files.put(part.file, { maxBytes: MAX_ARCHIVE_BYTES })
    return { blob, name: cleanName(part.filename) }
  } catch (cause) {
    request.raw.resume()
    if (cause instanceof AppError || !(cause instanceof Error)) throw cause
    throw isBrokenForm(cause) ? cityError('city.upload_broken', {}, { cause }) : cause
  }
}

function consumeAsked(needs: ImportNeeds): void {
  const { db, events, files, auth } = needs
  events.consume<CityTables, typeof importAsked>({
    name: 'city.take_in_import',
    db,
    types: [importAsked],
    timeoutMs: TRY_MS,
    async handle({ data }, job) {
      const row = await db
        .updateTable('city.import')
        .set({ state: 'running', done: 0 })
        .where('id', '=', data.import)
        .where('state', 'in', ['waiting', 'running'])
        .returningAll()
        .executeTakeFirst()
      if (!row?.blob) return
      const { items } = await auth.principals({ ids: [row.principal] }, { signal: job.signal })
      const by = items[0]
      // They may have become another since they asked.
      if (!by || !isOperator(by)) throw kernelError('auth.forbidden')
      const notes = createNotes()
      await using archive = await readArchive(files.path(row.blob))
      for (const name of archive.refused) notes.left('unsafe_name', sample(name))
      const source = await recognise(archive, notes.left)
      await db
        .updateTable('city.import')
        .set({ source: source.source, total: source.total })
        .where('id', '=', row.id)
        .execute()
      const taking = {
        import: row.id,
        source: source.source,
        by,
        archive,
        left: notes.left,
        signal: job.signal,
      }
      const rooms = await takeAll(needs, taking, source)
      const report = { ...(await countsOf(db, row.id, [...rooms.values()])), left: notes.all() }
      const over = { state: 'done', report: json(report) } as const
      await job.commit((tx) => finish(tx, needs, row.id, over))
    },
    async failed({ data }, failure, tx) {
      await finish(tx, needs, data.import, { state: 'failed', error: json(failure.toJSON().error) })
    },
  })

  events.consume<CityTables, typeof importOver>({
    name: 'city.drop_import',
    db,
    types: [importOver],
    async handle({ data: { blob } }) {
      const wanted = await db
        .selectFrom('city.import')
        .select('id')
        .where('blob', '=', blob)
        .executeTakeFirst()
      if (!wanted) await forgetBlob(db, files, blob)
    },
  })
}

async function finish(
  tx: CityDb,
  { events, clock }: ImportNeeds,
  id: string,
  set: { state: 'done'; report: string } | { state: 'failed'; error: string },
): Promise<void> {
  const row = await tx.selectFrom('city.import').select('blob').where('id', '=', id).executeTakeFirst()
  await tx
    .updateTable('city.import')
    .set({ ...set, blob: null, finished_at: isoTime(clock.now()) })
    .where('id', '=', id)
    .execute()
  if (row?.blob) await events.append(tx, { type: importOver, principal: null, data: { blob: row.blob } })
}

async function recognise(archive: ReadArchive, left: Left): Promise<Source> {
  for (const read of [readSlack, readMattermost, readTelegram]) {
    const source = await read(archive, left)
    if (source) return source
  }
  throw transferError('transfer.unknown_kind')
}

/** Stores everything, place by place in batches; answers with the rooms by their places. */
async function takeAll(needs: ImportNeeds, taking: Taking, source: Source): Promise<Map<string, string>> {
  const { db } = needs
  const rooms = new Map<string, string>()
  for (const place of source.places) rooms.set(place.id, await roomFor(needs, taking, place))
  const waiting = new Map<string, Told[]>()
  let held = 0
  let done = 0
  const flush = async (place: string): Promise<void> => {
    const told = waiting.get(place) ?? []
    const room = rooms.get(place)
    waiting.delete(place)
    held -= told.length
    if (room === undefined || told.length === 0) return
    taking.signal.throwIfAborted()
    await takeIn(needs, taking, room, told)
    done += told.length
    await db.updateTable('city.import').set({ done }).where('id', '=', taking.import).execute()
  }
  for await (const one of source.messages()) {
    const told = [...(waiting.get(one.place) ?? []), one]
    waiting.set(one.place, told)
    held++
    if (told.length >= BATCH) await flush(one.place)
    else if (held >= 20 * BATCH) for (const place of [...waiting.keys()]) await flush(place)
  }
  for (const place of [...waiting.keys()]) await flush(place)
  return rooms
}

async function countsOf(
  db: CityDb,
  id: string,
  rooms: readonly string[],
): Promise<Omit<ImportReport, 'left'>> {
  if (rooms.length === 0) return { rooms: [], added: 0, known: 0, files: 0 }
  const shownRooms = await db
    .selectFrom('city.room')
    .select(['id as room', 'slug', 'name'])
    .where('id', 'in', rooms)
    .orderBy('name')
    .execute()
  const messages = await db
    .selectFrom('city.imported as imported')
    .innerJoin('city.message as message', 'message.id', 'imported.message')
    .select((of) => [
      of.fn.countAll<number | string>().as('all'),
      of.fn.countAll<number | string>().filterWhere('imported.import', '=', id).as('added'),
    ])
    .where('message.room', 'in', rooms)
    .executeTakeFirstOrThrow()
  const files = await db
    .selectFrom('city.imported as imported')
    .innerJoin('city.part as part', 'part.message', 'imported.message')
    .select((of) => of.fn.countAll<number | string>().as('count'))
    .where('imported.import', '=', id)
    .executeTakeFirstOrThrow()
  const added = Number(messages.added)
  return { rooms: shownRooms, added, known: Number(messages.all) - added, files: Number(files.count) }
}

/** Counts what is left out by kind, with the first few examples of each. */
function createNotes() {
  const kinds = new Map<string, { count: number; examples: string[] }>()
  return {
    left(kind: string, example: string): void {
      const of = kinds.get(kind) ?? { count: 0, examples: [] }
      of.count++
      const short = sample(example)
        .replaceAll('\0', '')
        .replace(/\p{Surrogate}/gu, '\uFFFD')
      if (short !== '' && of.examples.length < EXAMPLES && !of.examples.includes(short))
        of.examples.push(short)
      kinds.set(kind, of)
    },
    all: (): ImportReport['left'] =>
      [...kinds].map(([kind, of]) => ({ kind, ...of })).sort((a, b) => b.count - a.count),
  }
}

const shown = (row: Selectable<CityTables['city.import']>): Import => ({
  id: row.id,
  name: row.name,
  by: row.principal,
  source: row.source ?? undefined,
  state: row.state,
  done: row.done,
  total: row.total,
  report: row.report ?? undefined,
  error: row.error ?? undefined,
  createdAt: iso(row.created_at),
})
