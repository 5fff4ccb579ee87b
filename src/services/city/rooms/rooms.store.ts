import { type Insertable, sql } from 'kysely'
import { isoTime } from '../../../kernel/clock.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { may } from '../../auth/auth.rights.ts'
import { cityError } from '../city.errors.ts'
import {
  asResource,
  bannedIn,
  type CityDb,
  type EnteredRoom,
  enterRoom,
  isId,
  type RoomRow,
} from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { Membership } from '../rooms.contract.ts'
import { searchable } from './searchable.ts'

/** Answers false where the slug, or the people's own room, is already there. */
export async function insertRoom(
  tx: CityDb,
  row: Omit<Insertable<CityTables['city.room']>, 'search'>,
): Promise<boolean> {
  const made = await tx
    .insertInto('city.room')
    .values({ ...row, search: searchable(row.name, row.topic ?? '', row.slug) })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return made !== undefined
}

/** The same again changes nothing, whatever they are there now. Answers whether they are new. Refuses who is banned from the room. */
export async function addMember(
  tx: CityDb,
  room: string,
  principal: string,
  membership: Membership,
  at: number,
): Promise<boolean> {
  if (await isBanned(tx, room, principal)) throw cityError('city.banned_here')
  const made = await tx
    .insertInto('city.member')
    .values({ room, principal, membership, joined_at: isoTime(at) })
    .onConflict((conflict) => conflict.doNothing())
    .returning('room')
    .executeTakeFirst()
  return made !== undefined
}

/** Whether somebody may not come into a room. */
export async function isBanned(db: CityDb, room: string, principal: string): Promise<boolean> {
  const row = await db
    .selectFrom('city.sanction')
    .select('id')
    .where('room', '=', room)
    .where('principal', '=', principal)
    .where('kind', '=', 'ban')
    .where('lifted_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** What somebody is in a room. */
export async function membershipOf(
  db: CityDb,
  room: string,
  principal: string,
): Promise<Membership | undefined> {
  if (!isId(principal)) return undefined
  const row = await db
    .selectFrom('city.member')
    .select('membership')
    .where('room', '=', room)
    .where('principal', '=', principal)
    .executeTakeFirst()
  return row?.membership
}

/** Rooms, each with what the principal is in it. */
export const withMembership = (db: CityDb, principal: Principal) =>
  db
    .selectFrom('city.room as room')
    .leftJoin('city.member as member', (join) =>
      join.onRef('member.room', '=', 'room.id').on('member.principal', '=', principal.id),
    )
    .selectAll('room')
    .select(['member.membership', bannedIn(sql.ref('room.id'), principal.id)])

/** The rooms the principal may read, in the order they were opened; the open ones or the archived ones. The condition narrows what is fetched; the rule book has the last word. */
export async function roomsOf(
  db: CityDb,
  principal: Principal,
  limit: number,
  { after = '', archived = false }: { after?: string | undefined; archived?: boolean } = {},
): Promise<RoomRow[]> {
  if (after !== '' && !isId(after)) return []
  const rows = await withMembership(db, principal)
    .where('room.id', '>', after)
    .where('room.archived_at', archived ? 'is not' : 'is', null)
    .where((where) =>
      where.or([where('member.membership', 'is not', null), where('room.visibility', '=', 'public')]),
    )
    .orderBy('room.id')
    .limit(limit)
    .execute()
  return rows.filter((room) => may(principal, 'room.read', asResource(room)).permit)
}

/** The room, its row held, where the principal may manage it. */
export async function manageRoom(tx: CityDb, ref: string, principal: Principal | null): Promise<EnteredRoom> {
  const room = await enterRoom(tx, ref, principal, true)
  if (!may(principal, 'room.manage', asResource(room)).permit) throw cityError('city.not_manager')
  return room
}

/** The room, where the principal may let others in; talks have nobody to let in. */
export async function keepRoom(
  tx: CityDb,
  ref: string,
  principal: Principal | null,
  lock = true,
): Promise<EnteredRoom> {
  const room = await enterRoom(tx, ref, principal, lock)
  if (room.visibility === 'direct') throw cityError('city.room_direct')
  if (!may(principal, 'room.invite', asResource(room)).permit) throw cityError('city.not_inviter')
  return room
}

/** Whether a room stands in the directory for those who are not in it. */
export const isListed = ({ visibility, joining }: Pick<RoomRow, 'visibility' | 'joining'>): boolean =>
  visibility === 'public' || (visibility !== 'direct' && joining === 'request')
