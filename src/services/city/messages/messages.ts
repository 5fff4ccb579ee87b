import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import { cityError } from '../city.errors.ts'
import { partAdded } from '../city.events.ts'
import {
  type CityDb,
  checkMaySpeak,
  enterRoom,
  type FileRow,
  findMessage,
  hydrate,
  isId,
  iso,
  json,
  type MessageRow,
  numberEvents,
  type RoomRow,
} from '../city.store.ts'
import { readableFiles, toCityFile } from '../files/files.ts'
import { checkRoomQuota } from '../files/quotas.ts'
import { MAX_TEXT, type Message, type NewMessage, type PartType } from '../messages.contract.ts'
import type { Watch } from '../moderation/watch.ts'
import type { Roster } from './directory.ts'
import { type Naming, storeNaming } from './naming.ts'
import { callAgents, whoAnswers } from './policy.ts'
import { createRoomCommits } from './room-commits.ts'
import { enterThread, storePoll } from './threads.ts'

/** Which kinds of part some service of this city reads. */
export type Capabilities = Readonly<Record<PartType, boolean>>

export interface PostingNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly capabilities: Capabilities
  readonly directory: () => Promise<Roster>
  readonly naming: (text: string, principal: Principal) => Promise<Naming>
  /** Who is in a room now, by id; nobody where that is not known. */
  readonly present: (room: string) => readonly string[]
  readonly changed: (room: string, seq: number) => void
  /** What the files posted in one room may take together. */
  readonly roomQuotaBytes: number | undefined
  readonly watch: Watch
}

export type Said = { readonly message: Message; readonly fresh: boolean }
/** `forwarded` is the message whose words these are; it must stand when this is stored. `released`: a moderator has seen it and lets it through. */
export type Say = (
  principal: Principal,
  room: string,
  body: NewMessage,
  requestId?: string,
  forwarded?: MessageRow,
  released?: boolean,
) => Promise<Said>

const NOBODY: Naming = { people: [], everybody: null }

/** Stores what somebody says, with its event, its waiting parts and the calls it makes, in one commit shared with whoever posts at the same moment. The same clientId and body again is the same message. */
export function createPosting(needs: PostingNeeds): Say {
  const { clock, directory, naming, changed, watch } = needs
  const commits = createRoomCommits(needs.db)
  return async (principal, ref, body, requestId, forwarded, released = false) => {
    checkText(body.text)
    checkText(body.clientId)
    for (const words of body.poll ? [body.poll.question, ...body.poll.options] : []) checkText(words)
    if (body.text.trim() === '' && body.parts.length === 0 && !body.poll)
      throw cityError('city.message_empty')
    if (!released) await watch.checkPace(principal)
    const roster = await directory()
    const called = forwarded ? NOBODY : await naming(body.text, principal)
    const at = clock.now()
    const said = await commits(ref)(async (tx) => {
      const room = await enterRoom(tx, ref, principal, true)
      const before = await saidBefore(tx, room.id, principal.id, body)
      if (before) return { message: before, fresh: false, seq: 0, told: null }
      checkMaySpeak(room, principal, at)
      const asked = { principal, room, body, forwarded: forwarded !== undefined, at }
      const verdict = released ? 'pass' : await watch.mayPost(tx, asked)
      if (verdict === 'held') return { message: null, fresh: false, seq: 0, told: room.id }
      const saying = { principal, room, body, roster, called, at, requestId, forwarded }
      const stored = await store(tx, needs, saying)
      if (verdict === 'pass') return { ...stored, fresh: true, told: null }
      const { id: message, text } = stored.message
      await watch.reported(tx, { room: room.id, message, author: principal.id, text })
      return { ...stored, fresh: true, told: room.id }
    })
    if (said.told !== null) watch.queueChanged(said.told)
    if (!said.message) throw cityError('city.message_held')
    if (said.fresh) changed(said.message.room, said.seq)
    return { message: said.message, fresh: said.fresh }
  }
}

/** Refuses text that is too long, or that a database cannot hold: NUL, and halves of characters. */
export function checkText(text: string, limit = MAX_TEXT): void {
  if (text.length > limit) throw cityError('city.text_too_long', { length: text.length, limit })
  if (/\0|\p{Surrogate}/u.test(text)) throw cityError('city.text_invalid')
}

async function saidBefore(
  tx: CityDb,
  room: string,
  author: string,
  body: NewMessage,
): Promise<Message | undefined> {
  const row = await tx
    .selectFrom('city.message')
    .selectAll()
    .where('author', '=', author)
    .where('room', '=', room)
    .where('client_id', '=', body.clientId)
    .executeTakeFirst()
  if (!row) return undefined
  // Of a deleted message nothing is left to compare with.
  if (row.deleted_at === null && row.body_hash !== hashOf(body)) throw cityError('city.client_id_conflict')
  return (await hydrate(tx, [row], author))[0]
}

function hashOf({ text, parts, replyTo, thread, poll }: NewMessage): string {
  const more = thread || poll ? [thread ?? null, poll ?? null] : []
  const body = [text, parts.map(({ type, file }) => [type, file]), replyTo ?? null, ...more]
  return createHash('sha256').update(JSON.stringify(body)).digest('base64url')
}

interface Saying {
  readonly principal: Principal
  readonly room: RoomRow
  readonly body: NewMessage
  readonly roster: Roster
  readonly called: Naming
  readonly at: number
  readonly requestId: string | undefined
  readonly forwarded: MessageRow | undefined
}

/** Answers with the message and the room's last number. */
async function store(
  tx: CityDb,
  needs: PostingNeeds,
  saying: Saying,
): Promise<{ message: Message; seq: number }> {
  const { events, ids, capabilities } = needs
  const { principal, room, body, roster, called, at, requestId, forwarded } = saying
  if (body.replyTo != null) await checkReply(tx, room.id, body.replyTo)
  if (body.thread != null) await enterThread(tx, room.id, body.thread)
  if (forwarded) await holdSource(tx, forwarded)
  const files = await attachments(tx, principal, body)
  await checkRoomQuota(
    tx,
    room.id,
    body.parts.map(({ file }) => file),
    needs.roomQuotaBytes,
  )
  const id = ids.make('msg')
  const author = { id: principal.id, kind: principal.kind, name: principal.name }
  await tx
    .insertInto('city.message')
    .values({
      id,
      room: room.id,
      seq: Number(room.seq) + 1,
      author: author.id,
      author_kind: author.kind,
      author_name: author.name,
      client_id: body.clientId,
      body_hash: hashOf(body),
      text: body.text,
      reply_to: body.replyTo ?? null,
      run: null,
      citations: null,
      engine: null,
      created_at: isoTime(at),
      thread: body.thread ?? null,
      dressed: Boolean(body.poll),
      ...(forwarded && sourceOf(forwarded)),
    })
    .execute()
  if (body.poll) await storePoll(tx, id, body.poll, at)
  await storeNaming(tx, called, { message: id, room, principal, at, present: needs.present(room.id) })
  const parts = body.parts.map(({ type, file }, index) => ({
    message: id,
    index,
    room: room.id,
    type,
    file,
    ...(capabilities[type]
      ? { state: 'pending' as const }
      : { state: 'failed' as const, outcome: json({ error: absent(type) }) }),
  }))
  if (parts.length > 0) await tx.insertInto('city.part').values(parts).execute()
  const seq = await numberEvents(tx, room.id, at, [
    { type: 'message', message: id },
    ...(body.thread == null ? [] : [{ type: 'thread' as const, message: body.thread }]),
  ])
  const message = await current(tx, room.id, id, principal.id)
  const calls = await callAgents(
    tx,
    whoAnswers(room.reply_policy, message, roster(room.reply_policy.agents)),
    {
      ids,
      at,
      room,
      message,
      requestId,
    },
  )
  const waiting = parts.flatMap(({ type, index, state }) => {
    const file = files[index]
    if (state !== 'pending' || !file) return []
    return [
      {
        type: partAdded,
        principal: principal.id,
        room: room.id,
        ...(requestId !== undefined && { requestId }),
        data: { room: room.id, message: id, index, attempt: 1, type, file: toCityFile(file), author },
      },
    ]
  })
  if (waiting.length > 0) await events.append(tx, ...waiting)
  if (calls.length === 0) return { message, seq }
  await events.append(tx, ...calls)
  return { message: await current(tx, room.id, id, principal.id), seq }
}

/** Holds the forwarded message as it stands until the transaction ends: it is deleted before, or its forwards are found after. */
async function holdSource(tx: CityDb, { id }: MessageRow): Promise<void> {
  const { rows } = await sql<{ gone: boolean }>`
    select deleted_at is not null as gone from city.message where id = ${id} for share`.execute(tx)
  if (rows[0]?.gone !== false) throw cityError('city.message_deleted')
}

const sourceOf = (row: MessageRow) => ({
  forwarded_from: row.id,
  forwarded_room: row.room,
  forwarded_author: json(
    row.forwarded_author ?? { id: row.author, kind: row.author_kind, name: row.author_name },
  ),
  forwarded_at: iso(row.forwarded_at ?? row.created_at),
})

/** One message as it stands now. */
export async function current(
  db: CityDb,
  room: string,
  id: string,
  viewer: string | null = null,
): Promise<Message> {
  const [message] = await hydrate(db, [await findMessage(db, room, id)], viewer)
  if (!message) throw cityError('city.message_not_found')
  return message
}

/** What a part fails with where no service of this city could read it. */
export const absent = (type: PartType) => cityError('city.engine_absent', { type }).toJSON().error

async function checkReply(tx: CityDb, room: string, replyTo: string): Promise<void> {
  const there = isId(replyTo)
    ? await tx
        .selectFrom('city.message')
        .select('id')
        .where('id', '=', replyTo)
        .where('room', '=', room)
        .executeTakeFirst()
    : undefined
  if (!there) throw cityError('city.reply_not_found')
}

/** What a file must be, to be sent as which part. */
const KINDS = { audio: 'audio', image: 'image', file: 'document' } as const

async function attachments(tx: CityDb, principal: Principal, body: NewMessage): Promise<FileRow[]> {
  if (body.parts.length === 0) return []
  const found = await readableFiles(
    tx,
    body.parts.map((part) => part.file),
    principal,
  )
  return body.parts.map(({ type, file }, index) => {
    const row = found.get(file)
    if (!row) throw cityError('city.part_file', { index: index + 1 })
    if (row.kind !== KINDS[type])
      throw cityError('city.part_type', { index: index + 1, mime: row.mime, type })
    return row
  })
}
