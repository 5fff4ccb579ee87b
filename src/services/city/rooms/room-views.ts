import { sql } from 'kysely'
import type { Client } from '../../../kernel/contract.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, enterRoom, iso, type RoomRow } from '../city.store.ts'
import type { Author } from '../messages.contract.ts'
import type { Room } from '../rooms.contract.ts'

export interface RoomViews {
  /** Rooms as the principal sees them: how far read, what waits, their own order, and in talks the others' names. */
  show(rows: readonly RoomRow[], principal: Principal): Promise<Room[]>
  /** One room, by id or slug, where the principal may read it. */
  one(ref: string, principal: Principal | null): Promise<Room>
}

/** Unread messages are counted up to here, the newest first. */
const MAX_UNREAD = 1000

export function createRoomViews(
  db: CityDb,
  auth: Pick<Client<typeof authContract>, 'principals'>,
): RoomViews {
  const show = async (rows: readonly RoomRow[], principal: Principal): Promise<Room[]> => {
    if (rows.length === 0) return []
    const kept = await keptOf(db, rows, principal)
    const talks = await othersOf(db, auth, rows, principal)
    return rows.map((row) => {
      const mine = kept.get(row.id)
      const people = talks.get(row.id) ?? []
      return {
        id: row.id,
        slug: row.slug,
        name: people.length > 0 ? people.map(({ name }) => name).join(', ') : row.name,
        topic: row.topic,
        picture: row.picture,
        visibility: row.visibility,
        joining: row.joining,
        community: row.community_id,
        replyPolicy: row.reply_policy,
        createdAt: iso(row.created_at),
        archivedAt: row.archived_at && iso(row.archived_at),
        seq: Number(row.seq),
        readSeq: Number(mine?.seq ?? 0),
        unread: Number(mine?.unread ?? 0),
        mentions: Number(mine?.mentions ?? 0),
        membership: row.membership,
        people,
        favourite: mine?.favourite ?? false,
        position: mine?.position ?? null,
        notify: mine?.notify ?? 'all',
      }
    })
  }
  return {
    show,
    async one(ref, principal) {
      const room = await enterRoom(db, ref, principal)
      const [shown] = principal ? await show([room], principal) : []
      if (!shown) throw cityError('city.room_not_found')
      return shown
    },
  }
}

const idsOf = (rows: readonly RoomRow[]): string[] => rows.map(({ id }) => id)

async function keptOf(db: CityDb, rows: readonly RoomRow[], { id: me }: Principal) {
  const kept = await db
    .selectFrom('city.room as room')
    .leftJoin('city.read_mark as mark', (join) =>
      join.onRef('mark.room', '=', 'room.id').on('mark.principal', '=', me),
    )
    .leftJoin('city.room_preference as mine', (join) =>
      join.onRef('mine.room', '=', 'room.id').on('mine.principal', '=', me),
    )
    .innerJoinLateral(
      sql<{ unread: number; mentions: number }>`(select count(*) as unread, count(*) filter (where
          exists (select 1 from city.mention n where n.message = m.id and n.principal in (${me}, '*'))
          or exists (select 1 from city.message r where r.id = m.reply_to and r.author = ${me})) as mentions
        from (select id, reply_to from city.message where city.message.room = room.id and seq > coalesce(mark.seq, 0)
          and author <> ${me} and thread is null and deleted_at is null
          order by seq desc limit ${MAX_UNREAD}) m)`.as('waiting'),
      (join) => join.onTrue(),
    )
    .select(['room.id', 'mine.favourite', 'mine.position', 'mine.notify'])
    .select(['waiting.unread', 'waiting.mentions'])
    .select(sql<number>`coalesce(mark.seq, 0)`.as('seq'))
    .where('room.id', 'in', idsOf(rows))
    .execute()
  return new Map(kept.map((row) => [row.id, row]))
}

/** The others in each talk. Where the one who knows their names does not answer, a talk keeps the name it was given. */
async function othersOf(
  db: CityDb,
  auth: Pick<Client<typeof authContract>, 'principals'>,
  rows: readonly RoomRow[],
  me: Principal,
): Promise<Map<string, Author[]>> {
  const talks = rows.filter((row) => row.direct_key !== null)
  if (talks.length === 0) return new Map()
  const members = await db
    .selectFrom('city.member')
    .select(['room', 'principal'])
    .where('room', 'in', idsOf(talks))
    .where('principal', '<>', me.id)
    .orderBy('joined_at')
    .orderBy('principal')
    .execute()
  const ids = [...new Set(members.map(({ principal }) => principal))].slice(0, 500)
  const known = await auth.principals({ ids }, { principal: me }).catch(() => ({ items: [] }))
  const names = new Map(known.items.map(({ id, kind, name }) => [id, { id, kind, name }]))
  const others = new Map<string, Author[]>()
  for (const { room, principal } of members) {
    const who = names.get(principal)
    if (who) others.set(room, [...(others.get(room) ?? []), who])
  }
  return others
}
