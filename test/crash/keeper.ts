import { AppError } from '../../src/kernel/errors.ts'
import type { Actor } from './acts.ts'
import { type Book, passes, persist } from './book.ts'

/** One room, who keeps it, and who is held there. */
export interface Moderated {
  readonly room: string
  readonly keeper: Actor
  readonly held: Actor
}

const HOUR_MS = 3_600_000

/** Mutes or bans somebody, sets how slowly a room is spoken in, or takes that back; as soon as it is acknowledged it holds. */
export async function moderateOnce({ room, keeper, held }: Moderated, book: Book): Promise<void> {
  const { city } = keeper.resident
  const place = { room, principal: held.id }
  const what = Math.floor(keeper.random() * 3)
  if (what === 0) {
    const on = !book.held.muted
    await persist<unknown>(book, on ? 'muted' : 'unmuted', (tries) =>
      on
        ? city.mute({ ...place, reason: 'перевірка', until: new Date(Date.now() + HOUR_MS).toISOString() })
        : lifted(city.unmute(place), tries),
    )
    book.held.muted = on
  } else if (what === 1) {
    const on = !book.held.banned
    await persist<unknown>(book, on ? 'banned' : 'unbanned', (tries) =>
      on ? city.ban({ ...place, reason: 'перевірка' }) : lifted(city.unban(place), tries),
    )
    book.held.banned = on
    if (!on) held.witness.follow(room)
  } else {
    const slowSeconds = book.held.slowSeconds === 0 ? 3600 : 0
    await persist(book, 'slowed a room', () => city.moderateRoom({ room, slowSeconds, rules: [] }))
    book.held.slowSeconds = slowSeconds
  }
  const told = await persist(book, 'looked at what holds', () => standing(held, room))
  const { banned, muted, slowSeconds } = book.held
  const expected = banned ? 'banned' : `${muted ? 'muted' : 'free'}, ${slowSeconds} s`
  if (told !== expected) book.faults.push(`moderation: ${told} where ${expected} was acknowledged`)
}

/** What holds somebody in a room, as they are told themselves. */
export async function standing({ resident }: Actor, room: string): Promise<string> {
  try {
    const { muted, slowSeconds } = await resident.city.standing({ room })
    return `${muted ? 'muted' : 'free'}, ${slowSeconds} s`
  } catch (failure) {
    if (failure instanceof AppError && failure.code === 'city.room_banned') return 'banned'
    throw failure
  }
}

/** What was lifted by a call whose answer was lost is not there to be lifted again. */
async function lifted(call: Promise<unknown>, tries: number): Promise<void> {
  await call.catch((failure: unknown) => {
    if (tries === 1 || passes(failure) || !(failure instanceof AppError) || failure.kind !== 'not_found')
      throw failure
  })
}
