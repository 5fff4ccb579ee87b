import { type Kysely, sql } from 'kysely'

/** The tables of a database in which a word stands anywhere, in whatever column. */
export async function grepTables(db: Kysely<never>, word: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
    order by 1`.execute(db)
  const found: string[] = []
  for (const { name } of rows) {
    const { rows: hits } = await sql<{ hit: boolean }>`
      select exists (select 1 from ${sql.raw(name)} t where t::text ilike ${`%${word}%`}) as hit`.execute(db)
    if (hits[0]?.hit) found.push(name)
  }
  return found
}
