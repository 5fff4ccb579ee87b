import { isoTime } from '../../../kernel/clock.ts'
import type { Call, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { RunFinished } from '../../agents/agents.events.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import {
  asResource,
  type CityDb,
  type EnteredRoom,
  findMessage,
  findRoom,
  numberEvents,
} from '../city.store.ts'
import { storeAnswer } from '../messages/answers.ts'
import { eraseMessage } from '../messages/erase.ts'
import type { Say } from '../messages/messages.ts'
import { type OutcomeNeeds, settlePart } from '../messages/outcomes.ts'
import { checkText } from '../messages/text.ts'
import type { Outcome } from '../moderation.contract.ts'
import { type CaseRow, enterCase, showCases, waysOf } from './queue.ts'
import type { SanctionNeeds, Sanctions } from './sanctions.ts'
import type { HeldBody } from './watch.ts'

export interface SettlingNeeds extends SanctionNeeds, Pick<OutcomeNeeds, 'directory' | 'changed' | 'watch'> {
  readonly sanctions: Sanctions
  readonly say: Say
}

type Wish = Parameters<Handlers<typeof cityContract>['settleReport']>[0]
type Chosen = Exclude<Outcome, 'gone'>

/** Settling a case: what is decided is done in the transaction that says so. */
export function createSettling(needs: SettlingNeeds): Pick<Handlers<typeof cityContract>, 'settleReport'> {
  const { db, events, clock, ids, names, trail, sanctions, changed, queueChanged } = needs

  return {
    async settleReport({ report, outcome, reason, until }, call) {
      const { principal } = call
      if (!principal) throw kernelError('auth.required')
      if (reason !== undefined) checkText(reason)
      const row = await enterCase(db, report, principal)
      if (row.state === 'settled') throw cityError('city.report_settled')
      if (!waysOf(row).includes(outcome)) throw cityError('city.outcome_unfit')
      if (reason === undefined && ['removed', 'muted', 'banned'].includes(outcome))
        throw cityError('city.reason_missing')
      const wish = { report, outcome, reason, until }
      const held = row.kind === 'held' ? (row.body as HeldBody | null) : null
      if (outcome === 'released' && held?.type === 'message') await sayReleased(row, held, wish, call)
      else await settle(row, wish, call)
      queueChanged(row.room)
      const [shown] = await showCases(db, names, [await enterCase(db, report, principal)], call)
      if (!shown) throw cityError('city.report_not_found')
      return shown
    },
  }

  async function settle(before: CaseRow, wish: Wish, { principal, requestId }: Call): Promise<void> {
    if (!principal) throw kernelError('auth.required')
    const { outcome, reason, until } = wish
    const punishes = outcome === 'muted' || outcome === 'banned'
    const person = punishes ? await sanctions.person(before.subject, { principal, requestId }) : null
    const roster = await needs.directory()
    const told = await db.transaction().execute(async (tx) => {
      // Whoever numbers a room's events holds the room first.
      const room = before.room === null ? undefined : await findRoom(tx, before.room, principal.id, true)
      const row = await hold(tx, before.id)
      if (row.outcome === 'released' && outcome === 'refused') throw cityError('city.report_settled')
      const about = { actor: principal.id, subject: row.subject, room: row.room, message: row.message }
      let seq = 0
      if (outcome === 'removed' && room) seq = await remove(tx, room, row.message, principal, reason)
      if (person && room) {
        const manages =
          may(principal, 'room.manage', asResource(room)).permit ||
          may(principal, 'city.operate', { type: 'city' }).permit
        const kind = outcome === 'muted' ? ('mute' as const) : ('ban' as const)
        const by = principal.id
        await sanctions.impose(tx, room, { kind, person, by, reason: reason ?? '', until }, manages)
      } else await trail(tx, { ...about, action: outcome, reason: reason ?? null })
      if (outcome === 'lifted' && row.sanction !== null) await liftOf(tx, row.sanction, principal.id)
      if (outcome === 'released' && room)
        seq = await release(tx, room, row.body as HeldBody | null, row, roster)
      await close(tx, row.id, wish, principal.id)
      return { room: room?.id, seq }
    })
    if (told.room !== undefined && told.seq > 0) changed(told.room, told.seq)
    if (told.room !== undefined && (punishes || before.kind === 'appeal'))
      sanctions.told(told.room, before.subject)
  }

  /** What is held is said first, under its own clientId and so once; whoever comes between finds it decided. */
  async function sayReleased(
    row: CaseRow,
    held: Extract<HeldBody, { type: 'message' }>,
    wish: Wish,
    call: Call,
  ): Promise<void> {
    const { principal, requestId } = call
    const author = (await needs.auth.principals({ ids: [row.subject] }, { principal, requestId })).items[0]
    if (!author || row.room === null) throw cityError('city.resident_not_found')
    const claimed = await db
      .updateTable('city.report')
      .set({ outcome: 'released', state: 'taken', taken_by: principal?.id ?? null })
      .where('id', '=', row.id)
      .where('state', '<>', 'settled')
      .returning('id')
      .executeTakeFirst()
    if (!claimed) throw cityError('city.report_settled')
    try {
      await needs.say(author, row.room, held.body, requestId, undefined, true)
    } catch (cause) {
      await db
        .updateTable('city.report')
        .set({ outcome: null })
        .where('id', '=', row.id)
        .where('state', '<>', 'settled')
        .execute()
      throw cause
    }
    await settle(row, wish, call)
  }

  async function hold(tx: CityDb, id: string) {
    const row = await tx
      .selectFrom('city.report')
      .selectAll()
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (!row || row.state === 'settled') throw cityError('city.report_settled')
    return row
  }

  async function close(
    tx: CityDb,
    id: string,
    { outcome, reason }: { outcome: Chosen; reason?: string | undefined },
    by: string,
  ) {
    await tx
      .updateTable('city.report')
      .set({
        state: 'settled',
        outcome,
        answer: reason ?? null,
        kept: null,
        body: null,
        settled_by: by,
        settled_at: isoTime(clock.now()),
      })
      .where('id', '=', id)
      .execute()
  }

  async function remove(
    tx: CityDb,
    room: EnteredRoom,
    message: string | null,
    { id: by }: Principal,
    reason: string | undefined,
  ): Promise<number> {
    if (message === null) throw cityError('city.outcome_unfit')
    const row = await findMessage(tx, room.id, message)
    if (row.deleted_at !== null) return 0
    const erased = await eraseMessage(tx, row, { by, reason: reason ?? null, at: clock.now() })
    await events.append(tx, ...erased.events)
    return await numberEvents(tx, room.id, clock.now(), erased.rows)
  }

  async function liftOf(tx: CityDb, sanction: string, by: string): Promise<void> {
    const row = await tx
      .selectFrom('city.sanction')
      .selectAll()
      .where('id', '=', sanction)
      .where('lifted_at', 'is', null)
      .executeTakeFirst()
    if (row) await sanctions.lift(tx, { room: row.room, principal: row.principal, kind: row.kind, by })
  }

  /** Lets an answer or what was heard come where it belongs; nothing where that is gone. */
  async function release(
    tx: CityDb,
    room: EnteredRoom,
    held: HeldBody | null,
    { message }: { message: string | null },
    roster: Awaited<ReturnType<SettlingNeeds['directory']>>,
  ): Promise<number> {
    if (held?.type === 'answer') {
      // It was kept as the event told it.
      const at = await storeAnswer(tx, { ...needs, ids }, held.run as RunFinished)
      return at?.seq ?? 0
    }
    if (held?.type !== 'part' || message === null) return 0
    const { index, attempt, outcome } = held
    const waits = await tx
      .updateTable('city.part')
      .set({ state: 'pending' })
      .where('message', '=', message)
      .where('index', '=', index)
      .where('attempt', '=', attempt)
      .where('state', '=', 'failed')
      .returning('index')
      .executeTakeFirst()
    if (!waits) return 0
    const data = { room: room.id, message, index, attempt }
    return (await settlePart(tx, needs, { data, outcome, roster, released: true })).seq
  }
}
