import { sql } from 'kysely'
import type { CityDb, MessageRow } from '../city.store.ts'
import type { Author, Message, Poll, Reaction, ThreadSummary } from '../messages.contract.ts'
import { isElsewhere } from '../transfers/elsewhere.ts'

/** What hangs on a message beside its parts and runs. */
type Dress = Partial<Pick<Message, 'reactions' | 'pinned' | 'replies' | 'poll' | 'forwarded' | 'imported'>>

/** How many who reacted, voted or replied are named. */
const NAMES = 8
const FACES = 5
const MAX_UNREAD = 1000

const iso = (time: Date | string): string => new Date(time).toISOString()

/** Reactions, pins, polls, threads and sources of forwards, by message. Messages without any cost nothing. `mine` and `unread` are there where a viewer is named; so is the source of a forward, where the viewer may read it. */
export async function dress(
  db: CityDb,
  rows: readonly MessageRow[],
  viewer: string | null,
): Promise<Map<string, Dress>> {
  const found = new Map<string, Dress>()
  const put = (id: string, more: Dress) => found.set(id, { ...found.get(id), ...more })
  const dressed = rows.filter((row) => row.dressed).map((row) => row.id)
  if (dressed.length > 0) {
    for (const [id, reactions] of await reactionsOf(db, dressed, viewer)) put(id, { reactions })
    for (const [id, poll] of await pollsOf(db, dressed, viewer)) put(id, { poll })
    for (const [id, replies] of await threadsOf(db, dressed, viewer)) put(id, { replies })
    const pins = await db.selectFrom('city.pin').selectAll().where('message', 'in', dressed).execute()
    for (const { message, principal, at } of pins) put(message, { pinned: { at: iso(at), by: principal } })
  }
  const forwards = rows.filter((row) => row.forwarded_from !== null)
  if (forwards.length > 0)
    for (const [id, forwarded] of await sourcesOf(db, forwards, viewer)) put(id, { forwarded })
  const elsewhere = rows.filter((row) => isElsewhere(row.author)).map((row) => row.id)
  if (elsewhere.length > 0) {
    const said = await db.selectFrom('city.imported').selectAll().where('message', 'in', elsewhere).execute()
    for (const { message, source, at } of said) put(message, { imported: { from: source, at: iso(at) } })
  }
  return found
}

/** What is told of a message that was deleted. */
export const tombstone = (row: MessageRow): Message['deleted'] =>
  row.deleted_at === null
    ? undefined
    : { at: iso(row.deleted_at), by: row.deleted_by ?? '', reason: row.deleted_reason ?? undefined }

async function reactionsOf(db: CityDb, ids: readonly string[], viewer: string | null) {
  const rows = await db
    .selectFrom('city.reaction')
    .select(['message', 'emoji'])
    .select((of) => of.fn.countAll<number | string>().as('count'))
    .select(sql<string[]>`(array_agg(name order by at, principal))[1:${sql.lit(NAMES)}]`.as('names'))
    .select(sql<boolean>`bool_or(principal = ${viewer ?? ''})`.as('mine'))
    .where('message', 'in', ids)
    .groupBy(['message', 'emoji'])
    .orderBy(sql`min(at)`)
    .orderBy('emoji')
    .execute()
  const found = new Map<string, Reaction[]>()
  for (const { message, emoji, count, names, mine } of rows) {
    const reaction = { emoji, count: Number(count), names, ...(viewer !== null && { mine }) }
    found.set(message, [...(found.get(message) ?? []), reaction])
  }
  return found
}

async function pollsOf(db: CityDb, ids: readonly string[], viewer: string | null) {
  const polls = await db.selectFrom('city.poll').selectAll().where('message', 'in', ids).execute()
  const found = new Map<string, Poll>()
  if (polls.length === 0) return found
  const votes = await db
    .selectFrom('city.vote')
    .select(['message', 'option'])
    .select((of) => of.fn.countAll<number | string>().as('votes'))
    .select(sql<string[]>`(array_agg(name order by at, principal))[1:${sql.lit(NAMES)}]`.as('names'))
    .select(sql<boolean>`bool_or(principal = ${viewer ?? ''})`.as('mine'))
    .where('message', 'in', ids)
    .groupBy(['message', 'option'])
    .execute()
  const voters = await db
    .selectFrom('city.vote')
    .select('message')
    .select((of) => of.fn.count<number | string>('principal').distinct().as('voters'))
    .where('message', 'in', ids)
    .groupBy('message')
    .execute()
  for (const poll of polls) {
    const options = poll.options.map((text, option) => {
      const chosen = votes.find((vote) => vote.message === poll.message && vote.option === option)
      return {
        text,
        votes: Number(chosen?.votes ?? 0),
        names: poll.anonymous ? [] : (chosen?.names ?? []),
        ...(viewer !== null && { mine: chosen?.mine ?? false }),
      }
    })
    found.set(poll.message, {
      question: poll.question,
      options,
      multiple: poll.multiple,
      anonymous: poll.anonymous,
      closesAt: poll.closes_at === null ? null : iso(poll.closes_at),
      voters: Number(voters.find((row) => row.message === poll.message)?.voters ?? 0),
    })
  }
  return found
}

async function threadsOf(db: CityDb, ids: readonly string[], viewer: string | null) {
  const { rows } = await sql<{
    thread: string
    replies: number | string
    last_at: Date | string
    people: Author[]
    unread: number | string
  }>`
    select m.thread, count(*) as replies, max(m.created_at) as last_at,
      (select jsonb_agg(face) from (
        select jsonb_build_object('id', p.author, 'kind', p.author_kind, 'name', p.author_name) as face
        from (select distinct on (author) author, author_kind, author_name, seq from city.message
          where thread = m.thread and deleted_at is null order by author, seq desc) p
        order by p.seq desc limit ${sql.lit(FACES)}) faces) as people,
      (select count(*) from (select 1 from city.message u where u.thread = m.thread and u.deleted_at is null
        and u.author <> ${viewer ?? ''}
        and u.seq > coalesce((select seq from city.thread_mark t
          where t.thread = m.thread and t.principal = ${viewer ?? ''}), 0)
        limit ${sql.lit(MAX_UNREAD)}) unread) as unread
    from city.message m
    where m.thread in (${sql.join(ids)}) and m.deleted_at is null
    group by m.thread`.execute(db)
  return new Map<string, ThreadSummary>(
    rows.map(({ thread, replies, last_at, people, unread }) => [
      thread,
      {
        replies: Number(replies),
        lastAt: iso(last_at),
        people,
        ...(viewer !== null && { unread: Number(unread) }),
      },
    ]),
  )
}

async function sourcesOf(db: CityDb, rows: readonly MessageRow[], viewer: string | null) {
  const rooms = viewer === null ? [] : await readableSources(db, rows, viewer)
  return new Map<string, NonNullable<Message['forwarded']>>(
    rows.flatMap((row) => {
      if (!row.forwarded_author || row.forwarded_at === null) return []
      const room = rooms.find(({ id }) => id === row.forwarded_room)
      const source = room && { room, message: row.forwarded_from ?? undefined }
      return [[row.id, { author: row.forwarded_author, at: iso(row.forwarded_at), ...source }]]
    }),
  )
}

/** The rooms of these forwards that are public, or that the viewer belongs to. */
async function readableSources(db: CityDb, rows: readonly MessageRow[], viewer: string) {
  const ids = [...new Set(rows.flatMap((row) => row.forwarded_room ?? []))]
  return await db
    .selectFrom('city.room as room')
    .leftJoin('city.member as member', (join) =>
      join.onRef('member.room', '=', 'room.id').on('member.principal', '=', viewer),
    )
    .select(['room.id', 'room.slug', 'room.name'])
    .where('room.id', 'in', ids)
    .where((where) =>
      where.or([where('room.visibility', '=', 'public'), where('member.principal', 'is not', null)]),
    )
    .where(
      sql<boolean>`not exists (select 1 from city.sanction s where s.room = room.id
        and s.principal = ${viewer} and s.kind = 'ban' and s.lifted_at is null)`,
    )
    .execute()
}

/** From now on what hangs on the message is looked for. */
export async function markDressed(tx: CityDb, row: Pick<MessageRow, 'id' | 'dressed'>): Promise<void> {
  if (!row.dressed)
    await tx.updateTable('city.message').set({ dressed: true }).where('id', '=', row.id).execute()
}
