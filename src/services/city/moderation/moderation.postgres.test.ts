import { describe, expect, it } from 'vitest'
import { openTestCity, people } from '../../../../test/kit/city-service.ts'
import { scratchPostgres } from '../../../../test/kit/postgres.ts'
import { migrateUp } from '../../../platform/database/migrate.ts'
import { openPostgres } from '../../../platform/database/postgres.ts'

const server = process.env.TEST_DATABASE_URL ?? ''

describe.skipIf(server === '')('moderation in two processes over one PostgreSQL', () => {
  it('lets nobody pass beside anybody', async () => {
    await using scratch = await scratchPostgres(server)
    // So many at once wait for each other longer than the city would have people wait.
    const open = async () => await openPostgres({ url: scratch.url, waitMs: 30_000 })
    const first = await open()
    await migrateUp(first)
    await using one = await openTestCity({ database: first })
    await using two = await openTestCity({ database: await open() })
    const at = (i: number) => (i % 2 === 0 ? one : two)
    const times = (count: number, act: (i: number) => Promise<unknown>) =>
      Promise.allSettled(Array.from({ length: count }, (_, i) => act(i)))
    const codes = (settled: PromiseSettledResult<unknown>[]) =>
      settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))
    const room = (await one.as('olena').openRoom({ name: 'Черга', visibility: 'public' })).id
    const post = (i: number, text = `${i}`) =>
      at(i)
        .as('taras')
        .post({ room, clientId: `c${i}`, text })

    // Slow mode: of twenty at once exactly one passes.
    await one.as('olena').moderateRoom({ room, slowSeconds: 300, rules: [] })
    const slow = await times(20, post)
    expect(slow.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(new Set(codes(slow))).toEqual(new Set(['city.slow_mode']))

    // The rules of one process hold in the other with the very next message.
    const rules = [{ kind: 'words', value: 'казино', action: 'hold' }] as const
    await one.as('olena').moderateRoom({ room, slowSeconds: 0, rules: [...rules] })
    const held = await times(6, (i) => at(i).as('taras').post({ room, clientId: 'held', text: 'казино' }))
    expect(codes(held)).toEqual(Array(6).fill('city.message_held'))
    const [waiting, ...more] = (await two.as('olena').reports({ room })).items
    expect(more).toEqual([])
    const report = waiting?.id ?? ''
    const settled = await times(6, (i) =>
      at(i)
        .as('olena')
        .settleReport({ report, outcome: i < 3 ? 'released' : 'refused' }),
    )
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const said = (await one.as('olena').messages({ room })).items.filter(({ text }) => text === 'казино')
    const { outcome } = (await one.as('olena').reports({ room, state: 'settled' })).items[0] ?? {}
    expect(said).toHaveLength(outcome === 'released' ? 1 : 0)

    // A ban and coming back at the same moment: whichever is first, they are out.
    const club = (await one.as('olena').openRoom({ name: 'Клуб' })).id
    const principal = people.iryna.id
    const { code } = await one.as('olena').inviteToRoom({ room: club, maxUses: 50 })
    await times(10, (i) =>
      i === 4
        ? one.as('olena').ban({ room: club, principal, reason: 'а' })
        : i % 2 === 0
          ? at(i / 2)
              .as('olena')
              .addMember({ room: club, principal })
          : at(i >> 1)
              .as('iryna')
              .acceptInvitation({ code }),
    )
    expect((await two.as('olena').members({ room: club })).items.map(({ id }) => id)).not.toContain(principal)
    await expect(two.as('iryna').room({ room: club })).rejects.toMatchObject({ code: 'city.room_not_found' })
    expect([...one.bugs, ...two.bugs]).toEqual([])
  }, 180_000)
})
