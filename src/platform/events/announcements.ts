import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Database } from '../database/database.ts'

const LOOK_MS = 400
/** A row that was written before one that is known already may be seen after it. */
const LATE_MS = 5_000
const KEEP_MS = 600_000
/** A process that is cut off says so this often, and is believed for this long. */
const SAY_MS = 2_000
const BELIEVED_MS = 6_000
const TRIES = 5
const CUT_OFF = 'events.cut_off'

export interface AnnouncementNeeds {
  readonly db: Database['kysely']
  readonly clock: Clock
  readonly ids: Ids
  /** This process. */
  readonly me: string
  /** What another process announced and did not come by another way. */
  heard(channel: string, data: unknown): void
  /** Whether another process says that what it broadcasts reaches nobody; called when that changes. */
  othersCutOff(are: boolean): void
  report(failure: unknown): void
}

/** A second way for broadcasts that must not be lost: the database that the processes share. Each looks into it every 0.4 s with one small query. */
export interface Announcements {
  /** Writes it down, and answers with the id it goes by. Failures are tried again for some seconds, then reported. */
  say(channel: string, data: unknown): string
  /** Whether this is new here, whichever way it came. */
  isNew(id: string): boolean
  /** Tells the others that what this process broadcasts does not reach them, until it does. */
  cutOff(is: boolean): void
  start(): void
  /** Resolves when nothing is being written or read any more. */
  stop(): Promise<void>
}

export function openAnnouncements(needs: AnnouncementNeeds): Announcements {
  const { db, clock, ids, me, heard, othersCutOff, report } = needs
  const stopped = new AbortController()
  const seen = new Map<string, number>()
  const away = new Map<string, number>()
  const writing = new Set<Promise<void>>()
  let lookedAt = clock.now()
  let areAway = false
  let isCutOff = false
  let saying: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()

  async function write(id: string, channel: string, data: unknown): Promise<void> {
    for (let tried = 1; ; tried++)
      try {
        await sql`
          with old as (delete from events.announcement where at < clock_timestamp() - ${KEEP_MS}::int * interval '1 ms')
          insert into events.announcement (id, line, channel, data)
          values (${id}, ${me}, ${channel}, ${JSON.stringify(data)}::jsonb) on conflict do nothing`.execute(
          db,
        )
        return
      } catch (failure) {
        if (tried === TRIES || stopped.signal.aborted) return report(failure)
        await sleep(LOOK_MS * tried)
      }
  }

  function say(channel: string, data: unknown): string {
    const id = ids.make('announcement')
    const written = write(id, channel, data).finally(() => writing.delete(written))
    writing.add(written)
    return id
  }

  function isNew(id: string): boolean {
    if (seen.has(id)) return false
    seen.set(id, clock.now())
    return true
  }

  async function look(): Promise<void> {
    const now = clock.now()
    const { rows } = await sql<{ id: string; line: string; channel: string; data: unknown }>`
      select id, line, channel, data from events.announcement
      where at > clock_timestamp() - ${Math.min(now - lookedAt + LATE_MS, KEEP_MS)}::int * interval '1 ms' and line <> ${me}
      order by at, id`.execute(db)
    for (const { id, line, channel, data } of rows) {
      if (!isNew(id)) continue
      if (channel !== CUT_OFF) heard(channel, data)
      else if (data === true) away.set(line, now + BELIEVED_MS)
      else away.delete(line)
    }
    // What is forgotten here lies too far back to be read again.
    for (const [id, at] of seen) {
      if (at > now - 2 * KEEP_MS) break
      seen.delete(id)
    }
    lookedAt = now
  }

  function tellAway(): void {
    for (const [line, until] of away) if (until <= clock.now()) away.delete(line)
    if (away.size > 0 === areAway) return
    areAway = !areAway
    othersCutOff(areAway)
  }

  async function follow(): Promise<void> {
    while (!stopped.signal.aborted) {
      await look().catch(report)
      tellAway()
      await sleep(LOOK_MS, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  }

  return {
    say,
    isNew,
    cutOff(is) {
      if (is === isCutOff || stopped.signal.aborted) return
      isCutOff = is
      clearInterval(saying)
      say(CUT_OFF, is)
      if (is) saying = setInterval(() => say(CUT_OFF, true), SAY_MS).unref()
    },
    start() {
      looking = follow()
    },
    async stop() {
      stopped.abort()
      clearInterval(saying)
      await Promise.all([looking, ...writing])
    },
  }
}
