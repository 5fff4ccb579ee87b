import { cityError } from '../city.errors.ts'
import { type CityDb, isId, json } from '../city.store.ts'
import type { NewPoll } from '../messages.contract.ts'
import { markDressed } from './dress.ts'

/** Checks that a message may be said in a thread: its root stands in the same room, in no thread itself. From now on the thread is looked for. */
export async function enterThread(tx: CityDb, room: string, root: string): Promise<void> {
  const row = isId(root)
    ? await tx
        .selectFrom('city.message')
        .select(['id', 'thread', 'dressed'])
        .where('id', '=', root)
        .where('room', '=', room)
        .executeTakeFirst()
    : undefined
  if (!row || row.thread !== null) throw cityError('city.thread_not_found')
  await markDressed(tx, row)
}

/** Puts a poll under a message that was just stored. */
export async function storePoll(tx: CityDb, message: string, poll: NewPoll, at: number): Promise<void> {
  if (new Set(poll.options).size < poll.options.length) throw cityError('city.options_alike')
  if (poll.closesAt != null && Date.parse(poll.closesAt) <= at) throw cityError('city.time_past')
  await tx
    .insertInto('city.poll')
    .values({
      message,
      question: poll.question,
      options: json(poll.options),
      multiple: poll.multiple,
      anonymous: poll.anonymous,
      closes_at: poll.closesAt ?? null,
    })
    .execute()
}
