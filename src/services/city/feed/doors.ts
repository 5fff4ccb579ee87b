import { sql } from 'kysely'
import type { Principal } from '../../../kernel/principal.ts'
import { type CityDb, iso } from '../city.store.ts'
import type { FeedItem } from '../feed.contract.ts'
import type { Author } from '../messages.contract.ts'
import { type Asked, at, blank, idsOf, MOST, opening, shortly } from './asked.ts'
import type { FeedNeeds } from './feed.ts'

const FACES = 3

/** Who came into each room on one day, together. */
export async function comers(
  needs: FeedNeeds,
  { principal, rooms, from, visit }: Asked,
): Promise<FeedItem[]> {
  const own = rooms.filter(({ visibility }) => visibility !== 'direct')
  if (own.length === 0) return []
  const rows = await needs.db
    .selectFrom('city.member as member')
    .innerJoin('city.room as room', 'room.id', 'member.room')
    .select(['member.room', 'member.principal', 'member.joined_at'])
    .where('member.room', 'in', idsOf(own))
    .where('member.principal', '<>', principal.id)
    .where('member.joined_at', '>', at(from))
    // Whoever opened a room did not come into it.
    .where(sql<boolean>`member.joined_at > room.created_at`)
    .orderBy('member.joined_at', 'desc')
    .limit(MOST)
    .execute()
  const names = await namesOf(
    needs,
    principal,
    rows.map((row) => row.principal),
  )
  const days = new Map<string, FeedItem>()
  for (const row of rows) {
    const who = names.get(row.principal)
    const room = own.find(({ id }) => id === row.room)
    if (!who || !room) continue
    const came = iso(row.joined_at)
    const key = `came ${room.id} ${came.slice(0, 10)}`
    const there = days.get(key)
    if (there) {
      const people = there.people.length < FACES ? [...there.people, who] : there.people
      days.set(key, { ...there, people, count: there.count + 1 })
      continue
    }
    const unread = visit !== null && Date.parse(came) > visit
    const item = { ...blank, id: key, kind: 'joined' as const, at: came, unread, people: [who] }
    days.set(key, { ...item, room: shortly(room) })
  }
  return [...days.values()]
}

/** Who waits to be let into rooms the asker keeps. */
export async function requests(needs: FeedNeeds, { principal, rooms }: Asked): Promise<FeedItem[]> {
  const kept = rooms.filter(({ membership }) => membership === 'owner' || membership === 'moderator')
  if (kept.length === 0) return []
  const rows = await needs.db
    .selectFrom('city.join_request')
    .select(['room', 'principal', 'note', 'created_at'])
    .where('room', 'in', idsOf(kept))
    .where('state', '=', 'pending')
    .orderBy('created_at', 'desc')
    .limit(MOST)
    .execute()
  const names = await namesOf(
    needs,
    principal,
    rows.map((row) => row.principal),
  )
  return rows.flatMap((row) => {
    const who = names.get(row.principal)
    const room = kept.find(({ id }) => id === row.room)
    if (!who || !room) return []
    const id = `request ${row.room} ${row.principal}`
    const item = { ...blank, id, kind: 'request' as const, at: iso(row.created_at), unread: true }
    return [{ ...item, room: shortly(room), people: [who], text: opening(row.note) }]
  })
}

/** What became of the asker's own requests, where the room still stands before their eyes. */
export async function decisions(db: CityDb, { principal, from, visit }: Asked): Promise<FeedItem[]> {
  const rows = await db
    .selectFrom('city.join_request as request')
    .innerJoin('city.room as room', 'room.id', 'request.room')
    .leftJoin('city.member as member', (join) =>
      join.onRef('member.room', '=', 'room.id').on('member.principal', '=', principal.id),
    )
    .select(['request.state', 'request.decided_at'])
    .select(['room.id', 'room.slug', 'room.name', 'room.visibility'])
    .where('request.principal', '=', principal.id)
    .where('request.decided_at', '>', at(from))
    .where((where) =>
      where.or([where('member.membership', 'is not', null), where('room.joining', '=', 'request')]),
    )
    .orderBy('request.decided_at', 'desc')
    .limit(MOST)
    .execute()
  return rows.flatMap(({ state, decided_at, ...room }) => {
    if (decided_at === null) return []
    const decided = iso(decided_at)
    const unread = visit === null || Date.parse(decided) > visit
    const item = { ...blank, id: `decision ${room.id}`, kind: 'decision' as const, at: decided, unread }
    return [{ ...item, room, accepted: state === 'accepted' }]
  })
}

async function namesOf(
  { auth }: FeedNeeds,
  principal: Principal,
  ids: readonly string[],
): Promise<Map<string, Author>> {
  if (ids.length === 0) return new Map()
  const known = await auth.principals({ ids: [...new Set(ids)] }, { principal })
  return new Map(known.items.map(({ id, kind, name }) => [id, { id, kind, name }]))
}
