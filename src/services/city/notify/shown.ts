import { sql } from 'kysely'
import { type CityDb, iso } from '../city.store.ts'
import type { Notification, NotificationKind } from '../notifications.contract.ts'

/** One notification with what it is about. */
export interface ShownRow {
  readonly id: string
  readonly principal: string
  readonly kind: NotificationKind
  readonly at: Date | string
  readonly read: boolean
  readonly room: string
  readonly slug: string
  readonly name: string
  readonly message: string
  readonly thread: string | null
  readonly author: string
  readonly author_kind: 'person' | 'agent' | 'service'
  readonly author_name: string
  readonly text: string
}

const WORDS = 160
const MOST_UNREAD = 1_000

/** What was seen where it was said counts as seen; a mark that goes back takes that back. */
const unread = sql<boolean>`(n.read_at is null
  and m.seq > coalesce(case when m.thread is null then mark.seq else below.seq end, 0))`

/** Notifications whose message stands and may still be read. */
const standing = sql`city.notification n
  join city.message m on m.id = n.message and m.deleted_at is null
  join city.room r on r.id = n.room
  left join city.member me on me.room = n.room and me.principal = n.principal
  left join city.read_mark mark on mark.room = n.room and mark.principal = n.principal
  left join city.thread_mark below on below.thread = m.thread and below.principal = n.principal
  where (me.principal is not null or r.visibility = 'public')
    and not exists (select 1 from city.sanction ban where ban.room = n.room and ban.principal = n.principal
      and ban.kind = 'ban' and ban.lifted_at is null)`

const columns = sql`n.id, n.principal, n.kind, n.at, not ${unread} as read, n.room, r.slug, r.name, n.message,
  m.thread, m.author, m.author_kind, m.author_name, m.text`

/** A page of what one is told of, newest first; only what may be read now. */
export async function pageOf(
  db: CityDb,
  principal: string,
  limit: number,
  after: string | undefined,
): Promise<readonly ShownRow[]> {
  const { rows } = await sql<ShownRow>`
    select ${columns} from ${standing} and n.principal = ${principal}
      and (${after ?? null}::text is null or n.id < ${after ?? null}::text)
    order by n.id desc limit ${limit}`.execute(db)
  return rows
}

/** One of them as it stands now; nothing where it may not be read any more. */
export async function oneOf(db: CityDb, id: string): Promise<ShownRow | undefined> {
  const { rows } = await sql<ShownRow>`select ${columns} from ${standing} and n.id = ${id}`.execute(db)
  return rows[0]
}

/** Whether something newer of the same room waits for the same person. */
export async function isOvertaken(db: CityDb, row: ShownRow): Promise<boolean> {
  const { rows } = await sql`
    select 1 from ${standing} and n.principal = ${row.principal} and n.room = ${row.room} and n.id > ${row.id}
      and ${unread} limit 1`.execute(db)
  return rows.length > 0
}

/** How much each of them has not seen, as far as a thousand; who has seen all is there with 0. */
export async function unreadOf(
  db: CityDb,
  principals: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ principal: string; unread: number | string }>`
    select n.principal, least(count(*), ${sql.lit(MOST_UNREAD)}) as unread
    from ${standing} and n.principal = any(${principals}::text[]) and n.read_at is null and ${unread}
    group by n.principal`.execute(db)
  const found = new Map(principals.map((principal) => [principal, 0]))
  for (const { principal, unread: count } of rows) found.set(principal, Number(count))
  return found
}

/** How much somebody has not seen of each room since a time, the most first. */
export async function unreadByRoom(
  db: CityDb,
  principal: string,
  since: string,
  limit: number,
): Promise<readonly { readonly name: string; readonly unread: number }[]> {
  const { rows } = await sql<{ name: string; unread: number | string }>`
    select r.name, count(*) as unread
    from ${standing} and n.principal = ${principal} and n.at > ${since}::timestamptz and ${unread}
    group by r.id, r.name order by count(*) desc, r.id limit ${limit}`.execute(db)
  return rows.map((row) => ({ name: row.name, unread: Number(row.unread) }))
}

/** The first words of a text, on one line. */
export function firstWords(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const letters = [...line.slice(0, 2 * WORDS)]
  return letters.length > WORDS ? `${letters.slice(0, WORDS - 1).join('')}…` : line
}

export const shown = (row: ShownRow): Notification => ({
  id: row.id,
  kind: row.kind,
  at: iso(row.at),
  read: row.read,
  room: { id: row.room, slug: row.slug, name: row.name },
  message: row.message,
  thread: row.thread,
  author: { id: row.author, kind: row.author_kind, name: row.author_name },
  text: firstWords(row.text),
})
