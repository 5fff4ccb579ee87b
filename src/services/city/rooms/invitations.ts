import { createHash, randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { residentJoined } from '../../auth/auth.events.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, findRoom, isId, iso } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { RoomInvitation } from '../members.contract.ts'
import type { RoomViews } from './room-views.ts'
import { addMember, isBanned, keepRoom, membershipOf } from './rooms.store.ts'
import { recordMember, tellMember } from './told.ts'

export interface InvitationNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly clock: Clock
  readonly ids: Ids
  readonly publicUrl: string
  readonly views: RoomViews
}

type InvitationHandlers = Pick<
  Handlers<typeof cityContract>,
  'inviteToRoom' | 'roomInvitations' | 'revokeRoomInvitation' | 'lookAtInvitation' | 'acceptInvitation'
>

const DAY_MS = 24 * 3600 * 1000
const SHOWN = 200

/** Links into rooms. A code is 256 bits of chance, stored hashed; what no longer works answers as what never was. */
export function createInvitations(needs: InvitationNeeds): InvitationHandlers {
  const { db, events, clock, ids, publicUrl, views } = needs
  consumeInvited(needs)

  const working = (tx: CityDb) =>
    tx
      .selectFrom('city.room_invitation')
      .selectAll()
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', isoTime(clock.now()))
  const found = async (tx: CityDb, code: string) => {
    const row = await working(tx).where('code_hash', '=', hash(code)).executeTakeFirst()
    if (!row) throw cityError('city.invitation_unknown')
    return row
  }

  return {
    async inviteToRoom({ room: ref, role, maxUses, days }, { principal }) {
      const code = randomBytes(32).toString('base64url')
      const now = clock.now()
      const row = await db.transaction().execute(async (tx) => {
        const room = await keepRoom(tx, ref, principal)
        if (room.archived_at !== null) throw cityError('city.room_archived')
        return await tx
          .insertInto('city.room_invitation')
          .values({
            id: ids.make('rinv'),
            room: room.id,
            code_hash: hash(code),
            membership: role,
            made_by: principal?.id ?? '',
            max_uses: maxUses,
            expires_at: isoTime(now + days * DAY_MS),
            created_at: isoTime(now),
          })
          .returningAll()
          .executeTakeFirstOrThrow()
      })
      return { ...outward(row), code, url: `${publicUrl}/join#${code}` }
    },

    async roomInvitations({ room: ref }, { principal }) {
      const room = await keepRoom(db, ref, principal, false)
      const rows = await working(db)
        .where('room', '=', room.id)
        .whereRef('uses', '<', 'max_uses')
        .orderBy('id', 'desc')
        .limit(SHOWN)
        .execute()
      return { items: rows.map(outward) }
    },

    async revokeRoomInvitation({ room: ref, invitation }, { principal }) {
      await db.transaction().execute(async (tx) => {
        const room = await keepRoom(tx, ref, principal)
        const row = await tx
          .updateTable('city.room_invitation')
          .set({ revoked_at: isoTime(clock.now()) })
          .where('id', '=', isId(invitation) ? invitation : '')
          .where('room', '=', room.id)
          .where('revoked_at', 'is', null)
          .returning('id')
          .executeTakeFirst()
        if (!row) throw cityError('city.invitation_unknown')
      })
      return { done: true as const }
    },

    async lookAtInvitation({ code }, { principal }) {
      const row = await found(db, code)
      const room = await findRoom(db, row.room, principal?.id ?? null)
      const usable = room?.membership != null || row.uses < row.max_uses
      if (!room || !usable || room.archived_at !== null) throw cityError('city.invitation_unknown')
      const { count } = await db
        .selectFrom('city.member')
        .select((of) => of.fn.countAll().as('count'))
        .where('room', '=', room.id)
        .executeTakeFirstOrThrow()
      return {
        name: room.name,
        topic: room.topic,
        people: Number(count),
        role: row.membership,
        inside: room.membership === null ? null : room.slug,
      }
    },

    async acceptInvitation({ code }, { principal }) {
      if (principal?.kind !== 'person') throw kernelError('auth.forbidden')
      const entered = await db.transaction().execute(async (tx) => {
        const { room: id } = await found(tx, code)
        const room = await findRoom(tx, id, principal.id, true)
        if (!room || room.banned || room.archived_at !== null) throw cityError('city.invitation_unknown')
        if (room.membership !== null) return { room: id, fresh: false }
        const taken = await tx
          .updateTable('city.room_invitation')
          .set((eb) => ({ uses: eb('uses', '+', 1) }))
          .where('code_hash', '=', hash(code))
          .where('revoked_at', 'is', null)
          .where('expires_at', '>', isoTime(clock.now()))
          .whereRef('uses', '<', 'max_uses')
          .returning('membership')
          .executeTakeFirst()
        if (!taken) throw cityError('city.invitation_unknown')
        await addMember(tx, id, principal.id, taken.membership, clock.now())
        const became = { subject: principal.id, room: id, role: taken.membership }
        await recordMember(events, tx, { actor: principal.id, ...became })
        await tx
          .deleteFrom('city.join_request')
          .where('room', '=', id)
          .where('principal', '=', principal.id)
          .execute()
        return { room: id, fresh: true }
      })
      if (entered.fresh) tellMember(events, entered.room, principal.id)
      return await views.one(entered.room, principal)
    },
  }
}

/** Whoever came to the city by an invitation that names a room comes into that room too, where its maker may still let people in. */
function consumeInvited({ db, events, auth, clock }: InvitationNeeds): void {
  events.consume<CityTables, typeof residentJoined>({
    name: 'city.invited_room',
    db,
    types: [residentJoined],
    async handle({ data: { principal, room: ref, invitedBy } }, job) {
      if (ref === undefined || invitedBy === undefined) return
      const [inviter] = (await auth.principals({ ids: [invitedBy] })).items
      if (!inviter) return
      let entered: string | undefined
      await job.commit(async (tx) => {
        entered = undefined
        const room = await findRoom(tx, ref, inviter.id, true)
        if (!room || room.visibility === 'direct' || room.archived_at !== null) return
        if (!may(inviter, 'room.invite', asResource(room)).permit) return
        if ((await membershipOf(tx, room.id, principal.id)) !== undefined) return
        if (await isBanned(tx, room.id, principal.id)) return
        await addMember(tx, room.id, principal.id, 'member', clock.now())
        const became = { subject: principal.id, room: room.id, role: 'member' as const }
        await recordMember(events, tx, { actor: inviter.id, ...became })
        entered = room.id
      })
      if (entered !== undefined) tellMember(events, entered, principal.id)
    },
  })
}

const hash = (code: string): string => createHash('sha256').update(code).digest('base64url')

const outward = (row: Selectable<CityTables['city.room_invitation']>): RoomInvitation => ({
  id: row.id,
  role: row.membership,
  uses: row.uses,
  maxUses: row.max_uses,
  createdAt: iso(row.created_at),
  expiresAt: iso(row.expires_at),
})
