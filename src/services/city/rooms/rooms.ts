import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, enterRoom, isId, json, type RoomRow } from '../city.store.ts'
import { accessChanged, signal } from '../live/channels.ts'
import { checkText } from '../messages/messages.ts'
import { addMember, insertRoom, oneRoom, roomsOf, toRooms, withMembership } from './rooms.store.ts'
import { slugOf } from './slugs.ts'

export interface RoomNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly clock: Clock
  readonly ids: Ids
  /** Makes the resident's own rooms that are missing. */
  readonly welcome: (principal: Principal) => Promise<void>
}

type RoomHandlers = Pick<
  Handlers<typeof cityContract>,
  'rooms' | 'openRoom' | 'room' | 'changeRoom' | 'members' | 'addMember' | 'leave' | 'read' | 'readable'
>

const MAX_MEMBERS = 500

export function createRooms({ db, events, auth, clock, ids, welcome }: RoomNeeds): RoomHandlers {
  const manage = async (tx: CityDb, ref: string, principal: Principal | null): Promise<RoomRow> => {
    const room = await enterRoom(tx, ref, principal, true)
    if (!may(principal, 'room.manage', asResource(room)).permit) throw cityError('city.not_manager')
    return room
  }

  return {
    async rooms({ limit, after }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      await welcome(principal)
      const rows = await roomsOf(db, principal, limit + 1, after)
      const items = await toRooms(db, rows.slice(0, limit), principal)
      const last = items.at(-1)
      return { items, next: rows.length > limit ? last?.id : undefined }
    },

    async openRoom({ name, slug, visibility, replyPolicy }, { principal }) {
      if (!principal || !may(principal, 'room.open', { type: 'city' }).permit)
        throw kernelError('auth.forbidden')
      checkText(name)
      const room = {
        id: ids.make('room'),
        name,
        visibility,
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
      return await oneRoom(db, room.id, principal)
    },

    room: ({ room }, { principal }) => oneRoom(db, room, principal),

    async changeRoom({ room: ref, name, replyPolicy }, { principal }) {
      if (name !== undefined) checkText(name)
      await db.transaction().execute(async (tx) => {
        const room = await manage(tx, ref, principal)
        if (name === undefined && replyPolicy === undefined) return
        await tx
          .updateTable('city.room')
          .set({
            ...(name !== undefined && { name }),
            ...(replyPolicy && { reply_policy: json(replyPolicy) }),
          })
          .where('id', '=', room.id)
          .execute()
      })
      return await oneRoom(db, ref, principal)
    },

    async members({ room: ref }, { principal, requestId }) {
      const room = await enterRoom(db, ref, principal)
      const rows = await db
        .selectFrom('city.member')
        .select(['principal', 'membership'])
        .where('room', '=', room.id)
        .orderBy('joined_at')
        .limit(MAX_MEMBERS)
        .execute()
      const known = await auth.principals({ ids: rows.map((row) => row.principal) }, { requestId, principal })
      const names = new Map(known.items.map((item) => [item.id, item]))
      const items = rows.flatMap(({ principal: id, membership }) => {
        const who = names.get(id)
        return who ? [{ id, kind: who.kind, name: who.name, membership }] : []
      })
      return { items }
    },

    async addMember({ room: ref, principal: id }, { principal, requestId }) {
      refuseChange(await enterRoom(db, ref, principal))
      const known = isId(id) ? await auth.principals({ ids: [id] }, { requestId, principal }) : { items: [] }
      await db.transaction().execute(async (tx) => {
        const room = await manage(tx, ref, principal)
        if (!known.items.some((item) => item.id === id)) throw cityError('city.resident_not_found')
        await addMember(tx, room.id, id, 'member', clock.now())
      })
      return { done: true as const }
    },

    async leave({ room: ref, principal: id }, { principal }) {
      const left = await db.transaction().execute(async (tx) => {
        const room = await enterRoom(tx, ref, principal, true)
        if (id !== principal?.id && !may(principal, 'room.manage', asResource(room)).permit)
          throw cityError('city.not_manager')
        if (room.visibility === 'direct') throw cityError('city.room_direct')
        const owners = await tx
          .selectFrom('city.member')
          .select('principal')
          .where('room', '=', room.id)
          .where('membership', '=', 'owner')
          .limit(2)
          .execute()
        if (owners.length === 1 && owners[0]?.principal === id) throw cityError('city.last_owner')
        await tx
          .deleteFrom('city.member')
          .where('room', '=', room.id)
          .where('principal', '=', isId(id) ? id : '')
          .execute()
        return room.id
      })
      events.broadcast(accessChanged, { room: left, principal: id })
      return { done: true as const }
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
      const frame = { type: 'read', room: room.id, principal: principal?.id ?? '', seq: readSeq }
      events.broadcast(signal, { room: room.id, frame })
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

function refuseChange({ visibility }: RoomRow): void {
  if (visibility === 'public') throw cityError('city.room_public')
  if (visibility === 'direct') throw cityError('city.room_direct')
}
