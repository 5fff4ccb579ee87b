import { sql } from 'kysely'
import { isoTime } from '../../../kernel/clock.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb } from '../city.store.ts'
import type { NewcomerLimits } from '../moderation.contract.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const LINK = /\b(?:[a-z][a-z0-9+.-]{1,20}:\/\/|www\.)\S|\b[a-z0-9-]{1,63}\.[a-z]{2,24}\//iu

/** Whether somebody came so lately that these limits are theirs. */
export async function isNewcomer(
  db: CityDb,
  principal: string,
  { days, messages }: NewcomerLimits,
  at: number,
): Promise<boolean> {
  if (days > 0) {
    const arrival = await db
      .selectFrom('city.arrival')
      .select('at')
      .where('principal', '=', principal)
      .executeTakeFirst()
    if (arrival && new Date(arrival.at).getTime() > at - days * DAY_MS) return true
  }
  if (messages === 0) return false
  const { rows } = await sql<{ said: number | string }>`
    select count(*) as said from (
      select 1 from city.message where author = ${principal} limit ${messages}) said`.execute(db)
  return Number(rows[0]?.said ?? 0) < messages
}

export interface NewcomersWords {
  readonly principal: string
  readonly text: string
  readonly files: number
  readonly at: number
}

/** Refuses what those who came lately may not post. */
export function checkNewcomersWords(
  { links, files }: NewcomerLimits,
  said: Pick<NewcomersWords, 'text' | 'files'>,
): void {
  if (!links && LINK.test(said.text)) throw cityError('city.newcomer_links')
  if (!files && said.files > 0) throw cityError('city.newcomer_files')
}

/** Refuses more than so many messages within a minute, over all rooms. Whoever posts in several rooms at the very same moment is refused rather than waited for: a room that is held must not wait for a person. */
export async function checkNewcomersPace(
  tx: CityDb,
  principal: string,
  { perMinute }: NewcomerLimits,
  at: number,
): Promise<void> {
  if (perMinute === 0) return
  const lock = await sql<{ free: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`city.newcomer ${principal}`}, 0)) as free`.execute(
    tx,
  )
  const refuse = (ms: number) => {
    const seconds = Math.max(1, Math.ceil(ms / 1000))
    return cityError('city.newcomer_pace', { limit: perMinute, seconds }, { retryAfterMs: seconds * 1000 })
  }
  if (lock.rows[0]?.free !== true) throw refuse(1000)
  const rows = await tx
    .selectFrom('city.message')
    .select('created_at')
    .where('author', '=', principal)
    .where('created_at', '>', sql<Date>`${isoTime(at - MINUTE_MS)}::timestamptz`)
    .orderBy('created_at', 'desc')
    .limit(perMinute)
    .execute()
  const oldest = rows.at(-1)
  if (rows.length >= perMinute && oldest) throw refuse(new Date(oldest.created_at).getTime() + MINUTE_MS - at)
}
