import type { Quiet } from '../notifications.contract.ts'

const MINUTE_MS = 60_000
const DAY = 1440
/** A change of the clocks can put the end of the quiet hours off, and again at most. */
const LOOKS = 3

export interface Peace {
  readonly quiet: Quiet | null
  /** Milliseconds since 1970. */
  readonly doNotDisturbUntil: number | null
}

/** The first moment from `now` on at which somebody may be disturbed, in milliseconds since 1970. */
export function freeAt({ quiet, doNotDisturbUntil }: Peace, now: number): number {
  let at = Math.max(now, doNotDisturbUntil ?? now)
  for (let look = 0; quiet && look < LOOKS && isQuiet(quiet, at); look++)
    at = nextTime(quiet.to, quiet.zone, at)
  return at
}

function isQuiet({ from, to, zone }: Quiet, at: number): boolean {
  const now = minuteOfDay(at, zone)
  const [begin, end] = [minutes(from), minutes(to)]
  return begin <= end ? now >= begin && now < end : now >= begin || now < end
}

/** The next moment after `at` when the clocks of a zone show a time of day such as `07:00`. */
export function nextTime(time: string, zone: string, at: number): number {
  const wanted = minutes(time)
  const whole = Math.floor(at / MINUTE_MS) * MINUTE_MS
  const ahead = (wanted - minuteOfDay(at, zone) + DAY) % DAY || DAY
  const there = whole + ahead * MINUTE_MS
  // Where the clocks were changed in between it is off by that much.
  const off = ((wanted - minuteOfDay(there, zone) + DAY + DAY / 2) % DAY) - DAY / 2
  return there + off * MINUTE_MS
}

const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

function minuteOfDay(at: number, zone: string): number {
  const clock = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return minutes(clock.format(at))
}
