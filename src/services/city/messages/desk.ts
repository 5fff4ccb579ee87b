import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, enterRoom, hydrate, iso, type MessageRow } from '../city.store.ts'
import type { Placed } from '../desk.contract.ts'
import { personal } from '../live/channels.ts'
import { withMembership } from '../rooms/rooms.store.ts'
import { checkStands, enterMessage } from './acting.ts'
import { checkText } from './text.ts'

interface DeskNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
}

type DeskHandlers = Pick<
  Handlers<typeof cityContract>,
  'mentions' | 'saved' | 'save' | 'unsave' | 'unread' | 'readThread' | 'drafts' | 'draft'
>

const MAX_DRAFTS = 200
const MAX_SAVED = 5000
/** Pages looked through for one that holds something the asker may still read. */
const MAX_PAGES = 10

/** What one keeps for oneself: mentions, saved messages, marks and drafts. */
export function createDesk({ db, events, clock }: DeskNeeds): DeskHandlers {
  return {
    async mentions({ limit, before }, { principal }) {
      const me = signedIn(principal)
      return await placed(db, me, limit, before, async (from) => {
        let query = db
          .selectFrom('city.mention as mention')
          .innerJoin('city.message as message', 'message.id', 'mention.message')
          .selectAll('message')
          .select(['mention.kind', 'mention.at as kept_at', 'message.id as mark'])
          .where('mention.principal', 'in', [me.id, '*'])
          .where('message.author', '<>', me.id)
        if (from !== undefined) query = query.where('mention.message', '<', from)
        return await query
          .orderBy('mention.message', 'desc')
          .orderBy('mention.principal', 'desc')
          .limit(limit + 1)
          .execute()
      })
    },

    async saved({ limit, before }, { principal }) {
      const me = signedIn(principal)
      return await placed(db, me, limit, before, async (from) => {
        let query = db
          .selectFrom('city.saved as saved')
          .innerJoin('city.message as message', 'message.id', 'saved.message')
          .selectAll('message')
          .select(['saved.at as kept_at'])
          .select(
            sql<string>`to_char(saved.at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || message.id`.as('mark'),
          )
          .where('saved.principal', '=', me.id)
        if (from !== undefined)
          query = query.where(
            sql<boolean>`to_char(saved.at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || message.id < ${from}`,
          )
        return await query
          .orderBy('saved.at', 'desc')
          .orderBy('message.id', 'desc')
          .limit(limit + 1)
          .execute()
      })
    },

    async save({ message }, { principal }) {
      const me = signedIn(principal)
      const { row } = await enterMessage(db, message, me)
      checkStands(row)
      const { saved } = await db
        .selectFrom('city.saved')
        .select((of) => of.fn.countAll<number | string>().as('saved'))
        .where('principal', '=', me.id)
        .executeTakeFirstOrThrow()
      if (Number(saved) >= MAX_SAVED) throw cityError('city.too_many_saved', { limit: MAX_SAVED })
      await db
        .insertInto('city.saved')
        .values({ principal: me.id, message: row.id, at: isoTime(clock.now()) })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return { done: true as const }
    },

    async unsave({ message }, { principal }) {
      const me = signedIn(principal)
      await db
        .deleteFrom('city.saved')
        .where('principal', '=', me.id)
        .where('message', '=', message.slice(0, 200))
        .execute()
      return { done: true as const }
    },

    async unread({ room: ref, seq }, { principal }) {
      const me = signedIn(principal)
      const room = await enterRoom(db, ref, me)
      const readSeq = Math.min(seq, Number(room.seq) + 1) - 1
      await db
        .insertInto('city.read_mark')
        .values({ room: room.id, principal: me.id, seq: readSeq })
        .onConflict((conflict) => conflict.columns(['room', 'principal']).doUpdateSet({ seq: readSeq }))
        .execute()
      events.broadcast(personal, {
        principal: me.id,
        frame: { type: 'unread', room: room.id, seq: readSeq },
      })
      return { readSeq }
    },

    async readThread({ message, seq }, { principal }) {
      const me = signedIn(principal)
      const { room, row } = await enterMessage(db, message, me)
      const mark = await db
        .insertInto('city.thread_mark')
        .values({ thread: row.id, principal: me.id, seq: Math.min(seq, Number(room.seq)) })
        .onConflict((conflict) =>
          conflict
            .columns(['thread', 'principal'])
            .doUpdateSet({ seq: sql<number>`greatest(thread_mark.seq, excluded.seq)` }),
        )
        .returning('seq')
        .executeTakeFirstOrThrow()
      return { readSeq: Number(mark.seq) }
    },

    async drafts(_, { principal }) {
      const me = signedIn(principal)
      const rows = await db
        .selectFrom('city.draft')
        .select(['room', 'text', 'at'])
        .where('principal', '=', me.id)
        .orderBy('at', 'desc')
        .limit(MAX_DRAFTS)
        .execute()
      return { items: rows.map((row) => ({ ...row, at: iso(row.at) })) }
    },

    async draft({ room: ref, text }, { principal }) {
      const me = signedIn(principal)
      checkText(text)
      const room = await enterRoom(db, ref, me)
      if (text.trim() === '')
        await db.deleteFrom('city.draft').where('principal', '=', me.id).where('room', '=', room.id).execute()
      else {
        const at = isoTime(clock.now())
        await db
          .insertInto('city.draft')
          .values({ principal: me.id, room: room.id, text, at })
          .onConflict((conflict) => conflict.columns(['principal', 'room']).doUpdateSet({ text, at }))
          .execute()
      }
      return { done: true as const }
    },
  }
}

function signedIn(principal: Principal | null): Principal {
  if (!principal) throw kernelError('auth.required')
  return principal
}

type Kept = MessageRow & {
  readonly mark: string
  readonly kept_at: Date | string
  readonly kind?: 'name' | 'room' | 'here'
}

/** A page of messages from everywhere, less what the asker may no longer read and what is deleted. Where a whole page is such, the next ones are looked at. */
async function placed(
  db: CityDb,
  me: Principal,
  limit: number,
  before: string | undefined,
  read: (from: string | undefined) => Promise<readonly Kept[]>,
): Promise<{ items: Placed[]; next?: string }> {
  let from = before?.slice(0, 200)
  for (let page = 1; ; page++) {
    const rows = await read(from)
    const shown = rows.slice(0, limit)
    const next = rows.length > limit ? shown.at(-1)?.mark : undefined
    const items = await readableNow(db, me, shown)
    if (items.length > 0 || next === undefined || page === MAX_PAGES)
      return { items, ...(next !== undefined && { next }) }
    from = next
  }
}

async function readableNow(db: CityDb, me: Principal, rows: readonly Kept[]): Promise<Placed[]> {
  if (rows.length === 0) return []
  const rooms = await withMembership(db, me)
    .where(
      'room.id',
      'in',
      rows.map((row) => row.room),
    )
    .execute()
  const open = new Map(
    rooms.filter((room) => may(me, 'room.read', asResource(room)).permit).map((room) => [room.id, room]),
  )
  // Called by name and with everybody else at once: that is one mention, by name.
  const standing = rows.filter((row) => row.deleted_at === null && open.has(row.room))
  const once = [...new Map([...standing].reverse().map((row) => [row.id, row])).values()].reverse()
  const messages = await hydrate(db, once, me.id)
  return once.flatMap((row, i) => {
    const message = messages[i]
    const room = open.get(row.room)
    if (!message || !room) return []
    const { id, slug, name } = room
    return [
      { message, room: { id, slug, name }, at: iso(row.kept_at), ...(row.kind && { mention: row.kind }) },
    ]
  })
}
