import { sql } from 'kysely'
import { isoTime } from '../../../kernel/clock.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { type CityDb, iso } from '../city.store.ts'
import type { FeedItem } from '../feed.contract.ts'
import type { Author } from '../messages.contract.ts'
import type { Room } from '../rooms.contract.ts'
import type { FeedNeeds } from './feed.ts'

export interface Asked {
  readonly principal: Principal
  /** The rooms that may be read now, with how far they were read. */
  readonly rooms: readonly Room[]
  /** Milliseconds since 1970. */
  readonly from: number
  readonly visit: number | null
}

/** Of each kind at most so many are looked at. */
const MOST = 200
const WORDS = 160
const FACES = 3

/** Everything of every kind, in no order. */
export async function gather(needs: FeedNeeds, asked: Asked): Promise<FeedItem[]> {
  if (asked.rooms.length === 0) return []
  const calls = await callsAndAnswers(needs.db, asked)
  return [
    ...(await spoken(needs.db, asked)),
    ...calls,
    ...(await documents(needs.db, asked)),
    ...(await comers(needs, asked)),
    ...(await requests(needs, asked)),
    ...(await decisions(needs.db, asked)),
  ]
}

/** How much was said since a moment in each room, the most first. */
export async function countsSince(
  db: CityDb,
  { principal, rooms, since }: Pick<Asked, 'principal' | 'rooms'> & { since: number },
) {
  if (rooms.length === 0) return []
  const told = sql<number>`count(*) filter (where exists (select 1 from city.mention n
    where n.message = message.id and n.principal in (${principal.id}, '*')))`
  const rows = await db
    .selectFrom('city.message as message')
    .select('message.room')
    .select((of) => of.fn.countAll().as('messages'))
    .select(told.as('mentions'))
    .where('message.room', 'in', idsOf(rooms))
    .where('message.created_at', '>', at(since))
    .where('message.author', '<>', principal.id)
    .where('message.deleted_at', 'is', null)
    .groupBy('message.room')
    .orderBy('messages', 'desc')
    .limit(20)
    .execute()
  return rows.flatMap(({ room: id, messages, mentions }) => {
    const room = rooms.find((one) => one.id === id)
    return room ? [{ room: shortly(room), messages: Number(messages), mentions: Number(mentions) }] : []
  })
}

const idsOf = (rooms: readonly Room[]): string[] => rooms.map(({ id }) => id)
const at = (ms: number): string => isoTime(ms)
const shortly = ({ id, slug, name, visibility }: Room) => ({ id, slug, name, visibility })
const opening = (text: string): string =>
  text.length > WORDS ? `${[...text].slice(0, WORDS - 1).join('')}…` : text

const blank = { people: [], count: 1, message: null, text: '', document: null, accepted: null }

/** What others said in each room: what is unread together, else the last of it. */
async function spoken(db: CityDb, { principal, rooms, from }: Asked): Promise<FeedItem[]> {
  const rows = await db
    .selectFrom('city.room as room')
    .innerJoinLateral(
      (of) =>
        of
          .selectFrom('city.message as said')
          .select(['said.room', 'said.id', 'said.author', 'said.author_kind', 'said.author_name'])
          .select(['said.text', 'said.created_at'])
          .whereRef('said.room', '=', 'room.id')
          .where('said.author', '<>', principal.id)
          .where('said.thread', 'is', null)
          .where('said.deleted_at', 'is', null)
          .orderBy('said.seq', 'desc')
          .limit(1)
          .as('message'),
      (join) => join.onTrue(),
    )
    .selectAll('message')
    .where('room.id', 'in', idsOf(rooms))
    .where('message.created_at', '>', at(from))
    .execute()
  return rows.flatMap((row) => {
    const room = rooms.find(({ id }) => id === row.room)
    if (!room) return []
    const unread = room.unread > 0 && room.notify === 'all'
    const item = {
      ...blank,
      id: `said ${room.id}`,
      kind: 'messages' as const,
      at: iso(row.created_at),
      unread,
      room: shortly(room),
      people: [{ id: row.author, kind: row.author_kind, name: row.author_name }],
      count: unread ? room.unread : 1,
      message: row.id,
      text: opening(row.text),
    }
    return [item]
  })
}

/** Messages that call the asker, or answer them; one that does both is a call. */
async function callsAndAnswers(db: CityDb, asked: Asked): Promise<FeedItem[]> {
  const { principal, rooms } = asked
  const called = await told(asked, db)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('city.mention as mention')
          .select('mention.message')
          .whereRef('mention.message', '=', 'message.id')
          .where('mention.principal', 'in', [principal.id, '*']),
      ),
    )
    .execute()
  const answers = await told(asked, db)
    .innerJoin('city.message as question', 'question.id', 'message.reply_to')
    .where('question.author', '=', principal.id)
    .execute()
  const calls = new Set(called.map(({ id }) => id))
  const rows = [...called, ...answers.filter(({ id }) => !calls.has(id))]
  return rows.flatMap((row) => {
    const room = rooms.find(({ id }) => id === row.room)
    if (!room) return []
    const kind: FeedItem['kind'] = calls.has(row.id) ? 'mention' : 'reply'
    return [
      {
        ...blank,
        id: `call ${row.id}`,
        kind,
        at: iso(row.created_at),
        unread: Number(row.seq) > room.readSeq && room.notify !== 'none',
        room: shortly(room),
        people: [{ id: row.author, kind: row.author_kind, name: row.author_name }],
        message: row.id,
        text: opening(row.text),
      },
    ]
  })
}

/** What others said where the asker may read, the latest first. */
const told = ({ principal, rooms, from }: Asked, db: CityDb) =>
  db
    .selectFrom('city.message as message')
    .select(['message.room', 'message.id', 'message.author', 'message.author_kind', 'message.author_name'])
    .select(['message.text', 'message.created_at', 'message.seq'])
    .where('message.room', 'in', idsOf(rooms))
    .where('message.author', '<>', principal.id)
    .where('message.deleted_at', 'is', null)
    .where('message.created_at', '>', at(from))
    .orderBy('message.created_at', 'desc')
    .limit(MOST)

/** Documents that were taken in and can be read and asked. */
async function documents(db: CityDb, { rooms, from }: Asked): Promise<FeedItem[]> {
  const rows = await db
    .selectFrom('city.part as part')
    .innerJoin('city.message as message', 'message.id', 'part.message')
    .innerJoin('city.file as file', 'file.id', 'part.file')
    .select(['part.room', 'part.message', 'part.index', 'file.name', 'message.seq', 'message.created_at'])
    .select(['message.author', 'message.author_kind', 'message.author_name'])
    .select(sql<string>`part.outcome -> 'document' ->> 'id'`.as('document'))
    .where('part.room', 'in', idsOf(rooms))
    .where('part.type', '=', 'file')
    .where('part.state', '=', 'done')
    .where(sql<boolean>`part.outcome -> 'document' ->> 'id' is not null`)
    .where('message.deleted_at', 'is', null)
    .where('message.created_at', '>', at(from))
    .orderBy('message.created_at', 'desc')
    .limit(MOST)
    .execute()
  return rows.flatMap((row) => {
    const room = rooms.find(({ id }) => id === row.room)
    if (!room) return []
    return [
      {
        ...blank,
        id: `document ${row.message} ${row.index}`,
        kind: 'document' as const,
        at: iso(row.created_at),
        unread: Number(row.seq) > room.readSeq && room.notify === 'all',
        room: shortly(room),
        people: [{ id: row.author, kind: row.author_kind, name: row.author_name }],
        message: row.message,
        text: row.name,
        document: row.document,
      },
    ]
  })
}

/** Who came into each room on one day, together. */
async function comers(needs: FeedNeeds, { principal, rooms, from, visit }: Asked): Promise<FeedItem[]> {
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
async function requests(needs: FeedNeeds, { principal, rooms }: Asked): Promise<FeedItem[]> {
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
async function decisions(db: CityDb, { principal, from, visit }: Asked): Promise<FeedItem[]> {
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
