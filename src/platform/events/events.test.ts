import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { event } from '../../kernel/event.ts'

const sung = event('test.sung', 1, z.object({ n: z.number() }))

test('goes', async () => {
  await using db = await testDatabase()
  await using events = testEvents(db)
  await sql`create table sink(n int)`.execute(db.kysely)
  events.consume({
    name: 'test.sink',
    db: db.kysely,
    types: [sung],
    concurrency: 4,
    async handle(e, job) {
      await job.commit(async (tx) => {
        await sql`insert into sink values (${e.data.n})`.execute(tx)
      })
    },
  })
  await events.start()
  const t = performance.now()
  for (let i = 0; i < 100; i++)
    await db.kysely
      .transaction()
      .execute(async (tx) => events.append(tx, { type: sung, data: { n: i }, principal: 'p' }))
  console.log('appended', performance.now() - t)
  await events.settled()
  console.log('settled', performance.now() - t, await events.state())
  expect((await sql`select count(*) as n from sink`.execute(db.kysely)).rows).toEqual([{ n: 100 }])
})
