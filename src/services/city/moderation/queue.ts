import { type Selectable, sql } from 'kysely'
import type { Call } from '../../../kernel/contract.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { may } from '../../auth/auth.rights.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, isId, iso } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { Case, Outcome } from '../moderation.contract.ts'
import { type Names, placesOf } from './names.ts'

export type CaseRow = Selectable<CityTables['city.report']> & {
  readonly visibility: Selectable<CityTables['city.room']>['visibility'] | null
}

/** Cases the principal may settle: of rooms they keep; whoever runs the city, also what somebody reported or appeals against anywhere, and all of open rooms. Nobody sees a case about themselves. */
export const casesOf = (db: CityDb, principal: Principal) => {
  const operates = may(principal, 'city.operate', { type: 'city' }).permit
  return db
    .selectFrom('city.report as report')
    .leftJoin('city.room as room', 'room.id', 'report.room')
    .selectAll('report')
    .select('room.visibility')
    .where('report.subject', '<>', principal.id)
    .where((where) => {
      const keeps = where.and([
        where('room.visibility', '<>', 'direct'),
        where.exists(
          where
            .selectFrom('city.member as member')
            .select('member.room')
            .whereRef('member.room', '=', 'report.room')
            .where('member.principal', '=', principal.kind === 'agent' ? '' : principal.id)
            .where('member.membership', 'in', ['owner', 'moderator']),
        ),
      ])
      if (!operates) return keeps
      return where.or([
        keeps,
        where('report.room', 'is', null),
        where('room.visibility', '=', 'public'),
        where('report.kind', 'in', ['message', 'person', 'appeal']),
      ])
    })
}

/** Whether the principal keeps anything at all. */
export async function keepsSomething(db: CityDb, principal: Principal): Promise<boolean> {
  if (may(principal, 'city.operate', { type: 'city' }).permit) return true
  if (principal.kind === 'agent') return false
  const { rows } = await sql`
    select 1 from city.member m join city.room r on r.id = m.room
    where m.principal = ${principal.id} and m.membership in ('owner', 'moderator') and r.visibility <> 'direct'
    limit 1`.execute(db)
  return rows.length > 0
}

/** Who keeps a room; nobody where there is none. */
export async function keepersOf(db: CityDb, room: string | null): Promise<string[]> {
  if (room === null) return []
  const rows = await db
    .selectFrom('city.member')
    .select('principal')
    .where('room', '=', room)
    .where('membership', 'in', ['owner', 'moderator'])
    .limit(200)
    .execute()
  return rows.map(({ principal }) => principal)
}

/** A case the principal may settle; otherwise the one answer of every case that is not there. */
export async function enterCase(db: CityDb, id: string, principal: Principal): Promise<CaseRow> {
  const row = isId(id)
    ? await casesOf(db, principal).where('report.id', '=', id).executeTakeFirst()
    : undefined
  if (!row) throw cityError('city.report_not_found')
  return row
}

/** How a case can end. Where nobody is muted or banned, such as in a talk, those ways are not there. */
export function waysOf({ kind, state, room, visibility }: CaseRow): Outcome[] {
  if (state === 'settled') return []
  const sanctions: Outcome[] = room !== null && visibility !== 'direct' ? ['muted', 'banned'] : []
  switch (kind) {
    case 'message':
    case 'filter':
      return ['dismissed', 'removed', ...sanctions]
    case 'person':
      return ['dismissed', ...sanctions]
    case 'held':
      return ['released', 'refused']
    case 'appeal':
      return ['upheld', 'lifted']
  }
}

/** Cases as those see them who settle them. */
export async function showCases(
  db: CityDb,
  names: Names,
  rows: readonly CaseRow[],
  call: Pick<Call, 'principal' | 'requestId'>,
): Promise<Case[]> {
  const people = await names(
    rows.flatMap((row) => [row.subject, row.reporter, row.taken_by]),
    call,
  )
  const places = await placesOf(
    db,
    rows.map((row) => row.room),
  )
  const asked = rows.flatMap((row) => row.sanction ?? [])
  const sanctions =
    asked.length > 0
      ? await db.selectFrom('city.sanction').selectAll().where('id', 'in', asked).execute()
      : []
  return rows.map((row) => {
    const sanction = sanctions.find(({ id }) => id === row.sanction)
    return {
      id: row.id,
      kind: row.kind,
      state: row.state,
      room: places.get(row.room ?? '') ?? null,
      message: row.message,
      subject: people(row.subject),
      reporter: row.reporter === null ? null : people(row.reporter),
      reason: row.reason,
      words: row.words,
      kept: row.kept,
      createdAt: iso(row.created_at),
      takenBy: row.taken_by === null ? null : people(row.taken_by),
      outcome: row.state === 'settled' ? row.outcome : null,
      answer: row.answer,
      sanction: sanction
        ? {
            kind: sanction.kind,
            reason: sanction.reason,
            until: sanction.until === null ? null : iso(sanction.until),
            at: iso(sanction.made_at),
          }
        : null,
      may: waysOf(row),
    }
  })
}
