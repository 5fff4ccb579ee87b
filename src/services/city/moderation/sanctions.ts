import type { Selectable } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Call, Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import { isOperator, type Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, type EnteredRoom, isId, iso } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { OwnSanction } from '../moderation.contract.ts'
import { keepRoom, membershipOf } from '../rooms/rooms.store.ts'
import { recordMember, tellMember, tellPeople } from '../rooms/told.ts'
import { type Names, placesOf } from './names.ts'
import type { Trail } from './trail.ts'

export interface SanctionNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly clock: Clock
  readonly ids: Ids
  readonly names: Names
  readonly trail: Trail
  readonly queueChanged: (room: string | null) => void
}

type Row = Selectable<CityTables['city.sanction']>
type SanctionHandlers = Pick<
  Handlers<typeof cityContract>,
  'mute' | 'unmute' | 'ban' | 'unban' | 'sanctions' | 'mySanctions' | 'appeal'
>

export interface NewSanction {
  readonly kind: 'mute' | 'ban'
  readonly person: Principal
  readonly by: string
  readonly reason: string
  /** Of a mute. */
  readonly until?: string | undefined
}

export interface Sanctions {
  readonly handlers: SanctionHandlers
  /** Somebody whom a sanction may touch at all. */
  person(id: string, call: Pick<Call, 'principal' | 'requestId'>): Promise<Principal>
  /** Mutes or bans under the room's lock. `manages`: whoever does it is above the room's moderators. */
  impose(tx: CityDb, room: EnteredRoom, sanction: NewSanction, manages: boolean): Promise<Row>
  lift(
    tx: CityDb,
    place: { room: string; principal: string; kind: Row['kind']; by: string },
  ): Promise<boolean>
  /** Tells open pages and sockets, after the transaction. */
  told(room: string, principal: string): void
  mine(rows: readonly Row[]): Promise<OwnSanction[]>
}

const YEAR_MS = 366 * 86_400_000
const SHOWN = 200

/** Muting and banning: who, where, why, until when; and asking to look again, once. */
export function createSanctions(needs: SanctionNeeds): Sanctions {
  const { db, events, auth, clock, ids, names, trail, queueChanged } = needs

  const person: Sanctions['person'] = async (id, { principal, requestId }) => {
    const { items } = isId(id)
      ? await auth.principals({ ids: [id] }, { principal, requestId })
      : { items: [] }
    const [who] = items
    if (!who) throw cityError('city.resident_not_found')
    if (who.kind !== 'person') throw cityError('city.sanction_person')
    return who
  }

  const impose: Sanctions['impose'] = async (tx, room, { kind, person: who, by, reason, until }, manages) => {
    if (room.visibility === 'direct') throw cityError('city.room_direct')
    const at = clock.now()
    if (kind === 'mute') checkUntil(until, at)
    const membership = await membershipOf(tx, room.id, who.id)
    const above = membership === 'owner' || (membership === 'moderator' && !manages)
    if (above || who.id === by || (room.visibility === 'public' && isOperator(who)))
      throw cityError('city.sanction_rank')
    // A new mute takes the place of the one before.
    await close(tx, { room: room.id, principal: who.id, kind, by }, at)
    const row = await tx
      .insertInto('city.sanction')
      .values({
        id: ids.make('sanc'),
        room: room.id,
        principal: who.id,
        kind,
        reason,
        until: kind === 'mute' ? (until ?? null) : null,
        made_by: by,
        made_at: isoTime(at),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    if (kind === 'ban') await putOut(tx, { room: room.id, principal: who.id, by, was: membership })
    const action = kind === 'mute' ? ('muted' as const) : ('banned' as const)
    await trail(tx, { actor: by, action, subject: who.id, room: room.id, reason, until: until ?? null })
    return row
  }

  const putOut = async (
    tx: CityDb,
    { room, principal, by, was }: { room: string; principal: string; by: string; was: string | undefined },
  ) => {
    await tx
      .deleteFrom('city.join_request')
      .where('room', '=', room)
      .where('principal', '=', principal)
      .execute()
    if (was === undefined) return
    await tx.deleteFrom('city.member').where('room', '=', room).where('principal', '=', principal).execute()
    await recordMember(events, tx, { actor: by, subject: principal, room, role: null })
  }

  const lift: Sanctions['lift'] = async (tx, place) => {
    if (!(await close(tx, place, clock.now()))) return false
    const action = place.kind === 'mute' ? ('unmuted' as const) : ('unbanned' as const)
    await trail(tx, { actor: place.by, action, subject: place.principal, room: place.room })
    return true
  }

  const told = (room: string, principal: string) => tellMember(events, room, principal)

  const imposed = async (
    kind: Row['kind'],
    asked: { room: string; principal: string; reason: string; until?: string },
    { principal: by, requestId }: Call,
  ) => {
    if (!by) throw kernelError('auth.required')
    await keepRoom(db, asked.room, by, false)
    const who = await person(asked.principal, { principal: by, requestId })
    const { reason, until } = asked
    const row = await db.transaction().execute(async (tx) => {
      const room = await keepRoom(tx, asked.room, by)
      const manages = may(by, 'room.manage', asResource(room)).permit
      return await impose(tx, room, { kind, person: who, by: by.id, reason, until }, manages)
    })
    told(row.room, row.principal)
    const [shown] = await show([row], { principal: by, requestId })
    if (!shown) throw cityError('city.sanction_not_found')
    return shown
  }

  const lifted = async (
    kind: Row['kind'],
    asked: { room: string; principal: string },
    { principal: by }: Call,
  ) => {
    const room = await db.transaction().execute(async (tx) => {
      const { id } = await keepRoom(tx, asked.room, by)
      const place = { room: id, principal: asked.principal, kind, by: by?.id ?? '' }
      return isId(asked.principal) && (await lift(tx, place)) ? id : null
    })
    if (room === null) throw cityError('city.sanction_not_found')
    told(room, asked.principal)
    return { done: true as const }
  }

  const show = async (rows: readonly Row[], call: Pick<Call, 'principal' | 'requestId'>) => {
    const people = await names(
      rows.flatMap((row) => [row.principal, row.made_by]),
      call,
    )
    const places = await placesOf(
      db,
      rows.map((row) => row.room),
    )
    return rows.flatMap((row) => {
      const room = places.get(row.room)
      return room ? [{ ...outward(row), room, person: people(row.principal), by: people(row.made_by) }] : []
    })
  }

  const mine = async (rows: readonly Row[]): Promise<OwnSanction[]> => {
    if (rows.length === 0) return []
    const places = await placesOf(
      db,
      rows.map((row) => row.room),
    )
    const appeals = await db
      .selectFrom('city.report')
      .select(['sanction', 'state', 'outcome', 'answer'])
      .where('kind', '=', 'appeal')
      .where(
        'sanction',
        'in',
        rows.map((row) => row.id),
      )
      .execute()
    return rows.flatMap((row) => {
      const room = places.get(row.room)
      const asked = appeals.find((one) => one.sanction === row.id)
      const ended = asked?.outcome === 'lifted' ? ('lifted' as const) : ('upheld' as const)
      const appeal = !asked ? ('none' as const) : asked.state === 'settled' ? ended : ('waiting' as const)
      return room ? [{ ...outward(row), room, appeal, answer: asked?.answer ?? null }] : []
    })
  }

  /** What holds now, the newest first. */
  const standing = (tx: CityDb) =>
    tx
      .selectFrom('city.sanction')
      .selectAll()
      .where('lifted_at', 'is', null)
      .where((where) => where.or([where('until', 'is', null), where('until', '>', new Date(clock.now()))]))
      .orderBy('made_at', 'desc')
      .limit(SHOWN)

  return {
    person,
    impose,
    lift,
    told,
    mine,
    handlers: {
      mute: (asked, call) => imposed('mute', asked, call),
      unmute: (asked, call) => lifted('mute', asked, call),
      ban: (asked, call) => imposed('ban', asked, call),
      unban: (asked, call) => lifted('ban', asked, call),
      async sanctions({ room: ref }, call) {
        const room = await keepRoom(db, ref, call.principal, false)
        return { items: await show(await standing(db).where('room', '=', room.id).execute(), call) }
      },
      async mySanctions(_input, { principal }) {
        if (!principal) throw kernelError('auth.required')
        return { items: await mine(await standing(db).where('principal', '=', principal.id).execute()) }
      },
      async appeal({ sanction, words }, { principal }) {
        if (!principal) throw kernelError('auth.required')
        const row = isId(sanction)
          ? await standing(db)
              .where('id', '=', sanction)
              .where('principal', '=', principal.id)
              .executeTakeFirst()
          : undefined
        if (!row) throw cityError('city.sanction_not_found')
        const made = await db
          .insertInto('city.report')
          .values({
            id: ids.make('rep'),
            kind: 'appeal',
            room: row.room,
            subject: principal.id,
            words,
            sanction: row.id,
            created_at: isoTime(clock.now()),
          })
          .onConflict((conflict) => conflict.doNothing())
          .returning('id')
          .executeTakeFirst()
        if (!made) throw cityError('city.appeal_made')
        queueChanged(row.room)
        tellPeople(events, [principal.id], { room: row.room, change: 'mine' })
        const [shown] = await mine([row])
        if (!shown) throw cityError('city.sanction_not_found')
        return shown
      },
    },
  }
}

function checkUntil(until: string | undefined, at: number): void {
  if (until === undefined) throw cityError('city.until_missing')
  const time = Date.parse(until)
  if (time <= at) throw cityError('city.time_past')
  if (time > at + YEAR_MS) throw cityError('city.time_far')
}

async function close(
  tx: CityDb,
  place: { room: string; principal: string; kind: Row['kind']; by: string },
  at: number,
): Promise<boolean> {
  const row = await tx
    .updateTable('city.sanction')
    .set({ lifted_at: isoTime(at), lifted_by: place.by })
    .where('room', '=', place.room)
    .where('principal', '=', place.principal)
    .where('kind', '=', place.kind)
    .where('lifted_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

const outward = (row: Row) => ({
  id: row.id,
  kind: row.kind,
  reason: row.reason,
  until: row.until === null ? null : iso(row.until),
  at: iso(row.made_at),
})
