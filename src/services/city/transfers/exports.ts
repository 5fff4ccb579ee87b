import type { FastifyInstance } from 'fastify'
import type { Selectable } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { Files } from '../../../platform/files/files.ts'
import { admitted } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { asResource, type CityDb, enterRoom, isId, iso, json, type RoomRow } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import { forgetBlob } from '../files/blobs.ts'
import { disposition } from '../messages/names.ts'
import { type Export, TRANSFER_RIGHTS } from '../transfers.contract.ts'
import { transferError } from '../transfers.errors.ts'
import { zipOf } from './archive.ts'
import { type AuthOfMine, personPieces } from './person-export.ts'
import { roomPieces } from './room-export.ts'
import { exportAsked, exportExpired } from './transfers.events.ts'

export interface ExportNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly files: Files
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly account?: AuthOfMine
  readonly clock: Clock
  readonly ids: Ids
}

type Row = Selectable<CityTables['city.export']>

const MAX_OPEN = 3
const SHOWN = 50
const DAY_MS = 86_400_000
const MAX_ARCHIVE_BYTES = 64 * 2 ** 30
/** One try writes the whole archive again: half of a ZIP is of no use. */
const TRY_MS = 60 * 60_000
/** Progress is told once in so many messages and files. */
const STEP = 200

/** Archives of a person's own data and of rooms: asked for, written by a durable job, given to the asker alone for a day. */
export function createExports(
  needs: ExportNeeds,
): Pick<Handlers<typeof cityContract>, 'openExport' | 'exports' | 'export'> {
  const { db, events, clock, ids } = needs
  consumeAsked(needs)
  return {
    async openExport({ what, room: ref, format }, { principal, requestId }) {
      if (!principal) throw kernelError('auth.required')
      if (what === 'room' && ref === undefined) throw transferError('transfer.room_missing')
      if (what === 'me' && format !== 'json') throw transferError('transfer.my_data_format')
      const id = ids.make('export')
      await db.transaction().execute(async (tx) => {
        const room = what === 'room' ? await keptRoom(tx, ref ?? '', principal) : null
        const { count } = await tx
          .selectFrom('city.export')
          .select((of) => of.fn.countAll<number | string>().as('count'))
          .where('principal', '=', principal.id)
          .where('state', 'in', ['waiting', 'running'])
          .executeTakeFirstOrThrow()
        if (Number(count) >= MAX_OPEN) throw transferError('transfer.too_many_exports', { limit: MAX_OPEN })
        await tx
          .insertInto('city.export')
          .values({
            id,
            principal: principal.id,
            what,
            room: room?.id ?? null,
            format,
            created_at: isoTime(clock.now()),
          })
          .execute()
        await events.append(tx, {
          type: exportAsked,
          principal: principal.id,
          requestId,
          data: { export: id },
        })
      })
      return shown(await mine(db, id, principal))
    },
    async exports(_input, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const rows = await withRoom(db, principal).orderBy('export.id', 'desc').limit(SHOWN).execute()
      return { items: rows.map(shown) }
    },
    export: async ({ export: id }, { principal }) => shown(await mine(db, id, principal)),
  }
}

/** `GET /api/city/exports/:export/archive`: the bytes, for whoever asked for them and may still keep the room. */
export function exportRoute(app: FastifyInstance, authenticate: Authenticate, needs: ExportNeeds): void {
  const { db, files } = needs
  app.get('/api/city/exports/:export/archive', async (request, reply) => {
    const { principal } = await admitted(request, reply, TRANSFER_RIGHTS.download, authenticate)
    // The route's own pattern makes this a string.
    const row = await mine(db, (request.params as { export: string }).export, principal)
    if (row.room !== null && !(await stillKeeps(db, row.room, principal)))
      throw transferError('transfer.export_not_found')
    if (row.state !== 'done' || row.blob === null) throw transferError('transfer.export_unfinished')
    const name = `${row.slug ?? 'daarion'}-${iso(row.created_at).slice(0, 10)}.zip`
    return await reply
      .header('content-disposition', disposition('attachment', name))
      .header('content-length', Number(row.size_bytes))
      .header('cache-control', 'private, no-store')
      .header('x-content-type-options', 'nosniff')
      .type('application/zip')
      .send(await files.open(row.blob))
  })
}

function consumeAsked(needs: ExportNeeds): void {
  const { db, events, files, auth, account, clock } = needs
  events.consume<CityTables, typeof exportAsked>({
    name: 'city.write_export',
    db,
    types: [exportAsked],
    timeoutMs: TRY_MS,
    async handle({ data }, job) {
      const row = await db
        .updateTable('city.export')
        .set({ state: 'running', done: 0 })
        .where('id', '=', data.export)
        .where('state', 'in', ['waiting', 'running'])
        .returningAll()
        .executeTakeFirst()
      if (!row) return
      const { items } = await auth.principals({ ids: [row.principal] }, { signal: job.signal })
      const person = items[0]
      if (!person) throw transferError('transfer.export_not_found')
      const progress = countInto(db, row.id)
      const asked = { db, files, tick: progress.tick }
      const { pieces, total } =
        row.room === null
          ? await personPieces({ ...asked, account, person, signal: job.signal })
          : await roomPieces({
              ...asked,
              room: await keptRoom(db, row.room, person),
              format: row.format,
              viewer: person.id,
            })
      await db.updateTable('city.export').set({ total }).where('id', '=', row.id).execute()
      const zip = await zipOf(pieces, new Date(row.created_at), job.signal)
      const blob = await files.put(zip, { maxBytes: MAX_ARCHIVE_BYTES })
      await progress.settled()
      const expires = clock.now() + DAY_MS
      await job.commit(async (tx) => {
        await tx
          .updateTable('city.export')
          .set({
            state: 'done',
            done: total,
            blob: blob.sha256,
            size_bytes: blob.sizeBytes,
            expires_at: isoTime(expires),
          })
          .where('id', '=', row.id)
          .execute()
        await events.append(tx, {
          type: exportExpired,
          principal: null,
          data: { export: row.id },
          availableAt: expires,
        })
      })
    },
    async failed({ data }, failure, tx) {
      await tx
        .updateTable('city.export')
        .set({ state: 'failed', error: json(failure.toJSON().error) })
        .where('id', '=', data.export)
        .execute()
    },
  })

  events.consume<CityTables, typeof exportExpired>({
    name: 'city.drop_export',
    db,
    types: [exportExpired],
    async handle({ data }, job) {
      const row = await db
        .selectFrom('city.export')
        .select('blob')
        .where('id', '=', data.export)
        .executeTakeFirst()
      const twin = row?.blob
        ? await db
            .selectFrom('city.export')
            .select('id')
            .where('blob', '=', row.blob)
            .where('id', '<>', data.export)
            .executeTakeFirst()
        : undefined
      if (row?.blob && !twin) await forgetBlob(db, files, row.blob)
      await job.commit(async (tx) => {
        await tx.deleteFrom('city.export').where('id', '=', data.export).execute()
      })
    },
  })
}

/** Writes progress now and then, one write at a time, and never in the way of the archive itself. */
function countInto(db: CityDb, id: string) {
  let done = 0
  let told = 0
  let writing: Promise<unknown> = Promise.resolve()
  return {
    tick(count: number): void {
      done += count
      if (done - told < STEP) return
      told = done
      const now = done
      writing = writing
        .then(() => db.updateTable('city.export').set({ done: now }).where('id', '=', id).execute())
        .catch(() => undefined)
    },
    settled: () => writing,
  }
}

/** The room, for whoever keeps it; a talk is its people's own. */
async function keptRoom(db: CityDb, ref: string, principal: Principal): Promise<RoomRow> {
  const room = await enterRoom(db, ref, principal)
  if (!keeps(room, principal)) throw transferError('transfer.not_keeper')
  return room
}

const keeps = (room: RoomRow, principal: Principal): boolean =>
  may(principal, 'room.invite', asResource(room)).permit ||
  (room.visibility === 'direct' && room.membership !== null)

const stillKeeps = async (db: CityDb, room: string, principal: Principal): Promise<boolean> =>
  await keptRoom(db, room, principal).then(
    () => true,
    () => false,
  )

const withRoom = (db: CityDb, principal: Principal) =>
  db
    .selectFrom('city.export as export')
    .leftJoin('city.room as room', 'room.id', 'export.room')
    .selectAll('export')
    .select(['room.slug', 'room.name'])
    .where('export.principal', '=', principal.id)

type ShownRow = Row & { slug: string | null; name: string | null }

async function mine(db: CityDb, id: string, principal: Principal | null): Promise<ShownRow> {
  const row =
    principal && isId(id)
      ? await withRoom(db, principal).where('export.id', '=', id).executeTakeFirst()
      : undefined
  if (!row) throw transferError('transfer.export_not_found')
  return row
}

const shown = (row: ShownRow): Export => ({
  id: row.id,
  what: row.what,
  ...(row.room !== null && { room: { id: row.room, slug: row.slug ?? '', name: row.name ?? '' } }),
  format: row.format,
  state: row.state,
  done: row.done,
  total: row.total,
  sizeBytes: row.size_bytes === null ? undefined : Number(row.size_bytes),
  error: row.error ?? undefined,
  createdAt: iso(row.created_at),
  expiresAt: row.expires_at === null ? undefined : iso(row.expires_at),
})
