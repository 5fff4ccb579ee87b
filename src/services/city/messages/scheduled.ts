import type { Selectable } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { scheduledDue } from '../city.events.ts'
import { type CityDb, checkMaySpeak, enterRoom, isId, iso, json } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { Scheduled } from '../desk.contract.ts'
import type { Say } from './messages.ts'
import { checkText } from './text.ts'

interface ScheduledNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly clock: Clock
  readonly ids: Ids
  readonly say: Say
}

type Row = Selectable<CityTables['city.scheduled']>

const MAX_SCHEDULED = 100
const YEAR_MS = 366 * 86_400_000

/** Saying something later. An alarm is an event that waits for its time; what it says is said under a clientId of its own, so that it is said once, whatever is killed. */
export function createScheduled(
  needs: ScheduledNeeds,
): Pick<Handlers<typeof cityContract>, 'schedule' | 'scheduled' | 'reschedule' | 'unschedule'> {
  const { db, events, clock, ids } = needs
  consumeAlarms(needs)

  const timeOf = (at: string): number => {
    const time = Date.parse(at)
    if (time <= clock.now()) throw cityError('city.time_past')
    if (time > clock.now() + YEAR_MS) throw cityError('city.time_far')
    return time
  }
  const alarm = (tx: CityDb, principal: string, scheduled: string, revision: number, availableAt: number) =>
    events.append(tx, { type: scheduledDue, principal, data: { scheduled, revision }, availableAt })

  return {
    async schedule({ room: ref, at, ...body }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      checkText(body.text)
      if (body.text.trim() === '' && body.parts.length === 0) throw cityError('city.message_empty')
      const time = timeOf(at)
      return await db.transaction().execute(async (tx) => {
        const room = await enterRoom(tx, ref, principal)
        checkMaySpeak(room, principal, clock.now())
        const { waiting } = await tx
          .selectFrom('city.scheduled')
          .select((of) => of.fn.countAll<number | string>().as('waiting'))
          .where('principal', '=', principal.id)
          .executeTakeFirstOrThrow()
        if (Number(waiting) >= MAX_SCHEDULED)
          throw cityError('city.too_many_scheduled', { limit: MAX_SCHEDULED })
        const row = await tx
          .insertInto('city.scheduled')
          .values({
            id: ids.make('later'),
            room: room.id,
            principal: principal.id,
            body: json(body),
            send_at: isoTime(time),
            created_at: isoTime(clock.now()),
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await alarm(tx, principal.id, row.id, row.revision, time)
        return shown(row)
      })
    },

    async scheduled({ room }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      let query = db.selectFrom('city.scheduled').selectAll().where('principal', '=', principal.id)
      if (room !== undefined) query = query.where('room', '=', (await enterRoom(db, room, principal)).id)
      const rows = await query.orderBy('send_at').orderBy('id').limit(MAX_SCHEDULED).execute()
      return { items: rows.map(shown) }
    },

    async reschedule({ scheduled, text, at }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      if (text !== undefined) checkText(text)
      const time = at === undefined ? undefined : timeOf(at)
      return await db.transaction().execute(async (tx) => {
        const row = await mine(tx, scheduled, principal.id)
        if (row.state === 'sending') throw cityError('city.scheduled_sent')
        const body = { ...row.body, ...(text !== undefined && { text }) }
        if (body.text.trim() === '' && body.parts.length === 0) throw cityError('city.message_empty')
        const revision = row.revision + 1
        const sendAt = time ?? Math.max(new Date(row.send_at).getTime(), clock.now())
        const next = await tx
          .updateTable('city.scheduled')
          .set({ body: json(body), send_at: isoTime(sendAt), revision, state: 'waiting', error: null })
          .where('id', '=', row.id)
          .returningAll()
          .executeTakeFirstOrThrow()
        await alarm(tx, principal.id, row.id, revision, sendAt)
        return shown(next)
      })
    },

    async unschedule({ scheduled }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      await db.transaction().execute(async (tx) => {
        const row = await mine(tx, scheduled, principal.id)
        if (row.state === 'sending') throw cityError('city.scheduled_sent')
        await tx.deleteFrom('city.scheduled').where('id', '=', row.id).execute()
      })
      return { done: true as const }
    },
  }
}

function consumeAlarms({ db, events, auth, say }: ScheduledNeeds): void {
  events.consume<CityTables, typeof scheduledDue>({
    name: 'city.say_scheduled',
    db,
    types: [scheduledDue],
    async handle({ data }, job) {
      // From here on nobody takes it back; a try after a crash goes on from here.
      const row = await db
        .updateTable('city.scheduled')
        .set({ state: 'sending' })
        .where('id', '=', data.scheduled)
        .where('revision', '=', data.revision)
        .where('state', '<>', 'failed')
        .returningAll()
        .executeTakeFirst()
      if (!row) return
      const { items } = await auth.principals({ ids: [row.principal] }, { signal: job.signal })
      const principal = items.find(({ id }) => id === row.principal)
      if (!principal) throw cityError('city.resident_not_found')
      await say(principal, row.room, { ...row.body, clientId: `later:${row.id}` })
      await job.commit(async (tx) => {
        await tx.deleteFrom('city.scheduled').where('id', '=', row.id).execute()
      })
    },
    async failed({ data }, failure, tx) {
      await tx
        .updateTable('city.scheduled')
        .set({ state: 'failed', error: json(failure.toJSON().error) })
        .where('id', '=', data.scheduled)
        .where('revision', '=', data.revision)
        .execute()
    },
  })
}

async function mine(tx: CityDb, id: string, principal: string): Promise<Row> {
  const row = isId(id)
    ? await tx
        .selectFrom('city.scheduled')
        .selectAll()
        .where('id', '=', id)
        .where('principal', '=', principal)
        .forUpdate()
        .executeTakeFirst()
    : undefined
  if (!row) throw cityError('city.scheduled_not_found')
  return row
}

const shown = (row: Row): Scheduled => ({
  id: row.id,
  room: row.room,
  ...row.body,
  at: iso(row.send_at),
  state: row.state,
  error: row.error ?? undefined,
})
