import { sql } from 'kysely'
import type { AnyTransaction } from './events.ts'

/** Empties the data of handled events that carry `id` anywhere, those named in `except` aside; answers whether none is left that is still to be handled, or that a transport still keeps. */
export async function forget(
  db: AnyTransaction,
  id: string,
  except: readonly string[],
  erase?: (copies: readonly number[]) => Promise<readonly number[]>,
): Promise<boolean> {
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
  return (await eraseCopies(db, erase)) && rows[0]?.left === false
}

/** The copies a transport keeps of what is emptied here; answers whether none is left. */
async function eraseCopies(
  db: AnyTransaction,
  erase: ((copies: readonly number[]) => Promise<readonly number[]>) | undefined,
): Promise<boolean> {
  if (!erase) return true
  const { rows } = await sql<{ carried_as: number | string }>`
    select carried_as from events.outbox
    where carried_as is not null and data = '{}'::jsonb order by carried_as limit ${MOST_COPIES}`.execute(db)
  const copies = rows.map((row) => Number(row.carried_as))
  if (copies.length === 0) return true
  const erased = await erase(copies)
  await sql`
    update events.outbox set carried_as = null
    where data = '{}'::jsonb and carried_as = any(${[...erased]}::bigint[])`.execute(db)
  return erased.length === copies.length && copies.length < MOST_COPIES
}

const MOST_COPIES = 1000
