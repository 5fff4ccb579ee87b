import { createHash } from 'node:crypto'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events, NewEvent } from '../../../platform/events/events.ts'
import { may } from '../../auth/auth.rights.ts'
import { partAdded } from '../city.events.ts'
import {
  asResource,
  type CityDb,
  type FileRow,
  findRoom,
  json,
  type NewEventRow,
  numberEvents,
} from '../city.store.ts'
import { toCityFile } from '../files/files.ts'
import type { Intake } from '../files/intake.ts'
import { EMOJI } from '../messages/acts.ts'
import { absent, type Capabilities } from '../messages/capabilities.ts'
import { markDressed } from '../messages/dress.ts'
import { cleanName } from '../messages/names.ts'
import { type ImportSource, MAX_TEXT, type PartType } from '../messages.contract.ts'
import { addMember, insertRoom } from '../rooms/rooms.store.ts'
import { slugOf } from '../rooms/slugs.ts'
import { elsewhere } from './elsewhere.ts'
import type { ReadArchive } from './read-archive.ts'
import type { Left, Place, Told } from './sources/source.ts'

export interface TakingNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly intake: Intake
  readonly clock: Clock
  readonly ids: Ids
  readonly capabilities: Capabilities
  readonly changed: (room: string, seq: number) => void
}

export interface Taking {
  readonly import: string
  readonly source: ImportSource
  readonly by: Principal
  readonly archive: ReadArchive
  readonly left: Left
  readonly signal: AbortSignal
}

const MAX_NAME = 80
const MAX_TOPIC = 250
const MAX_FILES = 10
const MAX_EMOJI = 20

/** The room a place elsewhere became for this person, made where there is none: private, theirs alone, and no agent answers in it. */
export async function roomFor(needs: TakingNeeds, { source, by }: Taking, place: Place): Promise<string> {
  const { db, ids, clock } = needs
  return await db.transaction().execute(async (tx) => {
    const made = await tx
      .selectFrom('city.imported_room')
      .select('room')
      .where('principal', '=', by.id)
      .where('source', '=', source)
      .where('place', '=', place.id)
      .executeTakeFirst()
    if (made) return made.room
    const id = ids.make('room')
    const name = wellFormed(place.name).trim().slice(0, MAX_NAME) || source
    await insertRoom(tx, {
      id,
      // The tail of a fresh id: many places elsewhere are called alike.
      slug: `${slugOf(name).slice(0, 45)}-${id.slice(-8)}`,
      name,
      topic: wellFormed(place.topic).slice(0, MAX_TOPIC),
      visibility: 'private',
      joining: 'invited',
      reply_policy: json({ mode: 'mentioned', agents: [] }),
      created_by: by.id,
      created_at: isoTime(clock.now()),
    })
    await addMember(tx, id, by.id, 'owner', clock.now())
    await tx
      .insertInto('city.imported_room')
      .values({ principal: by.id, source, place: place.id, room: id })
      .execute()
    return id
  })
}

/** Stores messages of one place that are not in its room yet, in one transaction: numbered as what is said is, waiting parts handed out, nobody called or notified. The same ones again change nothing. */
export async function takeIn(
  needs: TakingNeeds,
  taking: Taking,
  room: string,
  told: readonly Told[],
): Promise<void> {
  const { db, changed, events, clock } = needs
  const { by, left } = taking
  const before = await knownOf(db, room, taking, told)
  const fresh = [...new Map(told.map((one) => [keyOf(taking, one.place, one.id), one])).entries()].filter(
    ([key]) => !before.has(key),
  )
  if (fresh.length === 0) return
  const files = new Map<string, FileRow[]>()
  for (const [key, one] of fresh) files.set(key, await filesOf(needs, taking, room, one))
  const seq = await db.transaction().execute(async (tx) => {
    const entered = await findRoom(tx, room, by.id, true)
    if (!entered || !may(by, 'room.manage', asResource(entered)).permit) {
      left('room_closed', entered?.name ?? room)
      return 0
    }
    const known = await knownOf(tx, room, taking, told)
    const at = clock.now()
    const rows: NewEventRow[] = []
    const waiting: NewEvent<typeof partAdded>[] = []
    for (const [key, one] of fresh) {
      if (known.has(key)) continue
      const number = Number(entered.seq) + rows.length + 1
      const stored = await store(tx, needs, {
        taking,
        room,
        one,
        key,
        number,
        at,
        known,
        files: files.get(key) ?? [],
      })
      known.set(key, stored.id)
      rows.push(...stored.rows)
      waiting.push(...stored.waiting)
    }
    if (rows.length === 0) return 0
    const last = await numberEvents(tx, room, at, rows)
    if (waiting.length > 0) await events.append(tx, ...waiting)
    // Whoever takes an archive in is not told of each of its messages as unread.
    await tx
      .insertInto('city.read_mark')
      .values({ room, principal: by.id, seq: last })
      .onConflict((conflict) => conflict.columns(['room', 'principal']).doUpdateSet({ seq: last }))
      .execute()
    return last
  })
  if (seq > 0) changed(room, seq)
}

/** What makes a message of elsewhere the same one for ever. */
const keyOf = ({ source }: Pick<Taking, 'source'>, place: string, id: string): string =>
  `import:${createHash('sha256')
    .update(JSON.stringify([source, place, id]))
    .digest('hex')
    .slice(0, 40)}`

/** Those of the messages, and of what they answer, that are in the room, by their keys. */
async function knownOf(
  db: CityDb,
  room: string,
  taking: Taking,
  told: readonly Told[],
): Promise<Map<string, string>> {
  const keys = told.flatMap(({ place, id, replyTo, thread }) =>
    [id, replyTo, thread].flatMap((one) => (one === undefined ? [] : [keyOf(taking, place, one)])),
  )
  const rows = await db
    .selectFrom('city.message')
    .select(['id', 'client_id'])
    .where('room', '=', room)
    .where('client_id', 'in', [...new Set(keys)])
    .execute()
  return new Map(rows.map(({ id, client_id }) => [client_id, id]))
}

/** Makes the message's files files of whoever imports. What is refused is said, and the message comes without it. */
async function filesOf({ intake }: TakingNeeds, taking: Taking, room: string, one: Told): Promise<FileRow[]> {
  const { archive, by, left, signal } = taking
  const rows: FileRow[] = []
  for (const [index, { name, path }] of one.files.entries()) {
    if (index >= MAX_FILES) {
      left('too_many_files', name)
      continue
    }
    signal.throwIfAborted()
    const upload = `${keyOf(taking, one.place, `${one.id} ${index}`)}:${room}`
    try {
      const arrival = { owner: by.id, name: cleanName(name), upload }
      const row = await intake.take(await archive.open(path), arrival, signal)
      if (row.kind === 'other') left('file_refused', `${name}: ${row.mime}`)
      else rows.push(row)
    } catch (cause) {
      signal.throwIfAborted()
      const failure = AppError.from(cause)
      if (failure.retryable || failure.kind === 'internal') throw cause
      left('file_refused', `${name}: ${failure.code}`)
    }
  }
  return rows
}

interface Storing {
  readonly taking: Taking
  readonly room: string
  readonly one: Told
  readonly key: string
  readonly number: number
  readonly at: number
  readonly known: ReadonlyMap<string, string>
  readonly files: readonly FileRow[]
}

async function store(tx: CityDb, needs: TakingNeeds, storing: Storing) {
  const { taking, room, one, key, number, at, known, files } = storing
  const { source, left, by } = taking
  const id = needs.ids.make('msg')
  const find = (other: string | undefined, kind: string): string | null => {
    const there = other === undefined ? undefined : known.get(keyOf(taking, one.place, other))
    if (other !== undefined && there === undefined) left(kind, one.text.slice(0, 120))
    return there ?? null
  }
  const replyTo = find(one.replyTo, 'reply_lost')
  const thread = find(one.thread, 'thread_lost')
  const person = (who: Told['author']) => ({
    id: elsewhere(source, one.place, who.id),
    name: wellFormed(who.name).trim().slice(0, MAX_NAME) || '?',
  })
  const author = { ...person(one.author), kind: 'person' as const }
  const reactions = one.reactions.slice(0, MAX_EMOJI).filter(({ emoji, by: people }) => {
    if (EMOJI.test(emoji) && people.length > 0) return true
    left('reaction', emoji)
    return false
  })
  const said = wellFormed(one.text)
  if (said.length > MAX_TEXT) left('text_cut', said.slice(0, 120))
  await tx
    .insertInto('city.message')
    .values({
      id,
      room,
      seq: number,
      author: author.id,
      author_kind: author.kind,
      author_name: author.name,
      client_id: key,
      body_hash: '',
      text: wellFormed(said.slice(0, MAX_TEXT)),
      reply_to: replyTo,
      run: null,
      citations: null,
      engine: null,
      // Nothing was said in the future, nor before there were computers to say it on.
      created_at: isoTime(Math.min(at, Math.max(0, one.at))),
      thread,
      dressed: reactions.length > 0,
    })
    .execute()
  await tx
    .insertInto('city.imported')
    .values({ message: id, source, import: taking.import, at: isoTime(at) })
    .execute()
  const marks = reactions.flatMap(({ emoji, by: people }) =>
    [...new Map(people.map((who) => [who.id, person(who)])).values()].map(({ id: principal, name }, i) => ({
      ...{ message: id, emoji, principal, name },
      // They keep their order.
      at: isoTime(at + i),
    })),
  )
  if (marks.length > 0)
    await tx
      .insertInto('city.reaction')
      .values(marks)
      .onConflict((c) => c.doNothing())
      .execute()
  if (thread !== null) await markDressed(tx, { id: thread, dressed: false })
  const parts = files.map((file, index) => {
    const type = typeOf(file)
    return {
      ...{ message: id, index, room, type, file: file.id },
      ...(needs.capabilities[type]
        ? { state: 'pending' as const }
        : { state: 'failed' as const, outcome: json({ error: absent(type) }) }),
    }
  })
  if (parts.length > 0) await tx.insertInto('city.part').values(parts).execute()
  const waiting = files.flatMap((file, index): NewEvent<typeof partAdded>[] => {
    const type = typeOf(file)
    if (!needs.capabilities[type]) return []
    const data = { room, message: id, index, attempt: 1, type, file: toCityFile(file), author }
    return [{ type: partAdded, principal: by.id, room, data }]
  })
  const rows: NewEventRow[] = [
    { type: 'message', message: id },
    ...(thread === null ? [] : [{ type: 'thread' as const, message: thread }]),
  ]
  return { id, rows, waiting }
}

const typeOf = ({ kind }: FileRow): PartType => (kind === 'audio' || kind === 'image' ? kind : 'file')

/** Text that a database can hold: without NUL and halves of characters. */
const wellFormed = (text: string): string => text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '\uFFFD')
