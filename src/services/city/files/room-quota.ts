import { sql } from 'kysely'
import { cityError } from '../city.errors.ts'
import type { CityDb } from '../city.store.ts'

/** Rejects with `city.room_quota_exceeded` where these files would be more than a room may hold. Under the room's lock. */
export async function checkRoomQuota(
  tx: CityDb,
  room: string,
  files: readonly string[],
  limitBytes: number | undefined,
): Promise<void> {
  if (limitBytes === undefined || files.length === 0) return
  const { used } = await tx
    .selectFrom('city.file')
    .select((of) => of.fn.coalesce(of.fn.sum<number>('size_bytes'), sql<number>`0`).as('used'))
    .where((where) =>
      where.or([
        where('id', 'in', files),
        where('id', 'in', where.selectFrom('city.part').select('file').where('room', '=', room)),
      ]),
    )
    .executeTakeFirstOrThrow()
  if (Number(used) > limitBytes)
    throw cityError('city.room_quota_exceeded', {
      usedMb: Math.ceil(Number(used) / MEGABYTE),
      limitMb: Math.ceil(limitBytes / MEGABYTE),
    })
}

const MEGABYTE = 1024 * 1024
