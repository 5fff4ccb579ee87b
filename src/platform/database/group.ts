import type { Kysely } from 'kysely'
import { AppError } from '../../kernel/errors.ts'
import { databaseError } from './database.errors.ts'
import type { GroupCommit, Settled, StoreTogether } from './database.ts'

const TOGETHER = 256
const WAITING = 10_000
/** So many in one transaction are a crowd: it is waited for a moment, so that the next is for more of them. */
const CROWD = 16
const GATHER_MS = 5

interface Member<Item, Result> {
  readonly item: Item
  resolve(result: Result): void
  reject(failure: unknown): void
}

/** Gathers items while a transaction is under way, and a moment longer where they are many, and stores them, up to 256, in the next one. What the work refuses of one is that one's own failure. When the database refuses a transaction of several, each is stored in one of its own; when it cannot be reached, all of them reject. Rejects with `database.busy` when 10 000 wait. */
export function groupCommit<Tables, Item, Result>(
  db: Kysely<Tables>,
  store: StoreTogether<Tables, Item, Result>,
): GroupCommit<Item, Result> {
  const waiting: Member<Item, Result>[] = []
  let committing = false

  async function commitAll(): Promise<void> {
    let last = 0
    while (waiting.length > 0) {
      if (last >= CROWD && waiting.length < TOGETHER)
        await new Promise((resolve) => setTimeout(resolve, GATHER_MS))
      const members = waiting.splice(0, TOGETHER)
      last = members.length
      await commitTogether(db, store, members)
    }
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
    try {
      stored.committed?.()
      for (const [i, member] of members.entries()) settle(member, stored.settled[i])
    } catch (failure) {
      // It stands; but whoever waits behind is not held up by a fault in telling of it.
      for (const { reject } of members) reject(failure)
    }
    return
  }
  if (members.length === 1 || isEverybodys(stored.failure))
    for (const { reject } of members) reject(stored.failure)
  else for (const member of members) await commitTogether(db, store, [member])
}

/** Where the database is not there, nobody knows what became of the transaction; where it is only hindered (SQLSTATE classes 53 to 58: no room, no time), each by itself would be hindered as well. What else it refuses may be one's own. */
const isEverybodys = (failure: unknown): boolean =>
  failure instanceof AppError ||
  (failure instanceof Error && 'code' in failure && /^5[3-8]/.test(String(failure.code)))

function settle<Item, Result>(member: Member<Item, Result>, settled: Settled<Result> | undefined): void {
  if (settled && 'value' in settled) member.resolve(settled.value)
  else member.reject(settled?.failure)
}
