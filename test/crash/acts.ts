import { createHash, randomUUID } from 'node:crypto'
import type { Message } from '../../src/services/city/messages.contract.ts'
import type { Resident } from '../kit/resident.ts'
import { type Book, persist, type Standing } from './book.ts'
import { uploadInPieces } from './pieces.ts'
import type { Witness } from './witness.ts'

/** Somebody who acts in the city, over HTTP and by a live socket, one act after another. */
export interface Actor {
  readonly id: string
  readonly resident: Resident
  readonly witness: Witness
  /** Rooms where it may do anything a member may. */
  readonly rooms: readonly string[]
  /** Whether it keeps those rooms, and may pin. */
  readonly keeps: boolean
  /** 0…1 */
  readonly random: () => number
}

const EMOJI = ['👍', '🎉', '👀'] as const
const RECENT = 40
const MAX_PINS = 20
/** A busy machine may take so long to ask for it. */
const SOON_MS = 3_000
const LATER_MS = 4_000

type Act = (actor: Actor, book: Book) => Promise<void>

/** Each with its share of all that is done. */
const ACTS: readonly (readonly [share: number, act: Act])[] = [
  [6, sayByHttp],
  [6, sayBySocket],
  [3, reply],
  [4, edit],
  [2, remove],
  [5, react],
  [1, openPoll],
  [2, vote],
  [1, pin],
  [2, sayLater],
  [1, upload],
]
const SHARES = ACTS.reduce((sum, [share]) => sum + share, 0)

/** Says one thing, which shows that the city serves. */
export const probe: Act = sayByHttp

/** Does one thing or another until it is acknowledged, and notes what must stand from now on. */
export async function actOnce(actor: Actor, book: Book): Promise<void> {
  let at = actor.random() * SHARES
  for (const [share, act] of ACTS) {
    at -= share
    if (at < 0) return await act(actor, book)
  }
}

const pick = <T>(from: readonly T[], { random }: Actor): T | undefined =>
  from[Math.floor(random() * from.length)]
const roomOf = (actor: Actor): string => pick(actor.rooms, actor) ?? ''
const words = (actor: Actor): string => `слово ${Math.floor(actor.random() * 1e9).toString(36)}`

/** One of the last messages that still stands, of all or of those that fit. */
function recent(actor: Actor, book: Book, fits: (one: Standing) => boolean = () => true) {
  const standing = [...book.messages.values()].filter(
    (one) => actor.rooms.includes(one.room) && !one.deleting,
  )
  return pick(standing.filter(fits).slice(-RECENT), actor)
}

function note(actor: Actor, book: Book, said: Pick<Message, 'id' | 'room'>, about: Partial<Standing>): void {
  const before = [...book.messages.values()].find(({ clientId }) => clientId === about.clientId)
  if (before && before.id !== said.id) book.faults.push(`${about.clientId} was acknowledged as two messages`)
  book.messages.set(said.id, {
    id: said.id,
    room: said.room,
    author: actor.id,
    clientId: '',
    thread: null,
    isPoll: false,
    text: '',
    deleting: false,
    reactions: new Set(),
    votes: new Map(),
    pinned: false,
    ...about,
  })
}

async function sayByHttp(actor: Actor, book: Book): Promise<void> {
  const about = { clientId: randomUUID(), text: words(actor) }
  const room = roomOf(actor)
  const said = await persist(book, 'said', () => actor.resident.city.post({ room, ...about }))
  note(actor, book, said, about)
}

async function sayBySocket(actor: Actor, book: Book): Promise<void> {
  const about = { clientId: randomUUID(), text: words(actor) }
  const room = roomOf(actor)
  const said = await persist(book, 'said by socket', () => actor.witness.send(room, about))
  note(actor, book, { id: said.id, room }, about)
}

async function reply(actor: Actor, book: Book): Promise<void> {
  const root = recent(actor, book, ({ thread }) => thread === null)
  if (!root) return await sayByHttp(actor, book)
  const about = { clientId: randomUUID(), text: words(actor), thread: root.id }
  const send = actor.random() < 0.5
  const said = await persist(book, 'replied in a thread', () =>
    send ? actor.witness.send(root.room, about) : actor.resident.city.post({ room: root.room, ...about }),
  )
  note(actor, book, { id: said.id, room: root.room }, about)
}

async function edit(actor: Actor, book: Book): Promise<void> {
  const mine = recent(actor, book, ({ author }) => author === actor.id)
  if (!mine) return await sayByHttp(actor, book)
  const text = words(actor)
  await persist(book, 'edited', () => actor.resident.city.edit({ message: mine.id, text }))
  mine.text = text
}

async function remove(actor: Actor, book: Book): Promise<void> {
  const mine = recent(actor, book, ({ author }) => author === actor.id)
  if (!mine) return await sayByHttp(actor, book)
  mine.deleting = true
  await persist(book, 'deleted', () => actor.resident.city.remove({ message: mine.id }))
}

async function react(actor: Actor, book: Book): Promise<void> {
  const one = recent(actor, book)
  const emoji = pick(EMOJI, actor)
  if (!one || emoji === undefined) return await sayBySocket(actor, book)
  const mine = `${emoji} ${actor.id}`
  const on = !one.reactions.has(mine)
  const { city } = actor.resident
  const done = await onStanding(one, () =>
    persist(book, on ? 'reacted' : 'took a reaction back', () =>
      on ? city.react({ message: one.id, emoji }) : city.unreact({ message: one.id, emoji }),
    ),
  )
  if (!done) return
  if (on) one.reactions.add(mine)
  else one.reactions.delete(mine)
}

async function openPoll(actor: Actor, book: Book): Promise<void> {
  const clientId = randomUUID()
  const room = roomOf(actor)
  const poll = { question: 'Коли?', options: ['у суботу', 'у неділю', 'ніколи'], multiple: false }
  const said = await persist(book, 'opened a poll', () =>
    actor.resident.city.post({ room, clientId, poll: { ...poll, anonymous: false } }),
  )
  note(actor, book, said, { clientId, isPoll: true })
}

async function vote(actor: Actor, book: Book): Promise<void> {
  const one = recent(actor, book, ({ isPoll }) => isPoll)
  if (!one) return await openPoll(actor, book)
  const option = Math.floor(actor.random() * 3)
  const done = await onStanding(one, () =>
    persist(book, 'voted', () => actor.resident.city.vote({ message: one.id, options: [option] })),
  )
  if (done) one.votes.set(actor.id, option)
}

async function pin(actor: Actor, book: Book): Promise<void> {
  if (!actor.keeps) return await react(actor, book)
  const pinned = [...book.messages.values()].filter((one) => one.pinned && !one.deleting)
  const down = pinned.length >= MAX_PINS ? pinned[0] : undefined
  const one = down ?? recent(actor, book)
  if (!one) return await sayByHttp(actor, book)
  const { city } = actor.resident
  const on = !one.pinned
  const done = await onStanding(one, () =>
    persist(book, on ? 'pinned' : 'unpinned', () =>
      on ? city.pin({ message: one.id }) : city.unpin({ message: one.id }),
    ),
  )
  if (done) one.pinned = on
}

/** Resolves with whether it was done: what was deleted meanwhile takes nothing more. */
async function onStanding(one: Standing, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (failure) {
    if (one.deleting) return false
    throw failure
  }
}

/** A call that got no answer may have been taken or not: it is looked for before it is made again, and in no case is it said twice. */
async function sayLater(actor: Actor, book: Book): Promise<void> {
  const room = roomOf(actor)
  const text = `згодом ${randomUUID()}`
  book.later.set(text, false)
  await persist(book, 'scheduled', async (tries) => {
    const { city } = actor.resident
    if (tries > 1 && (await isTaken(actor, room, text))) return
    const at = new Date(Date.now() + SOON_MS + actor.random() * LATER_MS).toISOString()
    await city.schedule({ room, text, at })
  })
  book.later.set(text, true)
}

async function isTaken({ resident: { city } }: Actor, room: string, text: string): Promise<boolean> {
  // In this order: what is sent in between stands in the room by then.
  const { items } = await city.scheduled({ room })
  if (items.some((one) => one.text === text)) return true
  const said = await city.messages({ room, limit: 200 })
  return said.items.some((one) => one.text === text)
}

async function upload(actor: Actor, book: Book): Promise<void> {
  const bytes = Buffer.from(`${randomUUID()}\n`.repeat(2000))
  const file = await uploadInPieces(actor.resident, bytes, book)
  book.files.set(file, { sha256: createHash('sha256').update(bytes).digest('hex'), owner: actor.resident })
}
