import type { Clock } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, enterRoom, isId, type RoomRow } from '../city.store.ts'
import type { Membership } from '../rooms.contract.ts'
import { addMember, keepRoom, manageRoom, membershipOf } from './rooms.store.ts'
import { recordMember, tellMember } from './told.ts'

export interface MemberNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly clock: Clock
}

type MemberHandlers = Pick<
  Handlers<typeof cityContract>,
  'members' | 'addMember' | 'setMember' | 'handOver' | 'leave'
>

const MAX_MEMBERS = 500
const DONE = { done: true } as const

/** Who belongs to a room, and what they are there. Every change holds the room's row, so that two owners who leave at once leave one. */
export function createMembers({ db, events, auth, clock }: MemberNeeds): MemberHandlers {
  const known = async (id: string, principal: Principal | null, requestId: string) =>
    isId(id) ? (await auth.principals({ ids: [id] }, { requestId, principal })).items[0] : undefined

  /** Changes members under the room's lock and tells whom it concerns. */
  const change = async (
    { by, subject }: { by: Principal | null; subject: string },
    work: (tx: CityDb) => Promise<{ room: string; changed: boolean; role: Membership | null }>,
  ): Promise<typeof DONE> => {
    const actor = by?.id ?? null
    const { room, changed } = await db.transaction().execute(async (tx) => {
      const done = await work(tx)
      if (done.changed) await recordMember(events, tx, { actor, subject, ...done })
      return done
    })
    if (changed) tellMember(events, room, subject)
    return DONE
  }

  return {
    async members({ room: ref }, { principal, requestId }) {
      const room = await enterRoom(db, ref, principal)
      const rows = await db
        .selectFrom('city.member')
        .select(['principal', 'membership'])
        .where('room', '=', room.id)
        .orderBy('joined_at')
        .limit(MAX_MEMBERS)
        .execute()
      const found = await auth.principals({ ids: rows.map((row) => row.principal) }, { requestId, principal })
      const names = new Map(found.items.map((item) => [item.id, item]))
      const items = rows.flatMap(({ principal: id, membership }) => {
        const who = names.get(id)
        return who ? [{ id, kind: who.kind, name: who.name, membership }] : []
      })
      return { items }
    },

    async addMember({ room: ref, principal: id }, { principal, requestId }) {
      const { visibility } = await enterRoom(db, ref, principal)
      if (visibility === 'public') throw cityError('city.room_public')
      const who = await known(id, principal, requestId)
      return await change({ by: principal, subject: id }, async (tx) => {
        const room = await keepRoom(tx, ref, principal)
        if (!who) throw cityError('city.resident_not_found')
        const changed = await addMember(tx, room.id, id, 'member', clock.now())
        return { room: room.id, changed, role: 'member' }
      })
    },

    async setMember({ room: ref, principal: id, role }, { principal, requestId }) {
      await enterRoom(db, ref, principal)
      const who = await known(id, principal, requestId)
      return await change({ by: principal, subject: id }, async (tx) => {
        const room = await keepRoom(tx, ref, principal)
        if (!who) throw cityError('city.resident_not_found')
        if (who.kind !== 'person' && outranks(role, 'member')) throw cityError('city.agent_role')
        const before = await membershipOf(tx, room.id, id)
        checkMayMove(room, principal, before, role)
        if (before === role) return { room: room.id, changed: false, role }
        if (before === 'owner') await keepAnOwner(tx, room, id)
        if (before === undefined) await addMember(tx, room.id, id, role, clock.now())
        else await moveMember(tx, room.id, id, role)
        return { room: room.id, changed: true, role }
      })
    },

    async handOver({ room: ref, principal: id }, { principal, requestId }) {
      await enterRoom(db, ref, principal)
      const who = await known(id, principal, requestId)
      const me = principal?.id ?? ''
      return await change({ by: principal, subject: id }, async (tx) => {
        const room = await manageRoom(tx, ref, principal)
        if (room.visibility === 'direct') throw cityError('city.room_direct')
        if (!who || (await membershipOf(tx, room.id, id)) === undefined) throw cityError('city.not_member')
        if (who.kind !== 'person') throw cityError('city.agent_role')
        if (id === me) return { room: room.id, changed: false, role: 'owner' }
        await moveMember(tx, room.id, id, 'owner')
        if (room.membership === 'owner') {
          await moveMember(tx, room.id, me, 'member')
          await recordMember(events, tx, { actor: me, subject: me, room: room.id, role: 'member' })
        }
        return { room: room.id, changed: true, role: 'owner' }
      })
    },

    async leave({ room: ref, principal: id }, { principal }) {
      return await change({ by: principal, subject: id }, async (tx) => {
        const room = await enterRoom(tx, ref, principal, true)
        if (room.visibility === 'direct') {
          if (id !== principal?.id) throw cityError('city.room_direct')
          return { room: room.id, changed: await leaveTalk(tx, room, id), role: null }
        }
        const before = await membershipOf(tx, room.id, id)
        if (id !== principal?.id) checkMayTakeOut(room, principal, before)
        if (before === undefined) return { room: room.id, changed: false, role: null }
        if (before === 'owner') await keepAnOwner(tx, room, id)
        await removeMember(tx, room.id, id)
        return { room: room.id, changed: true, role: null }
      })
    },
  }
}

const RANK: Readonly<Record<Membership, number>> = { owner: 3, moderator: 2, member: 1, guest: 0 }
const outranks = (one: Membership, other: Membership): boolean => RANK[one] > RANK[other]

const manages = (room: RoomRow, principal: Principal | null): boolean =>
  may(principal, 'room.manage', asResource(room)).permit

/** An owner moves anybody; a moderator moves members and guests among these two. */
function checkMayMove(
  room: RoomRow,
  principal: Principal | null,
  from: Membership | undefined,
  to: Membership,
): void {
  if (manages(room, principal)) return
  if (outranks(to, 'member') || (from !== undefined && outranks(from, 'member')))
    throw cityError('city.not_manager')
}

function checkMayTakeOut(
  room: RoomRow,
  principal: Principal | null,
  membership: Membership | undefined,
): void {
  if (manages(room, principal)) return
  const invites = may(principal, 'room.invite', asResource(room)).permit
  if (!invites || (membership !== undefined && outranks(membership, 'member')))
    throw cityError('city.not_manager')
}

/** Whoever is the only owner stays one. The caller holds the room's row. */
async function keepAnOwner(tx: CityDb, room: RoomRow, leaving: string): Promise<void> {
  const other = await tx
    .selectFrom('city.member')
    .select('principal')
    .where('room', '=', room.id)
    .where('membership', '=', 'owner')
    .where('principal', '<>', leaving)
    .limit(1)
    .executeTakeFirst()
  if (!other) throw cityError('city.last_owner')
}

/** A talk of more than two can be left, and is no longer the one of these people; one of two stays. */
async function leaveTalk(tx: CityDb, room: RoomRow, id: string): Promise<boolean> {
  const { count } = await tx
    .selectFrom('city.member')
    .select((of) => of.fn.countAll().as('count'))
    .where('room', '=', room.id)
    .executeTakeFirstOrThrow()
  if (Number(count) <= 2) throw cityError('city.room_direct')
  await removeMember(tx, room.id, id)
  await tx
    .updateTable('city.room')
    .set({ direct_key: `${room.id} without ${id}` })
    .where('id', '=', room.id)
    .execute()
  return true
}

async function moveMember(tx: CityDb, room: string, principal: string, membership: Membership) {
  await tx
    .updateTable('city.member')
    .set({ membership })
    .where('room', '=', room)
    .where('principal', '=', principal)
    .execute()
}

async function removeMember(tx: CityDb, room: string, principal: string) {
  await tx.deleteFrom('city.member').where('room', '=', room).where('principal', '=', principal).execute()
}
