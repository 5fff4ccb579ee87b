import { sql } from 'kysely'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { asResource, type CityDb, iso } from '../city.store.ts'
import { isListed, withMembership } from './rooms.store.ts'
import { searchable, soughtIn } from './searchable.ts'

type DirectoryHandlers = Pick<Handlers<typeof cityContract>, 'directory'>

/** Rooms in the order of their names, by words of names and topics. A room that stands nowhere is shown to those who are in it. */
export function createRoomDirectory(db: CityDb): DirectoryHandlers {
  return {
    async directory({ q, limit, after, archived }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      let query = withMembership(db, principal)
        .leftJoin('city.join_request as request', (join) =>
          join
            .onRef('request.room', '=', 'room.id')
            .on('request.principal', '=', principal.id)
            .on('request.state', '=', 'pending'),
        )
        .select('request.state as asked')
        .select(sql<number>`(select count(*) from city.member m where m.room = room.id)`.as('members'))
        .where('room.visibility', '<>', 'direct')
        .where('room.archived_at', archived ? 'is not' : 'is', null)
        .where((where) =>
          where.or([where('member.membership', 'is not', null), where('room.joining', '<>', 'invited')]),
        )
      for (const word of soughtIn(q)) query = query.where(sql<boolean>`strpos(room.search, ${word}) > 0`)
      const from = after === undefined ? undefined : cursorOf(after)
      if (from) query = query.where(sql<boolean>`(room.search, room.id) > (${from.search}, ${from.id})`)
      const rows = await query
        .orderBy('room.search')
        .orderBy('room.id')
        .limit(limit + 1)
        .execute()
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      return {
        items: shown
          .filter(
            (room) =>
              (isListed(room) && !room.banned) || may(principal, 'room.read', asResource(room)).permit,
          )
          .map((room) => ({
            id: room.id,
            slug: room.slug,
            name: room.name,
            topic: room.topic,
            picture: room.picture,
            visibility: room.visibility,
            joining: room.joining,
            archivedAt: room.archived_at && iso(room.archived_at),
            membership: room.membership,
            members: Number(room.members),
            asked: room.asked !== null,
          })),
        next:
          rows.length > limit && last
            ? Buffer.from(JSON.stringify([last.search, last.id])).toString('base64url')
            : undefined,
      }
    },
  }
}

/** Where a page ended; whatever cannot be read as that begins anew. */
function cursorOf(after: string): { search: string; id: string } | undefined {
  try {
    const [search, id]: unknown[] = JSON.parse(Buffer.from(after, 'base64url').toString('utf8'))
    if (typeof search !== 'string' || typeof id !== 'string' || /\0/.test(search + id)) return undefined
    return { search, id }
  } catch {
    return undefined
  }
}

/** Gives rooms that were made before there was a directory their words, a bounded number at each start. */
export async function indexRooms(db: CityDb): Promise<void> {
  const rows = await db
    .selectFrom('city.room')
    .select(['id', 'name', 'topic', 'slug'])
    .where('search', 'is', null)
    .limit(MOST_AT_ONCE)
    .execute()
  for (const { id, name, topic, slug } of rows)
    await db
      .updateTable('city.room')
      .set({ search: searchable(name, topic, slug) })
      .where('id', '=', id)
      .where('search', 'is', null)
      .execute()
}

const MOST_AT_ONCE = 5000
