import { sql } from 'kysely'
import { type CityDb, iso } from '../city.store.ts'
import type { FeedItem } from '../feed.contract.ts'
import { type Asked, at, blank, idsOf, MOST, opening, shortly } from './asked.ts'
import { comers, decisions, requests } from './doors.ts'
import type { FeedNeeds } from './feed.ts'

/** Everything of every kind, in no order. */
export async function gather(needs: FeedNeeds, asked: Asked): Promise<FeedItem[]> {
  if (asked.rooms.length === 0) return []
  const calls = await callsAndAnswers(needs.db, asked)
  return [
    ...(await spoken(needs.db, asked, calls)),
    ...calls.map(({ item }) => item),
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

/** A message that is an item of its own. */
interface Call {
  readonly item: FeedItem
  readonly message: string
  readonly thread: string | null
}

/** What others said in each room: what is unread together, else the last of it; without what is an item of its own. */
async function spoken(
  db: CityDb,
  { principal, rooms, from }: Asked,
  calls: readonly Call[],
): Promise<FeedItem[]> {
  const apart = calls.map(({ message }) => message)
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
          .$if(apart.length > 0, (those) => those.where('said.id', 'not in', apart))
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
    const told = calls.filter(
      ({ item, thread }) => item.unread && thread === null && item.room.id === room.id,
    )
    const count = room.unread - told.length
    const unread = count > 0 && room.notify === 'all'
    const item = {
      ...blank,
      id: `said ${room.id}`,
      kind: 'messages' as const,
      at: iso(row.created_at),
      unread,
      room: shortly(room),
      people: [{ id: row.author, kind: row.author_kind, name: row.author_name }],
      count: unread ? count : 1,
      message: row.id,
      text: opening(row.text),
    }
    return [item]
  })
}

/** Messages that call the asker, or answer them; one that does both is a call. */
async function callsAndAnswers(db: CityDb, asked: Asked): Promise<Call[]> {
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
    const item = {
      ...blank,
      id: `call ${row.id}`,
      kind,
      at: iso(row.created_at),
      unread: Number(row.seq) > room.readSeq && room.notify !== 'none',
      room: shortly(room),
      people: [{ id: row.author, kind: row.author_kind, name: row.author_name }],
      message: row.id,
      text: opening(row.text),
    }
    return [{ item, message: row.id, thread: row.thread }]
  })
}

/** What others said where the asker may read, the latest first. */
const told = ({ principal, rooms, from }: Asked, db: CityDb) =>
  db
    .selectFrom('city.message as message')
    .select(['message.room', 'message.id', 'message.author', 'message.author_kind', 'message.author_name'])
    .select(['message.text', 'message.created_at', 'message.seq', 'message.thread'])
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
