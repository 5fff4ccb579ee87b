import { sql } from 'kysely'
import { AppError } from '../../../kernel/errors.ts'
import type { Settled, StoreTogether } from '../../../platform/database/database.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, checkMaySpeak, checkReads, hydrate, type MessageRow } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import { checkRoomQuota } from '../files/quotas.ts'
import type { Message } from '../messages.contract.ts'
import { attachments } from './attachments.ts'
import { mentionsOf } from './naming.ts'
import { type Entry, openBook, type RoomBook } from './room-book.ts'
import { entered, type Fact, factsOf, holdRoom } from './room-facts.ts'
import type { Said, Saying, StoringNeeds } from './saying.ts'
import { checkPoll, checkThread } from './threads.ts'

export interface RoomPostsNeeds extends StoringNeeds {
  /** Told once of what was said together, when it is durable. */
  readonly said: (room: string, seq: number, entries: readonly Entry[]) => void
}

/** Judges and stores what comes to one room at the same moment, one after another under the room's lock: each sees what was said before it, and is refused alone. Never for several rooms: a transaction that holds one room and waits for another would stand in the way of one that does the opposite. */
export function createRoomPosts(
  needs: RoomPostsNeeds,
): (ref: string) => StoreTogether<CityTables, Saying, Said> {
  return (ref) => async (tx, sayings) => {
    const room = await holdRoom(tx, ref)
    if (!room) return { settled: sayings.map(() => ({ failure: cityError('city.room_not_found') })) }
    const facts = await factsOf(tx, room.id, sayings)
    const book = openBook(tx, needs, room)
    const answers: (() => Settled<Said>)[] = []
    for (const [i, fact] of facts.entries()) {
      const saying = sayings[i]
      if (saying) answers.push(await judge(tx, needs, book, saying, fact).catch(own))
    }
    await book.store()
    const settled = answers.map((answer) => answer())
    return {
      settled,
      committed() {
        if (book.entries.length > 0) needs.said(room.id, book.seq, book.entries)
        const isWaiting = answers.includes(held) || book.entries.some(({ isTold }) => isTold)
        if (isWaiting) needs.watch.queueChanged(room.id)
      },
    }
  }
}

/** What the city refuses is the saying's own; what the database refuses is everybody's. */
function own(failure: unknown): () => Settled<Said> {
  if (!(failure instanceof AppError)) throw failure
  return () => ({ failure })
}

const held = (): Settled<Said> => ({ failure: cityError('city.message_held') })

/** Answers with what is to be told once it is stored. */
async function judge(
  tx: CityDb,
  needs: StoringNeeds,
  book: RoomBook,
  saying: Saying,
  fact: Fact,
): Promise<() => Settled<Said>> {
  const { principal, body, called, forwarded, at } = saying
  const room = entered(book.room, fact)
  checkReads(room, principal)
  const before = book.find(principal.id, body.clientId)
  if (before) {
    if (before.saying.hash !== saying.hash) throw cityError('city.client_id_conflict')
    return () => ({ value: { message: before.message, fresh: false } })
  }
  if (fact.said !== null) {
    const message = await saidBefore(tx, fact.said, saying)
    return () => ({ value: { message, fresh: false } })
  }
  checkMaySpeak(room, principal, at)
  const asked = { principal, room, body, forwarded: forwarded !== undefined, at, storeBefore: book.store }
  const verdict = saying.released ? 'pass' : await needs.watch.mayPost(tx, asked)
  if (verdict === 'held') return held
  if (body.replyTo != null && fact.reply === null) throw cityError('city.reply_not_found')
  if (body.thread != null) await checkThread(tx, room.id, body.thread)
  if (body.poll) checkPoll(body.poll, at)
  if (forwarded) await holdSource(tx, forwarded)
  const files = await attachments(tx, principal, body.parts)
  if (files.length > 0) {
    await book.store()
    const ids = files.map(({ id }) => id)
    await checkRoomQuota(tx, room.id, ids, needs.roomQuotaBytes)
  }
  if (called.everybody !== null) await book.store()
  const mentions = await mentionsOf(tx, called, { room, principal, at, present: needs.present })
  const entry = book.enter({ saying, files, mentions, isTold: verdict === 'report' })
  return () => ({ value: { message: entry.message, fresh: true } })
}

async function saidBefore(tx: CityDb, id: string, { principal, hash }: Saying): Promise<Message> {
  const row = await tx.selectFrom('city.message').selectAll().where('id', '=', id).executeTakeFirst()
  // Of a deleted message nothing is left to compare with.
  if (row?.deleted_at === null && row.body_hash !== hash) throw cityError('city.client_id_conflict')
  const [message] = row ? await hydrate(tx, [row], principal.id) : []
  if (!message) throw cityError('city.message_not_found')
  return message
}

/** Holds the forwarded message as it stands until the transaction ends: it is deleted before, or its forwards are found after. */
async function holdSource(tx: CityDb, { id }: MessageRow): Promise<void> {
  const { rows } = await sql<{ gone: boolean }>`
    select deleted_at is not null as gone from city.message where id = ${id} for share`.execute(tx)
  if (rows[0]?.gone !== false) throw cityError('city.message_deleted')
}
