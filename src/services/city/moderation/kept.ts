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
