import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import { isoTime } from '../../kernel/clock.ts'
import type { Principal } from '../../kernel/principal.ts'
import { storableJson } from '../../platform/database/storable.ts'
import { may } from '../auth/auth.rights.ts'
import { cityError } from './city.errors.ts'
import type { CityTables, ReactionDetail } from './city.tables.ts'
import { dress, tombstone } from './messages/dress.ts'
import type { CalledRun, Message, Part } from './messages.contract.ts'
import type { Membership } from './rooms.contract.ts'

/** The city's own database handle; a transaction is one too. */
export type CityDb = Kysely<CityTables>
/** A room with what somebody is in it. */
export type RoomRow = Selectable<CityTables['city.room']> & {
  membership: Membership | null
  banned: boolean
}
/** A room with all that decides what somebody may do in it now. */
export type EnteredRoom = RoomRow & { muted_until: Date | string | null; policy_version: number }
export type MessageRow = Selectable<CityTables['city.message']>
export type FileRow = Selectable<CityTables['city.file']>

export const iso = (time: Date | string): string => new Date(time).toISOString()

/** No id is longer, and PostgreSQL holds no NUL: what breaks this names nothing. */
export const isId = (text: string): boolean => text.length > 0 && text.length <= 200 && !text.includes('\0')

/** JSON as PostgreSQL can hold it. */
export const json = storableJson

/** A room by id or slug, with what the principal is in it. With `lock` its row is held until the transaction ends: whoever numbers events comes through here. */
export async function findRoom(
  db: CityDb,
  ref: string,
  principal: string | null,
  lock = false,
): Promise<EnteredRoom | undefined> {
  if (!isId(ref)) return undefined
  let query = db
    .selectFrom('city.room as room')
    .leftJoin('city.member as member', (join) =>
      join.onRef('member.room', '=', 'room.id').on('member.principal', '=', principal ?? ''),
    )
    .selectAll('room')
    .select('member.membership')
    .select([bannedIn(sql.ref('room.id'), principal), mutedIn(sql.ref('room.id'), principal)])
    .select(sql<number>`(select version from city.policy)`.as('policy_version'))
    .where(ref.startsWith('room_') ? 'room.id' : 'room.slug', '=', ref)
  if (lock) query = query.forUpdate('room')
  return await query.executeTakeFirst()
}

/** The room, where the principal may read it. Otherwise the one answer of every room that is not there. */
export async function enterRoom(
  db: CityDb,
  ref: string,
  principal: Principal | null,
  lock = false,
): Promise<EnteredRoom> {
  const room = await findRoom(db, ref, principal?.id ?? null, lock)
  checkReads(room, principal)
  return room
}

/** Refuses whoever may not read a room, with the one answer of every room that is not there. */
export function checkReads(
  room: EnteredRoom | undefined,
  principal: Principal | null,
): asserts room is EnteredRoom {
  // That it is there is known to everybody; so they are told what keeps them out.
  if (room?.banned && room.visibility === 'public') throw cityError('city.room_banned')
  if (!room || !may(principal, 'room.read', asResource(room)).permit) throw cityError('city.room_not_found')
}

/** Whether somebody is banned from a room. */
export const bannedIn = (room: RawBuilder<unknown>, principal: string | null) =>
  sql<boolean>`exists (select 1 from city.sanction s where s.room = ${room} and s.principal = ${principal ?? ''}
    and s.kind = 'ban' and s.lifted_at is null)`.as('banned')

const mutedIn = (room: RawBuilder<unknown>, principal: string | null) =>
  sql<Date | string | null>`(select until from city.sanction s where s.room = ${room}
    and s.principal = ${principal ?? ''} and s.kind = 'mute' and s.lifted_at is null)`.as('muted_until')

/** Refuses whoever is muted at this moment. */
export function checkNotMuted({ muted_until: until }: EnteredRoom, at: number): void {
  if (until !== null && new Date(until).getTime() > at)
    throw cityError('city.muted', { until: `${iso(until).slice(0, 16)}Z` })
}

/** Refuses whoever may read the room but not speak in it: a guest, the muted, and anybody once it is archived. */
export function checkMaySpeak(room: EnteredRoom, principal: Principal | null, at: number): void {
  checkNotMuted(room, at)
  if (room.archived_at !== null) throw cityError('city.room_archived')
  if (!may(principal, 'room.post', asResource(room)).permit) throw cityError('city.guest_silent')
}

/** A room as the rule book of rights sees it. */
export const asResource = (room: Pick<RoomRow, 'visibility' | 'membership' | 'banned'>, author?: string) => ({
  type: 'room' as const,
  visibility: room.visibility,
  membership: room.membership,
  banned: room.banned,
  ...(author !== undefined && { author }),
})

export interface NewEventRow {
  readonly type: CityTables['city.event']['type']
  readonly message: string
  readonly part?: number
  readonly detail?: ReactionDetail
}

/** Takes the next numbers of a room and writes its events under them; answers with the last number. The caller holds the room's lock. */
export async function numberEvents(
  tx: CityDb,
  room: string,
  at: number,
  rows: readonly NewEventRow[],
): Promise<number> {
  const { seq } = await tx
    .updateTable('city.room')
    .set({ seq: sql<number>`seq + ${rows.length}` })
    .where('id', '=', room)
    .returning('seq')
    .executeTakeFirstOrThrow()
  const first = Number(seq) - rows.length + 1
  const values = rows.map(({ type, message, part = null, detail }, i) => ({
    room,
    seq: first + i,
    type,
    message,
    part,
    detail: detail ? json(detail) : null,
    at: isoTime(at),
  }))
  await tx.insertInto('city.event').values(values).execute()
  return Number(seq)
}

export async function findMessage(db: CityDb, room: string, id: string): Promise<MessageRow> {
  const row = isId(id)
    ? await db
        .selectFrom('city.message')
        .selectAll()
        .where('id', '=', id)
        .where('room', '=', room)
        .executeTakeFirst()
    : undefined
  if (!row) throw cityError('city.message_not_found')
  return row
}

/** One message as it stands now. */
export async function current(
  db: CityDb,
  room: string,
  id: string,
  viewer: string | null = null,
): Promise<Message> {
  const [message] = await hydrate(db, [await findMessage(db, room, id)], viewer)
  if (!message) throw cityError('city.message_not_found')
  return message
}

/** Messages as they stand now, with their parts, runs and what hangs on them, in the order given. What is a reader's own is there where a viewer is named. */
export async function hydrate(
  db: CityDb,
  rows: readonly MessageRow[],
  viewer: string | null = null,
): Promise<Message[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const parts = await partsOf(db, ids)
  const runs = await runsOf(db, ids)
  const dressed = await dress(db, rows, viewer)
  return rows.map((row) => ({
    id: row.id,
    room: row.room,
    seq: Number(row.seq),
    author: { id: row.author, kind: row.author_kind, name: row.author_name },
    clientId: row.client_id,
    text: row.text,
    parts: parts.get(row.id) ?? [],
    replyTo: row.reply_to,
    createdAt: iso(row.created_at),
    runs: row.deleted_at === null ? (runs.get(row.id) ?? []) : [],
    run: row.run ?? undefined,
    citations: row.citations ?? undefined,
    engine: row.engine ?? undefined,
    editedAt: row.edited_at === null ? undefined : iso(row.edited_at),
    deleted: tombstone(row),
    thread: row.thread ?? undefined,
    replaces: row.replaces ?? undefined,
    ...dressed.get(row.id),
  }))
}

async function partsOf(db: CityDb, messages: readonly string[]): Promise<Map<string, Part[]>> {
  const rows = await db
    .selectFrom('city.part as part')
    .innerJoin('city.file as file', 'file.id', 'part.file')
    .select(['part.message', 'part.type', 'part.file', 'part.state', 'part.outcome', 'part.corrected'])
    .select([
      'file.name',
      'file.mime',
      'file.size_bytes',
      'file.width',
      'file.height',
      'file.blurhash',
      'file.duration_ms',
    ])
    .where('part.message', 'in', messages)
    .orderBy('part.message')
    .orderBy('part.index')
    .execute()
  return grouped(rows, ({ message, ...row }) => [
    message,
    {
      ...row.outcome,
      type: row.type,
      file: row.file,
      name: row.name,
      mime: row.mime,
      sizeBytes: Number(row.size_bytes),
      width: row.width ?? undefined,
      blurhash: row.blurhash ?? undefined,
      height: row.height ?? undefined,
      durationMs: row.duration_ms ?? undefined,
      state: row.state,
      corrected: row.corrected || undefined,
    },
  ])
}

/** The runs each message called, in the order they were called. */
export async function runsOf(db: CityDb, messages: readonly string[]): Promise<Map<string, CalledRun[]>> {
  const rows = await db
    .selectFrom('city.call')
    .select(['run', 'message', 'agent', 'name', 'state', 'error'])
    .where('message', 'in', messages)
    .orderBy('message')
    .orderBy('run')
    .execute()
  return grouped(rows, ({ run, message, agent, name, state, error }) => [
    message,
    { id: run, agent, name, state, error: error ?? undefined },
  ])
}

function grouped<Row, T>(rows: readonly Row[], pair: (row: Row) => readonly [string, T]): Map<string, T[]> {
  const map = new Map<string, T[]>()
  for (const [key, value] of rows.map(pair)) {
    const list = map.get(key)
    if (list) list.push(value)
    else map.set(key, [value])
  }
  return map
}
