// A process that holds a PGlite folder and commits rows until it is killed; its one argument is the folder. It says `acked N` for every commit.
import { sql } from 'kysely'
import { openPglite } from '../../src/platform/database/pglite.ts'

const database = await openPglite({ dataDir: process.argv[2] ?? '' })
await sql`create table if not exists kept (n int8 primary key, filling text)`.execute(database.kysely)
const { rows } = await sql<{ n: number }>`select coalesce(max(n), 0) as n from kept`.execute(database.kysely)
for (let n = (rows[0]?.n ?? 0) + 1; ; n++) {
  await database.kysely.transaction().execute(async (tx) => {
    await sql`insert into kept values (${n}, ${'x'.repeat(2000)})`.execute(tx)
    await sql`insert into kept values (${-n}, 'its other half')`.execute(tx)
  })
  process.stdout.write(`acked ${n}\n`)
}
