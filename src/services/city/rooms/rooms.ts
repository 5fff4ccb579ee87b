import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, enterRoom, isId, json, type RoomRow } from '../city.store.ts'
import { readableFiles } from '../files/files.ts'
import type { Receipts } from '../live/receipts.ts'
import { checkText } from '../messages/text.ts'
import type { RoomViews } from './room-views.ts'
import { addMember, insertRoom, manageRoom, roomsOf, withMembership } from './rooms.store.ts'
import { searchable } from './searchable.ts'
import { slugOf } from './slugs.ts'
import { tellRoom } from './told.ts'

export interface RoomNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly views: RoomViews
  readonly receipts: Pick<Receipts, 'tell'>
  /** Makes the resident's own rooms that are missing. */
  readonly welcome: (principal: Principal) => Promise<void>
}

type RoomHandlers = Pick<
  Handlers<typeof cityContract>,
  'rooms' | 'openRoom' | 'room' | 'changeRoom' | 'read' | 'readable'
>

/** Rooms, what they say of themselves, and how far they are read. */
export function createRooms({ db, events, clock, ids, views, receipts, welcome }: RoomNeeds): RoomHandlers {
  return {
    async rooms({ limit, after, archived }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      await welcome(principal)
      const rows = await roomsOf(db, principal, limit + 1, { after, archived })
      const items = await views.show(rows.slice(0, limit), principal)
      const last = items.at(-1)
      return { items, next: rows.length > limit ? last?.id : undefined }
    },

    async openRoom({ name, topic, slug, visibility, joining, replyPolicy }, { principal }) {
      if (!principal || !may(principal, 'room.open', { type: 'city' }).permit)
        throw kernelError('auth.forbidden')
      checkText(name)
      checkText(topic)
      const room = {
        id: ids.make('room'),
        name,
        topic,
        visibility,
        joining: visibility === 'public' ? ('open' as const) : joining,
        reply_policy: json(replyPolicy),
        created_by: principal.id,
        created_at: isoTime(clock.now()),
      }
      await db.transaction().execute(async (tx) => {
        if (!(await insertRoom(tx, { ...room, slug: slug ?? slugOf(name) }))) {
          if (slug !== undefined) throw cityError('city.slug_taken', { slug })
          const longer = `${slugOf(name).slice(0, 50)}-${randomBytes(5).toString('hex')}`
          await insertRoom(tx, { ...room, slug: longer })
        }
        await addMember(tx, room.id, principal.id, 'owner', clock.now())
      })
      return await views.one(room.id, principal)
    },

    room: ({ room }, { principal }) => views.one(room, principal),

    async changeRoom({ room: ref, ...wish }, { principal }) {
      if (wish.name !== undefined) checkText(wish.name)
      if (wish.topic !== undefined) checkText(wish.topic)
      const changed = await db.transaction().execute(async (tx) => {
        const room = await manageRoom(tx, ref, principal)
        await checkWish(tx, room, wish, principal)
        const { name = room.name, topic = room.topic } = wish
        const set = {
          name,
          topic,
          search: searchable(name, topic, room.slug),
          ...(wish.picture !== undefined && { picture: wish.picture }),
          ...(wish.joining && { joining: wish.joining }),
          ...(wish.replyPolicy && { reply_policy: json(wish.replyPolicy) }),
          ...(wish.archived !== undefined && {
            archived_at: wish.archived ? isoTime(clock.now()) : null,
          }),
        }
        await tx.updateTable('city.room').set(set).where('id', '=', room.id).execute()
        return room.id
      })
      tellRoom(events, changed, 'about')
      return await views.one(changed, principal)
    },

    async read({ room: ref, seq }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      const upto = Math.min(seq, Number(room.seq))
      const mark = await db
        .insertInto('city.read_mark')
        .values({ room: room.id, principal: principal?.id ?? '', seq: upto })
        .onConflict((conflict) =>
          conflict
            .columns(['room', 'principal'])
            .doUpdateSet({ seq: sql<number>`greatest(read_mark.seq, excluded.seq)` }),
        )
        .returning('seq')
        .executeTakeFirstOrThrow()
      const readSeq = Number(mark.seq)
      await receipts.tell(room.id, principal?.id ?? '', readSeq)
      return { readSeq }
    },

    async readable({ rooms }, { principal }) {
      const asked = [...new Set(rooms)].filter(isId)
      if (!principal || asked.length === 0) return { rooms: [] }
      const rows = await withMembership(db, principal).where('room.id', 'in', asked).execute()
      return {
        rooms: rows
          .filter((room) => may(principal, 'room.read', asResource(room)).permit)
          .map((room) => room.id),
      }
    },
  }
}

type Wish = Omit<Parameters<RoomHandlers['changeRoom']>[0], 'room'>

/** What a room cannot take: a talk has nothing to set but when agents answer, an open room has no door, a picture is an image its giver may see. */
async function checkWish(tx: CityDb, room: RoomRow, wish: Wish, principal: Principal | null): Promise<void> {
  const { name, topic, picture, joining, archived } = wish
  if (room.visibility === 'direct')
    for (const set of [name, topic, picture, joining, archived])
      if (set !== undefined) throw cityError('city.room_direct')
  if (room.visibility === 'public' && joining !== undefined) throw cityError('city.room_open')
  if (picture == null) return
  const file = principal && (await readableFiles(tx, [picture], principal)).get(picture)
  if (file?.kind !== 'image') throw cityError('city.picture_kind')
}
