import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { testDatabase } from '../../../test/kit/database.ts'

test('types', async () => {
  await using db = await testDatabase()
  const { rows } =
    await sql`select ${1}::int8 as n, ${'9007199254740993'}::int8 as big, ${{ a: [1] }}::jsonb as j, ${['x', 'y"']}::text[] as a, now() as at, array[1,null]::int8[] as ns`.execute(
      db.kysely,
    )
  console.log(rows)
  expect(rows).toHaveLength(1)
})
