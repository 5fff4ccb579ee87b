import { sql } from 'kysely'
import { isoTime } from '../../../kernel/clock.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { may } from '../../auth/auth.rights.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, enterRoom, isId, iso, type RoomRow } from '../city.store.ts'
import type { Room } from '../rooms.contract.ts'

/** Unread messages are counted up to here. */
const MAX_UNREAD = 1000

/** Answers false where the slug, or the person's own room, is already there. */
export async function insertRoom(
  tx: CityDb,
  row: Parameters<ReturnType<typeof newRoom>['values']>[0],
): Promise<boolean> {
  const made = await newRoom(tx)
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return made !== undefined
}
const newRoom = (tx: CityDb) => tx.insertInto('city.room')

/** The same again changes nothing. */
export async function addMember(
  tx: CityDb,
  room: string,
  principal: string,
  membership: 'owner' | 'member',
  at: number,
): Promise<void> {
  await tx
    .insertInto('city.member')
    .values({ room, principal, membership, joined_at: isoTime(at) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Rooms, each with what the principal is in it. */
export const withMembership = (db: CityDb, principal: Principal) =>
  db
    .selectFrom('city.room as room')
    .leftJoin('city.member as member', (join) =>
      join.onRef('member.room', '=', 'room.id').on('member.principal', '=', principal.id),
    )
    .selectAll('room')
    .select('member.membership')

/** The rooms the principal may read, in the order they were opened. The condition narrows what is fetched; the rule book has the last word. */
export async function roomsOf(
  db: CityDb,
  principal: Principal,
  limit: number,
  after = '',
): Promise<RoomRow[]> {
  if (after !== '' && !isId(after)) return []
  const rows = await withMembership(db, principal)
    .where('room.id', '>', after)
    .where((where) =>
      where.or([where('member.membership', 'is not', null), where('room.visibility', '=', 'public')]),
    )
    .orderBy('room.id')
    .limit(limit)
    .execute()
  return rows.filter((room) => may(principal, 'room.read', asResource(room)).permit)
}

/** A room as the principal sees it, by id or slug. */
export async function oneRoom(db: CityDb, ref: string, principal: Principal | null): Promise<Room> {
  const room = await enterRoom(db, ref, principal)
  const [shown] = principal ? await toRooms(db, [room], principal) : []
  if (!shown) throw cityError('city.room_not_found')
  return shown
}

/** Rooms as the principal sees them, with read mark and unread messages. */
export async function toRooms(db: CityDb, rows: readonly RoomRow[], principal: Principal): Promise<Room[]> {
  if (rows.length === 0) return []
  const marks = await db
    .selectFrom('city.room as room')
    .leftJoin('city.read_mark as mark', (join) =>
      join.onRef('mark.room', '=', 'room.id').on('mark.principal', '=', principal.id),
    )
    .select('room.id')
    .select(sql<number>`coalesce(mark.seq, 0)`.as('seq'))
    .select(
      sql<number>`(select count(*) from (select 1 from city.message m where m.room = room.id
        and m.seq > coalesce(mark.seq, 0) and m.author <> ${principal.id} limit ${MAX_UNREAD}) unread)`.as(
        'unread',
      ),
    )
    .where(
      'room.id',
      'in',
      rows.map((row) => row.id),
    )
    .execute()
  const byRoom = new Map(marks.map((mark) => [mark.id, mark]))
  return rows.map((row) => ({
    id: row.id,
    slug: row.slug,
    name: row.name,
    visibility: row.visibility,
    replyPolicy: row.reply_policy,
    createdAt: iso(row.created_at),
    seq: Number(row.seq),
    readSeq: Number(byRoom.get(row.id)?.seq ?? 0),
    unread: Number(byRoom.get(row.id)?.unread ?? 0),
    membership: row.membership,
  }))
}
