import { describe, expect, it } from 'vitest'
import { openTestCity } from '../../../../test/kit/city-service.ts'
import { scratchPostgres } from '../../../../test/kit/postgres.ts'
import { migrateUp } from '../../../platform/database/migrate.ts'
import { openPostgres } from '../../../platform/database/postgres.ts'

const server = process.env.TEST_DATABASE_URL ?? ''

describe.skipIf(server === '')('acts on messages in two processes over one PostgreSQL', () => {
  it('agree, whoever edits, reacts, votes, forwards and deletes at the same moment', async () => {
    await using scratch = await scratchPostgres(server)
    // So many at once wait for each other longer than the city would have people wait.
    const open = async () => await openPostgres({ url: scratch.url, waitMs: 30_000 })
    const first = await open()
    await migrateUp(first)
    await using one = await openTestCity({ database: first })
    await using two = await openTestCity({ database: await open() })
    const at = (i: number) => (i % 2 === 0 ? one : two)
    const rooms = await Promise.all(
      ['a', 'b'].map(async (name) => (await one.as('olena').openRoom({ name, visibility: 'public' })).id),
    )
    const [room = '', other = ''] = rooms
    const post = async (clientId: string, more: object = {}) =>
      await one.as('olena').post({ room, clientId, text: clientId, ...more })
    const edited = await post('edited')
    const liked = await post('liked')
    const poll = await post('poll', { poll: { question: '?', options: ['a', 'b'], multiple: false } })
    const root = await post('root')
    const doomed = await Promise.all(Array.from({ length: 8 }, (_, i) => post(`doomed ${i}`)))

    const times = <T>(count: number, act: (i: number) => Promise<T>) =>
      Promise.allSettled(Array.from({ length: count }, (_, i) => act(i)))
    await Promise.all([
      times(10, (i) =>
        at(i)
          .as('olena')
          .edit({ message: edited.id, text: `версія ${i}` }),
      ),
      times(12, (i) =>
        at(i)
          .as(i % 3 ? 'taras' : 'iryna')
          .react({ message: liked.id, emoji: '👍' }),
      ),
      times(12, (i) =>
        at(i)
          .as('taras')
          .vote({ message: poll.id, options: [i % 2] }),
      ),
      times(10, (i) =>
        at(i)
          .as('iryna')
          .post({ room, clientId: `t${i >> 1}`, text: 't', thread: root.id }),
      ),
      ...doomed.map(({ id }, i) =>
        Promise.allSettled([
          at(i).as('olena').remove({ message: id }),
          at(i + 1)
            .as('taras')
            .forward({ message: id, room: other, clientId: `f${i}` }),
          at(i).as('taras').react({ message: id, emoji: '🎉' }),
          at(i + 1)
            .as('olena')
            .edit({ message: id, text: 'нове' }),
          at(i + 1)
            .as('olena')
            .remove({ message: id }),
        ]),
      ),
    ])

    const shown = await two.as('olena').message({ room, message: edited.id })
    const { items } = await one.as('taras').history({ message: edited.id })
    expect(items.map(({ text }) => text)).toHaveLength(11)
    expect(items.at(-1)?.text).toBe(shown.text)
    expect((await two.as('taras').message({ room, message: liked.id })).reactions).toMatchObject([
      { emoji: '👍', count: 2, mine: true },
    ])
    const votes = (await two.as('taras').message({ room, message: poll.id })).poll
    expect(votes?.options.reduce((sum, option) => sum + option.votes, 0)).toBe(1)
    expect((await one.as('olena').message({ room, message: root.id })).replies).toMatchObject({ replies: 5 })
    for (const { id } of doomed)
      expect(await two.as('taras').message({ room, message: id })).toMatchObject({
        text: '',
        deleted: expect.anything(),
      })
    // A forward that slipped in before its source was deleted goes after it.
    const forwards = async () =>
      (await one.as('taras').messages({ room: other })).items.filter(({ deleted }) => !deleted)
    await expect.poll(forwards, { timeout: 10_000 }).toEqual([])
    const erased = await one.db
      .selectFrom('city.message')
      .select('id')
      .where('deleted_at', 'is not', null)
      .where('text', '<>', '')
      .execute()
    expect(erased).toEqual([])
    for (const id of rooms) {
      const log = await two.as('olena').events({ room: id, after: 0, limit: 500 })
      expect(log.items.map(({ seq }) => seq)).toEqual(log.items.map((_, i) => i + 1))
      expect(log.seq).toBe((await one.as('olena').room({ room: id })).seq)
    }
    expect([...one.bugs, ...two.bugs]).toEqual([])
  }, 180_000)
})
