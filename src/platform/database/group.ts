import { type Kysely, sql, type Transaction } from 'kysely'
import { databaseError } from './database.errors.ts'
import type { GroupCommit } from './database.ts'

const TOGETHER = 64
const WAITING = 10_000

interface Member<Tables> {
  /** Runs the work; resolves with what is to be told once the commit has come about. */
  run(tx: Transaction<Tables>): Promise<() => void>
  refuse(failure: unknown): void
}

/** Gathers works while a transaction is under way and runs them, up to 64, one after another in the next one. A failed work is undone alone; when the shared commit itself fails, every work of it rejects. Rejects with `database.busy` when 10 000 wait. */
export function groupCommit<Tables>(db: Kysely<Tables>): GroupCommit<Tables> {
  const waiting: Member<Tables>[] = []
  let committing = false

  async function commitAll(): Promise<void> {
    committing = true
    while (waiting.length > 0) await commitTogether(db, waiting.splice(0, TOGETHER))
    committing = false
  }

  return (work) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= WAITING) return reject(databaseError('database.busy', { seconds: 0 }))
      waiting.push({
        async run(tx) {
          const result = await work(tx)
          return () => resolve(result)
        },
        refuse: reject,
      })
      if (!committing) void commitAll()
    })
}

async function commitTogether<Tables>(db: Kysely<Tables>, members: readonly Member<Tables>[]): Promise<void> {
  const answers: (() => void)[] = []
  try {
    await db.transaction().execute(async (tx) => {
      for (const member of members) answers.push(await inSavepoint(tx, member))
    })
  } catch (failure) {
    for (const { refuse } of members) refuse(failure)
    return
  }
  for (const answer of answers) answer()
}

/** Only what undoing needs may reject: then nothing of the group can stand. */
async function inSavepoint<Tables>(tx: Transaction<Tables>, member: Member<Tables>): Promise<() => void> {
  await sql`savepoint work`.execute(tx)
  try {
    const answer = await member.run(tx)
    await sql`release savepoint work`.execute(tx)
    return answer
  } catch (failure) {
    await sql`rollback to savepoint work`.execute(tx)
    await sql`release savepoint work`.execute(tx)
    return () => member.refuse(failure)
  }
}
