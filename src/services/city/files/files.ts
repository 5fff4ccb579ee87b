import { sql } from 'kysely'
import type { Principal } from '../../../kernel/principal.ts'
import { may } from '../../auth/auth.rights.ts'
import { cityError } from '../city.errors.ts'
import { asResource, bannedIn, type CityDb, type FileRow, isId } from '../city.store.ts'
import type { CityFile } from '../files.contract.ts'
import { picturesOf } from '../rooms/pictures.ts'

/** A file the principal may read: its uploader may, then whoever may read a room it was posted in. Otherwise the one answer of every file that is not there. */
export async function enterFile(db: CityDb, id: string, principal: Principal | null): Promise<FileRow> {
  const row = principal && (await readableFiles(db, [id], principal)).get(id)
  if (!row) throw cityError('city.file_not_found')
  return row
}

/** Those of the files that the principal may read, by id. */
export async function readableFiles(
  db: CityDb,
  ids: readonly string[],
  principal: Principal,
): Promise<Map<string, FileRow>> {
  const asked = [...new Set(ids)].filter(isId)
  if (asked.length === 0) return new Map()
  const rows = await db.selectFrom('city.file').selectAll().where('id', 'in', asked).execute()
  const foreign = rows.filter((row) => !owns(principal, row)).map((row) => row.id)
  const posted = foreign.length > 0 ? await postedWhere(db, foreign, principal) : new Set()
  const hidden = foreign.filter((id) => !posted.has(id))
  const pictures = hidden.length > 0 ? await picturesOf(db, hidden, principal) : new Set()
  const open = (row: FileRow) => owns(principal, row) || posted.has(row.id) || pictures.has(row.id)
  return new Map(rows.filter(open).map((row) => [row.id, row]))
}

const owns = (principal: Principal, { owner }: FileRow): boolean =>
  may(principal, 'owned.read', { type: 'owned', owner }).permit

async function postedWhere(db: CityDb, ids: readonly string[], principal: Principal): Promise<Set<string>> {
  const places = await db
    .selectFrom('city.part as part')
    .innerJoin('city.room as room', 'room.id', 'part.room')
    .leftJoin('city.member as member', (join) =>
      join.onRef('member.room', '=', 'room.id').on('member.principal', '=', principal.id),
    )
    .select(['part.file', 'room.visibility', 'member.membership', bannedIn(sql.ref('room.id'), principal.id)])
    .distinct()
    .where('part.file', 'in', ids)
    .execute()
  const open = places.filter((place) => may(principal, 'room.read', asResource(place)).permit)
  return new Set(open.map((place) => place.file))
}

export const toCityFile = (row: FileRow): CityFile => ({
  id: row.id,
  name: row.name,
  mime: row.mime,
  sizeBytes: Number(row.size_bytes),
  sha256: row.sha256,
  width: row.width ?? undefined,
  height: row.height ?? undefined,
  blurhash: row.blurhash ?? undefined,
  durationMs: row.duration_ms ?? undefined,
  pages: row.pages ?? undefined,
})
