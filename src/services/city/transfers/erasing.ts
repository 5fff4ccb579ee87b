import { type RawBuilder, sql } from 'kysely'
import type { Clock } from '../../../kernel/clock.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { Files } from '../../../platform/files/files.ts'
import { residentErased } from '../../auth/auth.events.ts'
import { wordsLeft } from '../city.events.ts'
import { type CityDb, findRoom, type NewEventRow, numberEvents } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import { forgetBlob } from '../files/blobs.ts'
import { eraseMessage } from '../messages/erase.ts'
import { forgetPersonInCases } from '../moderation/kept.ts'

export interface ErasingNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly files: Files
  readonly clock: Clock
  readonly changed: (room: string, seq: number) => void
}

const NOBODY = 'Erased resident'
/** So many messages are made tombstones in one transaction. */
const BATCH = 50
const TRY_MS = 60 * 60_000
/** What one keeps for oneself, without a word to others. */
const KEPT = [
  'saved',
  'thread_mark',
  'read_mark',
  'room_preference',
  'draft',
  'scheduled',
  'join_request',
  'notification',
  'notification_setting',
  'push_subscription',
  'person_quota',
] as const

/** Follows an erasure through the city, in batches that each stand alone: killed in its middle it goes on with what is left. Numbers of rooms stay whole: what was said becomes tombstones. */
export function consumeErasedPeople(needs: ErasingNeeds): void {
  const { db, events } = needs
  events.consume<CityTables, typeof residentErased>({
    name: 'city.erase_person',
    db,
    types: [residentErased],
    timeoutMs: TRY_MS,
    async handle({ data: { principal: who, name } }, job) {
      const { signal } = job
      for (const table of KEPT) await db.deleteFrom(`city.${table}`).where('principal', '=', who).execute()
      const own = await db
        .selectFrom('city.room')
        .select('id')
        .where('direct_of', '=', who)
        .executeTakeFirst()
      const theirs = [
        sql<boolean>`author = ${who}`,
        sql<boolean>`forwarded_author ->> 'id' = ${who}`,
        ...(own ? [sql<boolean>`room = ${own.id}`] : []),
      ]
      for (const which of theirs) while (await eraseSome(needs, who, which)) signal.throwIfAborted()
      while (await unmention(needs, who, name)) signal.throwIfAborted()
      await forgetPersonInCases(db, who)
      await rename(db, who)
      await leaveRooms(db, who)
      await dropFiles(needs, who)
      await dropArchives(needs, who)
      // Envelopes that name them, this one's own with the name they had, are emptied once everybody has handled them.
      await job.commit((tx) =>
        events.append(tx, { type: wordsLeft, principal: null, data: { message: who, looks: 1 } }),
      )
    },
  })
}

/** Erases a batch of messages of one room; answers whether there was any. */
async function eraseSome(needs: ErasingNeeds, who: string, which: RawBuilder<boolean>): Promise<boolean> {
  const { db, events, clock, changed } = needs
  const first = await db
    .selectFrom('city.message')
    .select('room')
    .where(which)
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (!first) return false
  const seq = await db.transaction().execute(async (tx) => {
    await findRoom(tx, first.room, who, true)
    const messages = await tx
      .selectFrom('city.message')
      .select('id')
      .where(which)
      .where('room', '=', first.room)
      .where('deleted_at', 'is', null)
      .orderBy('seq')
      .limit(BATCH)
      .execute()
    const at = clock.now()
    const rows: NewEventRow[] = []
    for (const { id } of messages) {
      // An answer goes with the message that called it.
      const row = await tx
        .selectFrom('city.message')
        .selectAll()
        .where('id', '=', id)
        .where('deleted_at', 'is', null)
        .executeTakeFirst()
      if (!row) continue
      const erased = await eraseMessage(tx, row, { by: who, reason: null, at })
      rows.push(...erased.rows)
      await events.append(tx, ...erased.events)
    }
    return rows.length > 0 ? await numberEvents(tx, first.room, at, rows) : 0
  })
  if (seq > 0) changed(first.room, seq)
  return true
}

/** Takes the name out of what others wrote to them, one message at a time; answers whether there was one. */
async function unmention({ db, clock, changed }: ErasingNeeds, who: string, name: string): Promise<boolean> {
  const found = await db
    .selectFrom('city.mention')
    .select(['message', 'room'])
    .where('principal', '=', who)
    .limit(1)
    .executeTakeFirst()
  if (!found) return false
  const seq = await db.transaction().execute(async (tx) => {
    await findRoom(tx, found.room, who, true)
    const called = sql<string>`replace(text, ${`@${name}`}, ${`@${NOBODY}`})`
    await tx
      .updateTable('city.message')
      .set({ text: called })
      .where('id', '=', found.message)
      .where('deleted_at', 'is', null)
      .execute()
    await tx.updateTable('city.edit').set({ text: called }).where('message', '=', found.message).execute()
    await tx
      .deleteFrom('city.mention')
      .where('message', '=', found.message)
      .where('principal', '=', who)
      .execute()
    return await numberEvents(tx, found.room, clock.now(), [{ type: 'edited', message: found.message }])
  })
  changed(found.room, seq)
  return true
}

async function rename(db: CityDb, who: string): Promise<void> {
  await db.updateTable('city.message').set({ author_name: NOBODY }).where('author', '=', who).execute()
  for (const table of ['reaction', 'vote', 'pin'] as const)
    await db.updateTable(`city.${table}`).set({ name: NOBODY }).where('principal', '=', who).execute()
}

/** Leaves every room. One that would stay without an owner gets whoever has been its keeper, or else in it, the longest. */
async function leaveRooms(db: CityDb, who: string): Promise<void> {
  const rooms = await db.selectFrom('city.member').select('room').where('principal', '=', who).execute()
  for (const { room } of rooms)
    await db.transaction().execute(async (tx) => {
      await findRoom(tx, room, who, true)
      await tx.deleteFrom('city.member').where('room', '=', room).where('principal', '=', who).execute()
      const heir = await tx
        .selectFrom('city.member')
        .select('principal')
        .where('room', '=', room)
        .where('membership', 'in', ['moderator', 'member'])
        // No agent keeps a room.
        .where('principal', 'not like', 'agent\\_%')
        .where(
          sql<boolean>`not exists (select 1 from city.member o where o.room = ${room} and o.membership = 'owner')`,
        )
        .where(
          sql<boolean>`exists (select 1 from city.room r where r.id = ${room} and r.visibility <> 'direct')`,
        )
        .orderBy(sql`membership = 'moderator'`, 'desc')
        .orderBy('joined_at')
        .limit(1)
        .executeTakeFirst()
      if (heir)
        await tx
          .updateTable('city.member')
          .set({ membership: 'owner' })
          .where('room', '=', room)
          .where('principal', '=', heir.principal)
          .execute()
    })
}

/** What others posted of theirs as their own stays with those messages; all else goes, bytes as well. */
async function dropFiles({ db, files }: ErasingNeeds, who: string): Promise<void> {
  const rows = await db
    .selectFrom('city.file as file')
    .select(['file.id', 'file.sha256'])
    .where('file.owner', '=', who)
    .where(sql<boolean>`not exists (select 1 from city.part p where p.file = file.id)`)
    .execute()
  for (const { id, sha256 } of rows) {
    await db.updateTable('city.room').set({ picture: null }).where('picture', '=', id).execute()
    await db.deleteFrom('city.file').where('id', '=', id).execute()
    await forgetBlob(db, files, sha256)
  }
}

async function dropArchives({ db, files }: ErasingNeeds, who: string): Promise<void> {
  const rows = await db.deleteFrom('city.export').where('principal', '=', who).returning('blob').execute()
  for (const { blob } of rows) if (blob !== null) await forgetBlob(db, files, blob)
}
