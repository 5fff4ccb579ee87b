import { agentsError } from '../agents.errors.ts'

/** Not more often than this; what happens more often is no work for an agent. */
const LEAST_GAP_MS = 300_000
/** So many times are looked at for the gap between them. */
const LOOKED_AT = 10

/** The next time after `after` that a schedule names, in milliseconds since 1970; null where there is none. */
export async function nextTime(cron: string, zone: string, after: number): Promise<number | null> {
  const { Cron } = await import('croner')
  return new Cron(cron, { timezone: zone, paused: true }).nextRun(new Date(after))?.getTime() ?? null
}

/** Refuses a schedule that cannot be read, never comes, or comes too often. */
export async function checkSchedule(cron: string, zone: string, now: number): Promise<void> {
  // Seconds and nicknames are read too, and are not offered.
  if (cron.split(/\s+/).length !== 5) throw agentsError('agents.schedule_unreadable')
  let times: Date[]
  try {
    const { Cron } = await import('croner')
    const schedule = new Cron(cron, { timezone: zone, paused: true })
    times = schedule.nextRuns(LOOKED_AT, new Date(now))
  } catch (cause) {
    throw agentsError('agents.schedule_unreadable', {}, { cause })
  }
  if (times.length === 0) throw agentsError('agents.schedule_never')
  const gaps = times.slice(1).map((time, i) => time.getTime() - (times[i]?.getTime() ?? 0))
  if (gaps.some((gap) => gap < LEAST_GAP_MS)) throw agentsError('agents.schedule_too_often', { minutes: 5 })
}
