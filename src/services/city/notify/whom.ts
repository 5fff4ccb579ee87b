import { sql } from 'kysely'
import type { CityDb } from '../city.store.ts'
import type { NotificationKind } from '../notifications.contract.ts'

export interface Told {
  readonly principal: string
  readonly message: string
  readonly room: string
  readonly kind: NotificationKind
}

/** When it is asked: who has the room before their eyes, and since when a message is news. Of `edited` messages those alone are told whom they call by name, also where they read the message as it was before. */
export interface Now {
  readonly looking: readonly string[]
  readonly since: string
  readonly edited?: boolean
}

/** Of what a turn finds, at most so much is told: what is meant for one person comes before what is meant for all. */
const MOST = 5_000

/** Whom these messages of a room are for, each once and for the best reason. Nobody hears of their own, of what they read already or may not read, of a room they silenced, or of one that is before their eyes (`looking`). In an open room everybody means its members and whoever has read in it. */
export async function whomToTell(
  db: CityDb,
  room: string,
  asked: readonly string[],
  { looking, since, edited = false }: Now,
): Promise<readonly Told[]> {
  const messages = await forSomebody(db, room, asked)
  if (messages.length === 0) return []
  const { rows } = await sql<Told>`
    with said as (
      select m.id, m.room, m.seq, m.author, m.reply_to, m.thread, m.run, r.visibility
      from city.message m join city.room r on r.id = m.room
      where m.id = any(${messages}::text[]) and m.room = ${room} and m.deleted_at is null
        and coalesce(m.edited_at, m.created_at) > ${since}::timestamptz
    ), audience as (
      select principal from city.member where room = ${room}
      union select principal from city.read_mark where room = ${room}
    ), called (message, principal, kind, rank) as (
      select s.id, n.principal, case n.kind when 'name' then 'mention' else 'here' end, case n.kind when 'name' then 1 else 5 end
      from said s join city.mention n on n.message = s.id where n.principal not in ('*', '')
      union all select s.id, q.author, case when s.run is null then 'reply' else 'answer' end, 2
      from said s join city.message q on q.id = s.reply_to
      union all select s.id, q.author, 'reply', 3 from said s join city.message q on q.id = s.thread
      union all select s.id, m.principal, 'direct', 4
      from said s join city.member m on m.room = s.room where s.visibility = 'direct'
      union all select s.id, a.principal, 'room', 6
      from said s join city.mention n on n.message = s.id and n.principal = '*' cross join audience a
      union all select s.id, a.principal, 'message', 7
      from said s cross join audience a
        join city.notification_setting g on g.principal = a.principal and g.level = 'all'
    ), best as (
      select distinct on (message, principal) * from called order by message, principal, rank
    )
    select principal, message, room, kind from (select b.principal, b.message, s.room, b.kind, b.rank, s.seq
    from best b join said s on s.id = b.message
      left join city.member me on me.room = s.room and me.principal = b.principal
      left join city.notification_setting g on g.principal = b.principal
      left join city.room_preference p on p.room = s.room and p.principal = b.principal
      left join city.read_mark mark on mark.room = s.room and mark.principal = b.principal
    where b.principal <> s.author and left(b.principal, 6) <> 'agent_'
      and coalesce(g.level, 'mentions') <> 'none'
      and coalesce(p.notify, 'all') <> 'none'
      and (b.kind not in ('message', 'direct') or coalesce(p.notify, 'all') = 'all')
      and (me.principal is not null or s.visibility = 'public')
      and not exists (select 1 from city.sanction ban where ban.room = s.room and ban.principal = b.principal
        and ban.kind = 'ban' and ban.lifted_at is null)
      and (not ${edited} or b.rank = 1)
      and (${edited} or s.thread is not null or s.seq > coalesce(mark.seq, 0))
      and b.principal <> all(${looking}::text[])
    order by b.rank, s.seq limit ${MOST}) told order by seq`.execute(db)
  return rows
}

/** Those of a room's messages that are for anybody at all: they call, answer, or are said where every word is for somebody. Most of what a crowd says is not, and a crowd says much. */
async function forSomebody(db: CityDb, room: string, messages: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with place as materialized (
      select visibility = 'direct' or exists (
        select from city.notification_setting g where g.level = 'all' and (
          exists (select from city.member m where m.room = ${room} and m.principal = g.principal)
          or exists (select from city.read_mark k where k.room = ${room} and k.principal = g.principal))) as told
      from city.room where id = ${room}
    )
    select m.id from city.message m, place
    where m.id = any(${messages}::text[]) and (place.told or m.reply_to is not null or m.thread is not null
      or exists (select from city.mention n where n.message = m.id))`.execute(db)
  return rows.map(({ id }) => id)
}
