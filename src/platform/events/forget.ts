import { sql } from 'kysely'
import type { AnyTransaction } from './events.ts'

/** Empties the data of handled events that carry `id` anywhere, those named in `except` aside; answers whether none is left that is still to be handled. */
export async function forget(db: AnyTransaction, id: string, except: readonly string[]): Promise<boolean> {
  // A word of people's own never gets here: ids hold letters, digits and underscores alone.
  const like = `%${id.replaceAll(/[\\%_]/g, '\\$&')}%`
  await sql`
    update events.outbox set data = '{}'
    where relayed_at is not null and data::text like ${like} and not name = any(${[...except]}::text[])`.execute(
    db,
  )
  await sql`
    update events.delivery set envelope = jsonb_set(envelope, '{data}', '{}')
    where state in ('done', 'dead') and envelope::text like ${like}
      and not envelope->>'name' = any(${[...except]}::text[])`.execute(db)
  const { rows } = await sql<{ left: boolean }>`
    select exists (select 1 from events.outbox
        where relayed_at is null and data::text like ${like} and not name = any(${[...except]}::text[]))
      or exists (select 1 from events.delivery
        where state in ('pending', 'running') and envelope::text like ${like}
          and not envelope->>'name' = any(${[...except]}::text[])) as left`.execute(db)
  return rows[0]?.left === false
}
