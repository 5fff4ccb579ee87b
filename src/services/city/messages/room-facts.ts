import { type Selectable, sql } from 'kysely'
import { type CityDb, type EnteredRoom, isId, json } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { Membership } from '../rooms.contract.ts'
import type { Saying } from './saying.ts'

/** A room as it is held, without anybody in it. */
export type HeldRoom = Selectable<CityTables['city.room']> & { policy_version: number }

/** What the database knows about one saying: what its author is in the room, whether it was said before, whether what it replies to is there. */
export interface Fact {
  readonly membership: Membership | null
  readonly banned: boolean
  readonly muted_until: Date | string | null
  readonly said: string | null
  readonly reply: string | null
}

/** Holds a room until the transaction ends; whoever numbers its events holds it. */
export async function holdRoom(tx: CityDb, ref: string): Promise<HeldRoom | undefined> {
  if (!isId(ref)) return undefined
  const { rows } = await sql<HeldRoom>`
    select room.*, (select version from city.policy) as policy_version
    from city.room where ${sql.ref(ref.startsWith('room_') ? 'id' : 'slug')} = ${ref} for update`.execute(tx)
  return rows[0]
}

/** One fact for each saying, in one question asked after the room is held: so they stand until it is let go. */
export async function factsOf(tx: CityDb, room: string, sayings: readonly Saying[]): Promise<Fact[]> {
  const asked = sayings.map(({ principal, body: { clientId, replyTo } }, n) => ({
    n,
    author: principal.id,
    client: clientId,
    reply: replyTo != null && isId(replyTo) ? replyTo : null,
  }))
  const { rows } = await sql<Fact & { n: number }>`
    select a.n,
      (select membership from city.member where room = ${room} and principal = a.author) as membership,
      exists (select 1 from city.sanction where room = ${room} and principal = a.author and kind = 'ban'
        and lifted_at is null) as banned,
      (select until from city.sanction where room = ${room} and principal = a.author and kind = 'mute'
        and lifted_at is null) as muted_until,
      (select id from city.message where author = a.author and room = ${room} and client_id = a.client) as said,
      (select id from city.message where id = a.reply and room = ${room}) as reply
    from jsonb_to_recordset(${json(asked)}::jsonb) as a(n integer, author text, client text, reply text)
    order by a.n`.execute(tx)
  return rows
}

/** The room with what somebody is in it. */
export const entered = (room: HeldRoom, { membership, banned, muted_until }: Fact): EnteredRoom => ({
  ...room,
  membership,
  banned,
  muted_until,
})
