import { cityError } from '../city.errors.ts'
import { type CityDb, isId, json } from '../city.store.ts'
import type { NewPoll } from '../messages.contract.ts'

/** Checks that a message may be said in a thread: its root stands in the same room, in no thread itself. */
export async function checkThread(tx: CityDb, room: string, root: string): Promise<void> {
  const row = isId(root)
    ? await tx
        .selectFrom('city.message')
        .select(['id', 'thread'])
        .where('id', '=', root)
        .where('room', '=', room)
        .executeTakeFirst()
    : undefined
  if (!row || row.thread !== null) throw cityError('city.thread_not_found')
}

/** From now on these threads are looked for. */
export async function markThreads(tx: CityDb, roots: readonly string[]): Promise<void> {
  if (roots.length === 0) return
  await tx
    .updateTable('city.message')
    .set({ dressed: true })
    .where('id', 'in', [...new Set(roots)])
    .where('dressed', '=', false)
    .execute()
}

/** Refuses a poll whose options are alike, or that is over before it begins. */
export function checkPoll({ options, closesAt }: NewPoll, at: number): void {
  if (new Set(options).size < options.length) throw cityError('city.options_alike')
  if (closesAt != null && Date.parse(closesAt) <= at) throw cityError('city.time_past')
}

/** Puts a poll under a message that was just stored. */
export async function storePoll(tx: CityDb, message: string, poll: NewPoll): Promise<void> {
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
