import type { Kysely } from 'kysely'
import { AppError } from '../../kernel/errors.ts'
import { databaseError } from './database.errors.ts'
import type { GroupCommit, Settled, StoreTogether } from './database.ts'

const TOGETHER = 256
const WAITING = 10_000

interface Member<Item, Result> {
  readonly item: Item
  resolve(result: Result): void
  reject(failure: unknown): void
}

/** Gathers items while a transaction is under way and stores them, up to 256, in the next one. What the work refuses of one is that one's own failure. When the database refuses a transaction of several, each is stored in one of its own; when it cannot be reached, all of them reject. Rejects with `database.busy` when 10 000 wait. */
export function groupCommit<Tables, Item, Result>(
  db: Kysely<Tables>,
  store: StoreTogether<Tables, Item, Result>,
): GroupCommit<Item, Result> {
  const waiting: Member<Item, Result>[] = []
  let committing = false

  async function commitAll(): Promise<void> {
    while (waiting.length > 0) await commitTogether(db, store, waiting.splice(0, TOGETHER))
    committing = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= WAITING) return reject(databaseError('database.busy', { seconds: 0 }))
      waiting.push({ item, resolve, reject })
      if (committing) return
      committing = true
      // What comes in the same turn of the event loop goes together.
      setImmediate(() => void commitAll())
    })
}

async function commitTogether<Tables, Item, Result>(
  db: Kysely<Tables>,
  store: StoreTogether<Tables, Item, Result>,
  members: readonly Member<Item, Result>[],
): Promise<void> {
  const items = members.map(({ item }) => item)
  const stored = await db
    .transaction()
    .execute((tx) => store(tx, items))
    .catch((failure: unknown) => ({ failure }))
  if ('settled' in stored) {
    stored.committed?.()
    for (const [i, member] of members.entries()) settle(member, stored.settled[i])
    return
  }
  // Where the database answered, it undid the transaction; where it did not, nobody knows.
  if (members.length === 1 || stored.failure instanceof AppError)
    for (const { reject } of members) reject(stored.failure)
  else for (const member of members) await commitTogether(db, store, [member])
}

function settle<Item, Result>(member: Member<Item, Result>, settled: Settled<Result> | undefined): void {
  if (settled && 'value' in settled) member.resolve(settled.value)
  else member.reject(settled?.failure)
}
