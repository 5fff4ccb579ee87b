import { sql } from 'kysely'
import type { CityDb } from '../city.store.ts'

/** Takes the words of a deleted message, and of what was held beside it, out of the cases; what was held alone is settled with that. */
export async function forgetKept(tx: CityDb, message: string): Promise<void> {
  await tx
    .updateTable('city.report')
    .set({
      kept: null,
      body: null,
      state: sql`case when kind = 'held' then 'settled' else state end`,
      outcome: sql`case when kind = 'held' and state <> 'settled' then 'gone' else outcome end`,
    })
    .where('message', '=', message)
    .execute()
}

/** Takes out of the cases what an erased person said: in reports and appeals of theirs, in what was held or kept of them, and what was answered to them. That there were cases stays. */
export async function forgetPersonInCases(db: CityDb, who: string): Promise<void> {
  await db
    .updateTable('city.report')
    .set({
      kept: null,
      body: null,
      answer: null,
      words: sql`case when kind = 'appeal' then '' else words end`,
      state: sql`case when kind = 'held' then 'settled' else state end`,
      outcome: sql`case when kind = 'held' and state <> 'settled' then 'gone' else outcome end`,
    })
    .where('subject', '=', who)
    .execute()
  await db.updateTable('city.report').set({ words: '' }).where('reporter', '=', who).execute()
}
