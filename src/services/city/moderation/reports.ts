import { isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, enterRoom, isId } from '../city.store.ts'
import { enterMessage } from '../messages/acting.ts'
import { checkText } from '../messages/text.ts'
import { casesOf, enterCase, keepsSomething, showCases } from './queue.ts'
import type { SanctionNeeds } from './sanctions.ts'

type ReportHandlers = Pick<
  Handlers<typeof cityContract>,
  'report' | 'reports' | 'waitingReports' | 'takeReport'
>

const MAX_OPEN = 30
const MAX_KEPT = 20_000

/** Reporting, and the queue of what was reported. */
export function createReports(needs: Omit<SanctionNeeds, 'trail' | 'events'>): ReportHandlers {
  const { db, auth, clock, ids, names, queueChanged } = needs
  return {
    async report({ message, person, room: ref, reason, words }, { principal, requestId }) {
      if (!principal) throw kernelError('auth.required')
      checkText(words)
      if ((message === undefined) === (person === undefined)) throw cityError('city.report_subject')
      const about =
        message === undefined
          ? await personAbout(needs, { person: person ?? '', ref }, principal, requestId)
          : await messageAbout(db, message, principal)
      if (about.subject === principal.id) throw cityError('city.report_subject')
      const row = {
        id: ids.make('rep'),
        ...about,
        reporter: principal.id,
        reason,
        words,
        created_at: isoTime(clock.now()),
      }
      const mine = () =>
        db
          .selectFrom('city.report')
          .select(['id', 'state'])
          .where('reporter', '=', principal.id)
          .where('state', '<>', 'settled')
      let again = mine().where('kind', '=', about.kind).where('subject', '=', about.subject)
      again = about.message === null ? again : again.where('message', '=', about.message)
      again = again.where('room', about.room === null ? 'is' : '=', about.room)
      const before = await again.executeTakeFirst()
      if (before) return before
      if ((await mine().limit(MAX_OPEN).execute()).length >= MAX_OPEN)
        throw cityError('city.too_many_reports', { limit: MAX_OPEN })
      await db
        .insertInto('city.report')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      // It may be the one that was made at the same moment.
      const made = await again.executeTakeFirst()
      queueChanged(about.room)
      return made ?? { id: row.id, state: 'open' as const }
    },

    async reports({ state, room: ref, limit, after }, call) {
      const { principal } = call
      if (!principal) throw kernelError('auth.required')
      let query = casesOf(db, principal).where('report.state', state === 'settled' ? '=' : '<>', 'settled')
      if (ref !== undefined) query = query.where('report.room', '=', (await enterRoom(db, ref, principal)).id)
      const down = state === 'settled'
      if (after !== undefined && isId(after)) query = query.where('report.id', down ? '<' : '>', after)
      const rows = await query
        .orderBy('report.id', down ? 'desc' : 'asc')
        .limit(limit + 1)
        .execute()
      const items = await showCases(db, names, rows.slice(0, limit), call)
      const next = rows.length > limit ? items.at(-1)?.id : undefined
      return { items, ...(next !== undefined && { next }) }
    },

    async waitingReports(_input, { principal }) {
      if (!principal) throw kernelError('auth.required')
      if (!(await keepsSomething(db, principal))) return { waiting: null }
      const { waiting } = await db
        .selectFrom(casesOf(db, principal).where('report.state', '<>', 'settled').limit(1000).as('waiting'))
        .select((of) => of.fn.countAll<number | string>().as('waiting'))
        .executeTakeFirstOrThrow()
      return { waiting: Number(waiting) }
    },

    async takeReport({ report, take }, call) {
      const { principal } = call
      if (!principal) throw kernelError('auth.required')
      const row = await enterCase(db, report, principal)
      const taken = await db
        .updateTable('city.report')
        .set(take ? { state: 'taken', taken_by: principal.id } : { state: 'open', taken_by: null })
        .where('id', '=', row.id)
        .where('state', '<>', 'settled')
        .returning('id')
        .executeTakeFirst()
      if (!taken) throw cityError('city.report_settled')
      queueChanged(row.room)
      const [shown] = await showCases(db, names, [await enterCase(db, report, principal)], call)
      if (!shown) throw cityError('city.report_not_found')
      return shown
    },
  }

  async function personAbout(
    _: unknown,
    { person, ref }: { person: string; ref: string | undefined },
    principal: Principal,
    requestId: string,
  ) {
    const room = ref === undefined ? null : (await enterRoom(db, ref, principal)).id
    const known =
      isId(person) && (await auth.principals({ ids: [person] }, { principal, requestId })).items[0]
    if (!known) throw cityError('city.resident_not_found')
    return { kind: 'person' as const, subject: person, room, message: null, kept: null }
  }
}

async function messageAbout(db: CityDb, id: string, principal: Principal) {
  const { room, row } = await enterMessage(db, id, principal)
  if (row.deleted_at !== null) throw cityError('city.message_deleted')
  const parts = await db.selectFrom('city.part').select('outcome').where('message', '=', row.id).execute()
  const heard = parts.map(({ outcome }) => outcome.transcript?.text ?? outcome.ocr?.text ?? '')
  const kept = [row.text, ...heard]
    .filter((text) => text.trim() !== '')
    .join('\n\n')
    .slice(0, MAX_KEPT)
  return { kind: 'message' as const, subject: row.author, room: room.id, message: row.id, kept }
}
