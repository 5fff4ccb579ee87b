import { sql } from 'kysely'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, enterRoom, isId } from '../city.store.ts'
import type { Trail } from '../moderation/trail.ts'
import type { Quota } from '../quotas.contract.ts'

/** What counts where nothing was set for a person or a room. */
export interface QuotaLimits {
  readonly quotaBytes: number
  /** Without limit where nothing is said. */
  readonly roomQuotaBytes?: number
}

interface QuotaNeeds {
  readonly db: CityDb
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly limits: QuotaLimits
  readonly trail: Trail
}

type QuotaHandlers = Pick<
  Handlers<typeof cityContract>,
  'quota' | 'roomQuota' | 'limitRoom' | 'personQuota' | 'limitPerson'
>

/** Reads and sets how much files may take. */
export function createQuotas({ db, auth, limits, trail }: QuotaNeeds): QuotaHandlers {
  const person = async (id: string, principal: Principal | null): Promise<string> => {
    const { items } = isId(id) ? await auth.principals({ ids: [id] }, { principal }) : { items: [] }
    if (items.length === 0) throw cityError('city.resident_not_found')
    return id
  }
  return {
    async quota(_input, { principal }) {
      if (!principal) throw kernelError('auth.required')
      return await quotaOfPerson(db, principal.id, limits)
    },

    async roomQuota({ room: ref }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      const runs = may(principal, 'city.operate', { type: 'city' }).permit
      if (!runs && !may(principal, 'room.manage', asResource(room)).permit)
        throw cityError('city.not_manager')
      return await quotaOfRoom(db, room.id, limits)
    },

    async limitRoom({ room: ref, limitBytes }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const { id } = await enterRoom(db, ref, principal)
      await db.transaction().execute(async (tx) => {
        const before = await quotaOfRoom(tx, id, limits)
        if (limitBytes === null) await tx.deleteFrom('city.room_quota').where('room', '=', id).execute()
        else
          await tx
            .insertInto('city.room_quota')
            .values({ room: id, limit_bytes: limitBytes })
            .onConflict((conflict) => conflict.column('room').doUpdateSet({ limit_bytes: limitBytes }))
            .execute()
        const reason = changeOf(before, await quotaOfRoom(tx, id, limits))
        await trail(tx, { actor: principal.id, action: 'quota_changed', room: id, reason })
      })
      return await quotaOfRoom(db, id, limits)
    },

    async personQuota({ principal: id }, { principal }) {
      return await quotaOfPerson(db, await person(id, principal), limits)
    },

    async limitPerson({ principal: ref, limitBytes }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const id = await person(ref, principal)
      await db.transaction().execute(async (tx) => {
        const before = await quotaOfPerson(tx, id, limits)
        if (limitBytes === null)
          await tx.deleteFrom('city.person_quota').where('principal', '=', id).execute()
        else
          await tx
            .insertInto('city.person_quota')
            .values({ principal: id, limit_bytes: limitBytes })
            .onConflict((conflict) => conflict.column('principal').doUpdateSet({ limit_bytes: limitBytes }))
            .execute()
        const reason = changeOf(before, await quotaOfPerson(tx, id, limits))
        await trail(tx, { actor: principal.id, action: 'quota_changed', subject: id, reason })
      })
      return await quotaOfPerson(db, id, limits)
    },
  }
}

/** Rejects with `city.quota_exceeded` where somebody's files and so many bytes more are more than they may have. */
export async function checkPersonQuota(
  db: CityDb,
  owner: string,
  more: number,
  limits: QuotaLimits,
): Promise<void> {
  const { usedBytes, limitBytes } = await quotaOfPerson(db, owner, limits)
  if (usedBytes + more > limitBytes)
    throw cityError('city.quota_exceeded', {
      usedMb: megabytes(usedBytes + more),
      limitMb: megabytes(limitBytes),
    })
}

/** Rejects with `city.room_quota_exceeded` where these files would be more than a room may hold. Under the room's lock. */
export async function checkRoomQuota(
  tx: CityDb,
  room: string,
  files: readonly string[],
  limitBytes: number | undefined,
): Promise<void> {
  if (files.length === 0) return
  const set = await setForRoom(tx, room)
  const limit = set ?? limitBytes
  if (limit === undefined) return
  const { usedBytes } = await usedIn(tx, room, files)
  if (usedBytes > limit)
    throw cityError('city.room_quota_exceeded', { usedMb: megabytes(usedBytes), limitMb: megabytes(limit) })
}

async function quotaOfPerson(db: CityDb, principal: string, limits: QuotaLimits): Promise<Quota> {
  const row = await db
    .selectFrom('city.file')
    .select((of) => [of.fn.coalesce(of.fn.sum<number>('size_bytes'), sql<number>`0`).as('used')])
    .select((of) => of.fn.countAll().as('files'))
    .select((of) =>
      of
        .selectFrom('city.person_quota')
        .select('limit_bytes')
        .where('principal', '=', principal)
        .as('limit_bytes'),
    )
    .where('owner', '=', principal)
    .executeTakeFirstOrThrow()
  return {
    usedBytes: Number(row.used),
    limitBytes: row.limit_bytes === null ? limits.quotaBytes : Number(row.limit_bytes),
    files: Number(row.files),
    own: row.limit_bytes !== null,
  }
}

async function quotaOfRoom(db: CityDb, room: string, limits: QuotaLimits): Promise<Quota> {
  const set = await setForRoom(db, room)
  const limitBytes = set ?? limits.roomQuotaBytes ?? Number.MAX_SAFE_INTEGER
  return { ...(await usedIn(db, room)), limitBytes, own: set !== undefined }
}

async function setForRoom(db: CityDb, room: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('city.room_quota')
    .select('limit_bytes')
    .where('room', '=', room)
    .executeTakeFirst()
  return row && Number(row.limit_bytes)
}

/** Each file once, however often it was posted there; `more` as if it were there already. */
async function usedIn(db: CityDb, room: string, more: readonly string[] = []) {
  const row = await db
    .selectFrom('city.file')
    .select((of) => of.fn.coalesce(of.fn.sum<number>('size_bytes'), sql<number>`0`).as('used'))
    .select((of) => of.fn.countAll().as('files'))
    .where((where) =>
      where.or([
        where('id', 'in', where.selectFrom('city.part').select('file').where('room', '=', room)),
        ...(more.length > 0 ? [where('id', 'in', more)] : []),
      ]),
    )
    .executeTakeFirstOrThrow()
  return { usedBytes: Number(row.used), files: Number(row.files) }
}

/** A change as it is written down, in megabytes: no word that would need a language. */
const changeOf = (before: Quota, after: Quota): string =>
  `${before.limitBytes / 1_000_000} MB → ${after.limitBytes / 1_000_000} MB`

const megabytes = (bytes: number): number => Math.ceil(bytes / 1_000_000)
