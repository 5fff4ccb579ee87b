import type { Clock } from '../../../kernel/clock.ts'
import { isoTime } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, findRoom, isId, iso } from '../city.store.ts'
import { addMember, isListed, keepRoom, membershipOf } from './rooms.store.ts'
import { recordMember, tellMember, tellPeople } from './told.ts'

export interface RequestNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly clock: Clock
}

type RequestHandlers = Pick<
  Handlers<typeof cityContract>,
  'askToJoin' | 'withdrawRequest' | 'joinRequests' | 'decideRequest'
>

/** After a refusal one asks again the next day. */
const AGAIN_AFTER_MS = 24 * 3600 * 1000
const SHOWN = 100

/** Coming in by oneself, or by asking. A room that stands nowhere cannot be asked: it answers as one that is not there. */
export function createRequests({ db, events, auth, clock }: RequestNeeds): RequestHandlers {
  return {
    async askToJoin({ room: ref, note }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const asked = await db.transaction().execute(async (tx) => {
        const room = await findRoom(tx, ref, principal.id, true)
        const reads = room && may(principal, 'room.read', asResource(room)).permit
        if (!room || (!reads && !isListed(room)) || room.banned || principal.kind !== 'person')
          throw cityError('city.room_not_found')
        if (room.membership !== null) return { room: room.id, state: 'accepted' as const, keepers: null }
        if (room.archived_at !== null) throw cityError('city.room_archived')
        if (room.joining === 'open') {
          await addMember(tx, room.id, principal.id, 'member', clock.now())
          const became = { subject: principal.id, room: room.id, role: 'member' as const }
          await recordMember(events, tx, { actor: principal.id, ...became })
          return { room: room.id, state: 'accepted' as const, keepers: [] }
        }
        await refuseAgain(tx, room.id, principal.id, clock.now())
        const row = { note, state: 'pending' as const, created_at: isoTime(clock.now()) }
        const undecided = { decided_at: null, decided_by: null }
        await tx
          .insertInto('city.join_request')
          .values({ room: room.id, principal: principal.id, ...row, ...undecided })
          .onConflict((conflict) =>
            conflict.columns(['room', 'principal']).doUpdateSet({ ...row, ...undecided }),
          )
          .execute()
        return { room: room.id, state: 'pending' as const, keepers: await keepersOf(tx, room.id) }
      })
      if (asked.state === 'pending')
        tellPeople(events, asked.keepers ?? [], { room: asked.room, change: 'requests' })
      else if (asked.keepers) tellMember(events, asked.room, principal.id)
      return { state: asked.state }
    },

    async withdrawRequest({ room: ref }, { principal }) {
      const room = await findRoom(db, ref, principal?.id ?? null)
      const gone =
        room &&
        (await db
          .deleteFrom('city.join_request')
          .where('room', '=', room.id)
          .where('principal', '=', principal?.id ?? '')
          .where('state', '=', 'pending')
          .returning('room')
          .executeTakeFirst())
      if (gone) tellPeople(events, await keepersOf(db, gone.room), { room: gone.room, change: 'requests' })
      // Whether there was a room to ask is nobody's to learn here.
      return { done: true as const }
    },

    async joinRequests({ room: ref }, { principal, requestId }) {
      const room = await keepRoom(db, ref, principal, false)
      const rows = await db
        .selectFrom('city.join_request')
        .select(['principal', 'note', 'created_at'])
        .where('room', '=', room.id)
        .where('state', '=', 'pending')
        .orderBy('created_at')
        .limit(SHOWN)
        .execute()
      const ids = rows.map((row) => row.principal)
      const known = ids.length > 0 ? await auth.principals({ ids }, { requestId, principal }) : { items: [] }
      const names = new Map(known.items.map(({ id, kind, name }) => [id, { id, kind, name }]))
      const items = rows.flatMap((row) => {
        const person = names.get(row.principal)
        return person ? [{ person, note: row.note, askedAt: iso(row.created_at) }] : []
      })
      return { items }
    },

    async decideRequest({ room: ref, principal: id, accept }, { principal }) {
      const decided = await db.transaction().execute(async (tx) => {
        const room = await keepRoom(tx, ref, principal)
        const request = await tx
          .updateTable('city.join_request')
          .set({
            state: accept ? 'accepted' : 'refused',
            decided_at: isoTime(clock.now()),
            decided_by: principal?.id ?? null,
          })
          .where('room', '=', room.id)
          .where('principal', '=', isId(id) ? id : '')
          .where('state', '=', 'pending')
          .returning('principal')
          .executeTakeFirst()
        if (!request) throw cityError('city.request_not_found')
        if (accept && (await membershipOf(tx, room.id, id)) === undefined) {
          await addMember(tx, room.id, id, 'member', clock.now())
          const became = { subject: id, room: room.id, role: 'member' as const }
          await recordMember(events, tx, { actor: principal?.id ?? null, ...became })
        }
        return { room: room.id, keepers: await keepersOf(tx, room.id) }
      })
      tellPeople(events, decided.keepers, { room: decided.room, change: 'requests' })
      if (accept) tellMember(events, decided.room, id)
      else tellPeople(events, [id], { room: decided.room, change: 'mine' })
      return { done: true as const }
    },
  }
}

async function refuseAgain(tx: CityDb, room: string, principal: string, now: number): Promise<void> {
  const before = await tx
    .selectFrom('city.join_request')
    .select(['state', 'decided_at'])
    .where('room', '=', room)
    .where('principal', '=', principal)
    .executeTakeFirst()
  if (before?.state !== 'refused' || before.decided_at === null) return
  const again = new Date(before.decided_at).getTime() + AGAIN_AFTER_MS
  if (again > now) throw cityError('city.request_refused', { when: `${isoTime(again).slice(0, 16)}Z` })
}

async function keepersOf(db: CityDb, room: string): Promise<string[]> {
  const rows = await db
    .selectFrom('city.member')
    .select('principal')
    .where('room', '=', room)
    .where('membership', 'in', ['owner', 'moderator'])
    .limit(SHOWN)
    .execute()
  return rows.map((row) => row.principal)
}
