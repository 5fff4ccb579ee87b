import { sql } from 'kysely'
import { isoTime } from '../../../kernel/clock.ts'
import type { NewEvent } from '../../../platform/events/events.ts'
import { messageErased } from '../city.events.ts'
import { type CityDb, json, type MessageRow, type NewEventRow } from '../city.store.ts'
import type { Citation } from '../messages.contract.ts'
import { forgetKept } from '../moderation/kept.ts'

export interface Erasure {
  readonly by: string
  readonly reason: string | null
  readonly at: number
}

/** What an erasure makes: numbered events of the room, and the durable one that the rest of the city hears of. */
export interface Erased {
  readonly rows: readonly NewEventRow[]
  readonly events: readonly NewEvent<typeof messageErased>[]
}

/** Makes tombstones of a message and of the answers it called: numbers, authors and moments stay; words, parts, what was heard and read, citations, history and all that hung on them go. The caller holds the room's lock. */
export async function eraseMessage(tx: CityDb, row: MessageRow, erasure: Erasure): Promise<Erased> {
  const calls = await tx
    .updateTable('city.call')
    .set({
      state: sql`case when state in ('queued', 'running') then 'cancelled' else state end`,
      error: null,
    })
    .where('message', '=', row.id)
    .returning('run')
    .execute()
  const runs = calls.map((call) => call.run)
  const answers =
    runs.length === 0
      ? []
      : await tx
          .selectFrom('city.message')
          .selectAll()
          .where('room', '=', row.room)
          .where('run', 'in', runs)
          .where('deleted_at', 'is', null)
          .execute()
  const rows: NewEventRow[] = []
  const events: NewEvent<typeof messageErased>[] = []
  for (const one of [row, ...answers]) {
    const made = await eraseOne(tx, one, erasure, [
      ...(one === row ? runs : []),
      ...(one.run === null ? [] : [one.run]),
    ])
    rows.push(...made.rows)
    events.push(...made.events)
  }
  return { rows, events }
}

async function eraseOne(
  tx: CityDb,
  row: MessageRow,
  { by, reason, at }: Erasure,
  runs: readonly string[],
): Promise<Erased> {
  const { id, room } = row
  const parts = await tx
    .selectFrom('city.part as part')
    .innerJoin('city.file as file', 'file.id', 'part.file')
    .select(['part.file', 'part.outcome', 'file.sha256', 'file.owner'])
    .where('part.message', '=', id)
    .execute()
  for (const table of ['part', 'edit', 'reaction', 'pin', 'poll', 'mention', 'saved', 'imported'] as const)
    await tx.deleteFrom(`city.${table}`).where('message', '=', id).execute()
  await forgetKept(tx, id)
  await tx.updateTable('city.event').set({ detail: null }).where('message', '=', id).execute()
  await tx
    .updateTable('city.message')
    .set({
      text: '',
      body_hash: '',
      reply_to: null,
      citations: null,
      engine: null,
      edited_at: null,
      forwarded_from: null,
      forwarded_room: null,
      forwarded_author: null,
      forwarded_at: null,
      deleted_at: isoTime(at),
      deleted_by: by,
      deleted_reason: reason,
    })
    .where('id', '=', id)
    .execute()
  const own = parts.filter(({ owner }) => owner === row.author)
  const { roomBlobs, blobs } = await dropFiles(tx, room, parts, own)
  const documents = parts.flatMap(({ outcome, sha256 }) =>
    outcome.document && roomBlobs.includes(sha256) ? [outcome.document.id] : [],
  )
  const quoting = await unquote(tx, room, id, documents)
  const data = { room, message: id, by, runs: [...runs], roomBlobs, blobs }
  return {
    rows: [
      { type: 'deleted', message: id },
      ...quoting.map((message) => ({ type: 'edited' as const, message })),
      ...(row.thread === null ? [] : [{ type: 'thread' as const, message: row.thread }]),
    ],
    events: [{ type: messageErased, principal: by, room, data }],
  }
}

/** Forgets the author's files that no message holds any more, and says which bytes are nobody's in the room, and in the city. */
async function dropFiles(
  tx: CityDb,
  room: string,
  parts: readonly { file: string; sha256: string }[],
  own: readonly { file: string }[],
) {
  const hashes = [...new Set(parts.map(({ sha256 }) => sha256))]
  if (hashes.length === 0) return { roomBlobs: [], blobs: [] }
  if (own.length > 0)
    await tx
      .deleteFrom('city.file as file')
      .where(
        'file.id',
        'in',
        own.map(({ file }) => file),
      )
      .where((where) =>
        where.not(
          where.exists(
            where.selectFrom('city.part').select('message').whereRef('city.part.file', '=', 'file.id'),
          ),
        ),
      )
      .where((where) =>
        where.not(
          where.exists(
            where.selectFrom('city.room').select('id').whereRef('city.room.picture', '=', 'file.id'),
          ),
        ),
      )
      .execute()
  const held = await tx
    .selectFrom('city.file as file')
    .leftJoin('city.part as part', (join) =>
      join.onRef('part.file', '=', 'file.id').on('part.room', '=', room),
    )
    .select(['file.sha256', 'part.message'])
    .where('file.sha256', 'in', hashes)
    .execute()
  const here = new Set(held.filter(({ message }) => message !== null).map(({ sha256 }) => sha256))
  const anywhere = new Set(held.map(({ sha256 }) => sha256))
  return {
    roomBlobs: hashes.filter((sha256) => !here.has(sha256)),
    blobs: hashes.filter((sha256) => !anywhere.has(sha256)),
  }
}

/** Takes the words of a message, and of documents that are gone, out of the citations of others in the room; says of which. */
async function unquote(
  tx: CityDb,
  room: string,
  message: string,
  documents: readonly string[],
): Promise<string[]> {
  const gone = (citation: Citation) =>
    citation.message === message || (citation.document !== undefined && documents.includes(citation.document))
  const wanted = [{ message }, ...documents.map((document) => ({ document }))]
  const rows = await tx
    .selectFrom('city.message')
    .select(['id', 'citations'])
    .where('room', '=', room)
    .where('citations', 'is not', null)
    .where((where) => where.or(wanted.map((one) => sql<boolean>`citations @> ${json([one])}::jsonb`)))
    .execute()
  for (const { id, citations } of rows)
    await tx
      .updateTable('city.message')
      .set({
        citations: json(
          (citations ?? []).map((one) =>
            gone(one) ? { ...one, quote: '', ...(one.document && { title: '' }) } : one,
          ),
        ),
      })
      .where('id', '=', id)
      .execute()
  return rows.map(({ id }) => id)
}
