import { createHash } from 'node:crypto'
import type { Message } from '../../src/services/city/messages.contract.ts'
import { type Resident, until } from '../kit/resident.ts'
import type { Actor } from './acts.ts'
import type { Book } from './book.ts'
import { type Moderated, standing } from './keeper.ts'
import { type Heard, messageOf, type Witness } from './witness.ts'

export interface Trial {
  /** Reads what stands in the city now. */
  readonly reader: Resident
  readonly book: Book
  readonly actors: readonly Actor[]
  readonly rooms: readonly string[]
  readonly moderated: Moderated
}

const REST_MS = 120_000
/** More of them say nothing new. */
const SHOWN = 20

/** Everything in which the city, a client and what was acknowledged differ once nothing is under way; nothing where all is well. */
export async function differences({ reader, book, actors, rooms, moderated }: Trial): Promise<string[]> {
  const found: string[] = [...book.faults]
  await scheduledGone(actors).catch((failure: unknown) => found.push(String(failure)))
  const told = await standing(moderated.held, moderated.room)
  const { muted, slowSeconds } = book.held
  if (told !== `${muted ? 'muted' : 'free'}, ${slowSeconds} s`) found.push(`moderation ended as ${told}`)
  const all: Message[] = []
  for (const room of [...rooms, moderated.room]) {
    const log = await logOf(reader, room)
    const messages = await messagesOf(reader, room, log)
    all.push(...messages.values())
    for (const { witness } of actors) found.push(...(await apartFrom(witness, room, log, messages)))
  }
  found.push(...unlike(book, all), ...later(book, all))
  found.push(...(await filesLost(book)), ...(await absent(reader, actors)))
  for (const { witness } of actors) found.push(...witness.faults)
  return found.length > SHOWN ? [...found.slice(0, SHOWN), `and ${found.length - SHOWN} more`] : found
}

/** The message that each number of a room is about, read over HTTP. */
async function logOf({ city }: Resident, room: string): Promise<string[]> {
  const log: string[] = []
  for (let more = true, after = 0; more; ) {
    const page = await city.events({ room, after, limit: 500 })
    for (const frame of page.items) {
      if (frame.seq !== log.length + 1) throw new Error(`number ${frame.seq} stands after ${log.length}`)
      log.push(messageOf(frame))
    }
    after = page.seq
    more = page.more
  }
  return log
}

/** All messages of a room; those in threads are listed nowhere but there. */
async function messagesOf(
  { city }: Resident,
  room: string,
  log: readonly string[],
): Promise<Map<string, Message>> {
  const found = new Map<string, Message>()
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: Awaited<ReturnType<Resident['city']['messages']>> = await city.messages({
      room,
      after,
      limit: 200,
    })
    for (const message of page.items) found.set(message.id, message)
    after = page.next
  }
  for (const message of new Set(log))
    if (!found.has(message)) found.set(message, await city.message({ room, message }))
  return found
}

/** Where a client's own record of a room is another than the city's. */
async function apartFrom(
  { name, rooms }: Witness,
  room: string,
  log: readonly string[],
  messages: ReadonlyMap<string, Message>,
): Promise<string[]> {
  const heard = rooms.get(room)
  if (!heard) return []
  const caughtUp = await until(
    async () => heard.log.length,
    (length) => length >= log.length,
    'a client to catch up',
    60_000,
  ).catch(() => 0)
  if (caughtUp < log.length) return [`${name} heard ${heard.log.length} of ${log.length} events`]
  const at = log.findIndex((id, i) => heard.log[i] !== id)
  if (at >= 0) return [`${name} heard of ${heard.log[at]} under ${at + 1}, not of ${log[at]}`]
  return shownOtherwise(name, heard, messages)
}

const shownOtherwise = (name: string, heard: Heard, messages: ReadonlyMap<string, Message>): string[] =>
  [...messages.values()].flatMap((message) => {
    const shown = heard.messages.get(message.id)
    const [theirs, ours] = [shown && outline(shown), outline(message)]
    return theirs === ours ? [] : [`${name} shows ${theirs} for ${ours}`]
  })

/** What everybody sees of a message. */
function outline(message: Message): string {
  const { id, seq, author, text, deleted, pinned, replies, thread } = message
  return JSON.stringify({
    id,
    seq,
    author: author.id,
    text,
    deleted: deleted !== undefined,
    pinned: pinned !== undefined,
    thread,
    replies: replies?.replies,
    reactions: (message.reactions ?? [])
      .map(({ emoji, count, names }) => [emoji, count, ...names].join(' '))
      .sort(),
    votes: message.poll?.options.map(({ votes }) => votes),
    parts: message.parts.map(({ state }) => state),
    runs: message.runs.map((run) => `${run.id} ${run.state}`),
  })
}

/** What was acknowledged and stands otherwise, not at all, or twice. */
function unlike(book: Book, all: readonly Message[]): string[] {
  const byId = new Map(all.map((message) => [message.id, message]))
  const clientIds = all
    .map(({ author, clientId }) => `${author.id} ${clientId}`)
    .filter((id) => !id.endsWith(' undefined'))
  const found = clientIds.length === new Set(clientIds).size ? [] : ['a clientId stands twice']
  for (const wanted of book.messages.values()) {
    const message = byId.get(wanted.id)
    if (!message) {
      found.push(`${wanted.id} was acknowledged and is not there`)
      continue
    }
    const deleted = message.deleted !== undefined
    if (deleted !== wanted.deleting) found.push(`${wanted.id} is ${deleted ? '' : 'not '}deleted`)
    if (deleted || wanted.deleting) continue
    if (message.text !== wanted.text) found.push(`${wanted.id} says ${message.text}, not ${wanted.text}`)
    if ((message.pinned !== undefined) !== wanted.pinned) found.push(`${wanted.id} is pinned otherwise`)
    const reactions = (message.reactions ?? []).map(({ emoji, count }) => `${emoji} ${count}`).sort()
    const expected = counted([...wanted.reactions].map((one) => one.split(' ')[0] ?? ''))
    if (reactions.join() !== expected.join()) found.push(`${wanted.id} has ${reactions}, not ${expected}`)
    const votes = message.poll?.options.map((option) => option.votes) ?? []
    const cast = votes.map((_, option) => [...wanted.votes.values()].filter((one) => one === option).length)
    if (votes.join() !== cast.join()) found.push(`${wanted.id} has votes ${votes}, not ${cast}`)
  }
  return found
}

const counted = (emoji: readonly string[]): string[] =>
  [...new Set(emoji)].sort().map((one) => `${one} ${emoji.filter((other) => other === one).length}`)

/** What was to be said later: acknowledged, it stands once; else once at most. */
const later = (book: Book, all: readonly Message[]): string[] =>
  [...book.later].flatMap(([text, acknowledged]) => {
    const times = all.filter((message) => message.text === text).length
    return times === 1 || (times === 0 && !acknowledged) ? [] : [`«${text}» was said ${times} times`]
  })

async function scheduledGone(actors: readonly Actor[]): Promise<void> {
  for (const { resident } of actors)
    await until(
      async () => (await resident.city.scheduled({})).items,
      (items) => items.length === 0,
      'what is said later to be said',
      REST_MS,
    )
}

async function filesLost({ files }: Book): Promise<string[]> {
  const found: string[] = []
  for (const [file, { sha256, owner }] of files) {
    const answer = await fetch(new URL(`/api/city/files/${file}`, owner.at.city), {
      headers: { authorization: owner.authorization },
      signal: AbortSignal.timeout(30_000),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      found.push(`the file ${file} is not what was sent (${answer.status})`)
  }
  return found
}

/** Presence comes back by itself. */
async function absent({ city }: Resident, actors: readonly Actor[]): Promise<string[]> {
  const principals = actors.map(({ id }) => id)
  const { people } = await until(
    () => city.presence({ principals, rooms: [] }),
    (now) => now.people.every(({ state }) => state === 'here'),
    'everybody to be present again',
    REST_MS,
  ).catch(() => city.presence({ principals, rooms: [] }))
  return people
    .filter(({ state }) => state !== 'here')
    .map(({ principal, state }) => `${principal} is ${state}`)
}
