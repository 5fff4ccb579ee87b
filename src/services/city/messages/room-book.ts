import { sql } from 'kysely'
import { isoTime } from '../../../kernel/clock.ts'
import type { NewEvent } from '../../../platform/events/events.ts'
import { partAdded } from '../city.events.ts'
import { type CityDb, current, type FileRow, iso, json, type MessageRow } from '../city.store.ts'
import { toCityFile } from '../files/files.ts'
import type { Message } from '../messages.contract.ts'
import { absent } from './capabilities.ts'
import type { MentionOf } from './naming.ts'
import { callAgents, whoAnswers } from './policy.ts'
import type { HeldRoom } from './room-facts.ts'
import type { Saying, StoringNeeds } from './saying.ts'
import { markThreads, storePoll } from './threads.ts'

/** What was let through, before it has a number. */
export interface Passed {
  readonly saying: Saying
  readonly files: readonly FileRow[]
  readonly mentions: readonly MentionOf[]
  /** Whether a moderator is to be told of it. */
  readonly isTold: boolean
}

/** What has its number. `message` is as it stands once the book is stored. */
export interface Entry extends Passed {
  readonly id: string
  readonly seq: number
  readonly isPlain: boolean
  message: Message
}

/** Numbers what is said in one room that is held, and stores it all together. */
export interface RoomBook {
  readonly room: HeldRoom
  readonly entries: readonly Entry[]
  /** The last number taken. */
  readonly seq: number
  /** What somebody said under a clientId since the book was opened. */
  find(author: string, clientId: string): Entry | undefined
  enter(passed: Passed): Entry
  /** Stores what was entered and is not stored yet. */
  store(): Promise<void>
}

export function openBook(tx: CityDb, needs: StoringNeeds, room: HeldRoom): RoomBook {
  const entries: Entry[] = []
  const found = new Map<string, Entry>()
  let seq = Number(room.seq)
  let stored = 0
  return {
    room,
    entries,
    get seq() {
      return seq
    },
    find: (author, clientId) => found.get(`${author}\n${clientId}`),
    enter(passed) {
      const { principal, body, forwarded } = passed.saying
      const id = needs.ids.make('msg')
      const entry: Entry = {
        ...passed,
        id,
        seq: ++seq,
        isPlain: body.parts.length === 0 && !body.poll && body.thread == null && !forwarded,
        message: plain(room.id, id, seq, passed.saying),
      }
      // The thread's own event comes right after.
      if (body.thread != null) seq++
      entries.push(entry)
      found.set(`${principal.id}\n${body.clientId}`, entry)
      return entry
    },
    async store() {
      const fresh = entries.slice(stored)
      if (fresh.length === 0) return
      stored = entries.length
      await insert(tx, room.id, seq, fresh)
      const waiting = await storeMore(tx, needs, room, fresh)
      for (const entry of fresh) if (!entry.isPlain) entry.message = await asItStands(tx, entry)
      waiting.push(...(await call(tx, needs, room, fresh)))
      if (waiting.length > 0) await needs.events.append(tx, ...waiting)
      for (const { id: message, saying, isTold } of fresh)
        if (isTold)
          await needs.watch.reported(tx, {
            room: room.id,
            message,
            author: saying.principal.id,
            text: saying.body.text,
          })
    },
  }
}

const asItStands = (tx: CityDb, { id, message, saying }: Entry): Promise<Message> =>
  current(tx, message.room, id, saying.principal.id)

/** The whole of a message on which nothing hangs. */
function plain(room: string, id: string, seq: number, { principal, body, at }: Saying): Message {
  return {
    id,
    room,
    seq,
    author: { id: principal.id, kind: principal.kind, name: principal.name },
    clientId: body.clientId,
    text: body.text,
    parts: [],
    replyTo: body.replyTo ?? null,
    createdAt: isoTime(at),
    runs: [],
  }
}

/** The messages, the room's log of them and its last number, in one statement. */
async function insert(tx: CityDb, room: string, last: number, entries: readonly Entry[]): Promise<void> {
  const messages = entries.map(({ id, seq, saying: { principal, body, hash, at, forwarded } }) => ({
    id,
    seq,
    author: principal.id,
    kind: principal.kind,
    name: principal.name,
    client: body.clientId,
    hash,
    text: body.text,
    reply: body.replyTo ?? null,
    at: isoTime(at),
    thread: body.thread ?? null,
    dressed: Boolean(body.poll),
    ...(forwarded && sourceOf(forwarded)),
  }))
  const events = messages.flatMap(({ id, seq, at, thread }) => {
    const said = { seq, type: 'message', message: id, at }
    return thread === null ? [said] : [said, { seq: seq + 1, type: 'thread', message: thread, at }]
  })
  await sql`
    with said as (
      insert into city.message (id, room, seq, author, author_kind, author_name, client_id, body_hash, text, reply_to,
        created_at, thread, dressed, forwarded_from, forwarded_room, forwarded_author, forwarded_at)
      select id, ${room}, seq, author, kind, name, client, hash, text, reply, at, thread, dressed,
        forwarded_from, forwarded_room, forwarded_author, forwarded_at
      from jsonb_to_recordset(${json(messages)}::jsonb) as m(id text, seq bigint, author text, kind text, name text,
        client text, hash text, text text, reply text, at timestamptz, thread text, dressed boolean,
        forwarded_from text, forwarded_room text, forwarded_author jsonb, forwarded_at timestamptz)
    ), logged as (
      insert into city.event (room, seq, type, message, at)
      select ${room}, seq, type, message, at
      from jsonb_to_recordset(${json(events)}::jsonb) as e(seq bigint, type text, message text, at timestamptz)
    )
    update city.room set seq = ${last} where id = ${room}`.execute(tx)
}

const sourceOf = (row: MessageRow) => ({
  forwarded_from: row.id,
  forwarded_room: row.room,
  forwarded_author: row.forwarded_author ?? { id: row.author, kind: row.author_kind, name: row.author_name },
  forwarded_at: iso(row.forwarded_at ?? row.created_at),
})

/** What hangs on the messages; answers with the events of the parts that wait to be read. */
async function storeMore(
  tx: CityDb,
  { capabilities }: StoringNeeds,
  room: HeldRoom,
  entries: readonly Entry[],
): Promise<NewEvent[]> {
  await markThreads(
    tx,
    entries.flatMap(({ saying }) => saying.body.thread ?? []),
  )
  for (const { id, saying } of entries) if (saying.body.poll) await storePoll(tx, id, saying.body.poll)
  const mentions = entries.flatMap(({ id, saying, mentions }) =>
    mentions.map((mention) => ({ ...mention, message: id, room: room.id, at: isoTime(saying.at) })),
  )
  if (mentions.length > 0) await tx.insertInto('city.mention').values(mentions).execute()
  const parts = entries.flatMap(({ id, saying }) =>
    saying.body.parts.map(({ type, file }, index) => ({
      message: id,
      index,
      room: room.id,
      type,
      file,
      ...(capabilities[type]
        ? { state: 'pending' as const }
        : { state: 'failed' as const, outcome: json({ error: absent(type) }) }),
    })),
  )
  if (parts.length === 0) return []
  await tx.insertInto('city.part').values(parts).execute()
  return entries.flatMap(({ id, message, saying: { principal, body, requestId }, files }) =>
    body.parts.flatMap(({ type }, index) => {
      const file = files[index]
      if (!capabilities[type] || !file) return []
      return [
        {
          type: partAdded,
          principal: principal.id,
          room: room.id,
          ...(requestId !== undefined && { requestId }),
          data: {
            ...{ room: room.id, message: id, index, attempt: 1 },
            ...{ type, file: toCityFile(file), author: message.author },
          },
        },
      ]
    }),
  )
}

/** Calls the agents that answer; answers with the events that call them. */
async function call(
  tx: CityDb,
  { ids }: StoringNeeds,
  room: HeldRoom,
  entries: readonly Entry[],
): Promise<NewEvent[]> {
  const events: NewEvent[] = []
  const { reply_policy: policy } = room
  for (const entry of entries) {
    const { message, saying } = entry
    const agents = whoAnswers(policy, message, saying.roster(policy.agents))
    if (agents.length === 0) continue
    const about = { ids, at: saying.at, room, message, requestId: saying.requestId }
    events.push(...(await callAgents(tx, agents, about)))
    entry.message = await asItStands(tx, entry)
  }
  return events
}
