import { type Selectable, sql } from 'kysely'
import type { Clock } from '../../../kernel/clock.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { CityDb } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import { roomEvent } from './channels.ts'

export interface LogFollowerNeeds {
  readonly db: CityDb
  readonly events: Pick<Events, 'listen'>
  readonly clock: Clock
  /** Where the place in each room's log is kept; the follower's own. */
  readonly mark: 'city.search_mark' | 'city.notify_mark'
  /** Takes in the next events of a room, in order, in the transaction that stores the place. What it answers with runs once that is committed. */
  take(tx: CityDb, room: string, log: readonly LoggedEvent[]): Promise<(() => Promise<void>) | undefined>
  /** Runs once a round, beside the rooms. */
  meanwhile?(): Promise<void>
  readonly failed: (failure: unknown) => void
}

export type LoggedEvent = Pick<Selectable<CityTables['city.event']>, 'seq' | 'type' | 'message'>

export interface LogFollower {
  /** Follows the rooms until it is aborted; a failure is told, and the sweep comes back to it. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when every room is read to its end. */
  settled(): Promise<void>
}

/** Gathers what comes at the same moment. */
const GATHER_MS = 40
/** The same where a crowd talks: what is read together costs less, and nobody looks for it sooner. */
const CROWD_MS = 300
/** Events of a room between two looks that make a crowd. */
const CROWD = 25
/** A process that died, or a broadcast that was lost, costs no more. */
const SWEEP_MS = 3_000
const EVENTS_A_TURN = 500
const ROOMS_A_SWEEP = 200

/** Reads each room's log from where it was left. The place is stored together with what `take` does, so each event is taken in once, whatever is killed; several processes take different rooms. */
export function createLogFollower(needs: LogFollowerNeeds): LogFollower {
  const { db, events, clock, mark, take, meanwhile, failed } = needs
  const grown = new Set<string>()
  let isCrowd = false
  let wake: () => void = () => undefined
  const unlisten = events.listen(roomEvent, ({ room }) => {
    grown.add(room)
    wake()
  })

  /** Answers whether there is more. */
  const turn = async (room: string): Promise<boolean> => {
    const { more, after } = await db.transaction().execute(async (tx) => {
      const log = await nextEvents(tx, mark, room)
      const last = log.at(-1)
      if (!last) return { more: false, after: undefined }
      if (log.length >= CROWD) isCrowd = true
      const after = await take(tx, room, log)
      await tx
        .updateTable(mark)
        .set({ seq: Number(last.seq) })
        .where('room', '=', room)
        .execute()
      return { more: log.length === EVENTS_A_TURN, after }
    })
    await after?.()
    return more
  }

  const sweep = async (): Promise<void> => {
    const { rows } = await sql<{ id: string }>`
      select r.id from city.room r left join ${sql.table(mark)} s on s.room = r.id
      where r.seq > coalesce(s.seq, 0) order by r.id limit ${ROOMS_A_SWEEP}`.execute(db)
    for (const { id } of rows) grown.add(id)
  }

  const work = async (): Promise<void> => {
    isCrowd = false
    // What comes meanwhile is gathered for the next round.
    const rooms = [...grown]
    grown.clear()
    for (const room of rooms)
      try {
        if (await turn(room)) rooms.push(room)
      } catch (failure) {
        failed(failure)
      }
  }

  const round = async (signal: AbortSignal): Promise<void> => {
    const late = clock.sleep(SWEEP_MS, signal).then(() => true)
    late.catch(() => undefined)
    const woken = new Promise<boolean>((resolve) => {
      wake = () => resolve(false)
    })
    if (grown.size === 0 && (await Promise.race([late, woken]))) await sweep()
    else await clock.sleep(isCrowd ? CROWD_MS : GATHER_MS, signal)
    await meanwhile?.()
    await work()
  }

  return {
    async run(signal) {
      try {
        while (!signal.aborted)
          await round(signal).catch((failure: unknown) => {
            if (!signal.aborted) failed(failure)
          })
      } finally {
        unlisten()
      }
    },
    async settled() {
      await sweep()
      await work()
    },
  }
}

/** The events after the place in a room's log, which is held; none where another process is at it. */
async function nextEvents(
  tx: CityDb,
  mark: LogFollowerNeeds['mark'],
  room: string,
): Promise<readonly LoggedEvent[]> {
  const held = sql<LoggedEvent>`
    with place as materialized (
      select seq from ${sql.table(mark)} where room = ${room} for update skip locked)
    select e.seq, e.type, e.message from city.event e, place
    where e.room = ${room} and e.seq > place.seq order by e.seq limit ${EVENTS_A_TURN}`
  const { rows } = await held.execute(tx)
  if (rows.length > 0) return rows
  const { numInsertedOrUpdatedRows: made } = await tx
    .insertInto(mark)
    .values({ room, seq: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return made === 1n ? (await held.execute(tx)).rows : []
}
