import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { BYTES, openTestCity, people, upload } from '../../../test/kit/city-service.ts'
import { scratchPostgres } from '../../../test/kit/postgres.ts'
import { systemClock } from '../../kernel/clock.ts'
import { migrateUp } from '../../platform/database/migrate.ts'
import { openPostgres } from '../../platform/database/postgres.ts'
import { textsOf } from '../../platform/live/wire.ts'
import { createFeeds } from './live/feeds.ts'
import { roomLog } from './live/frames.ts'

const server = process.env.TEST_DATABASE_URL ?? ''

describe.skipIf(server === '')('several processes over one PostgreSQL', () => {
  it('number one room without a gap, make each message once, and hear of each other', async () => {
    await using scratch = await scratchPostgres(server)
    // So many at once wait for each other longer than the city would have people wait.
    const open = async () => await openPostgres({ url: scratch.url, waitMs: 30_000 })
    const first = await open()
    await migrateUp(first)
    await using one = await openTestCity({ database: first })
    await using two = await openTestCity({ database: await open() })
    const cities = [one, two]
    const rooms = await Promise.all(
      ['a', 'b', 'c'].map(
        async (name) => (await one.as('olena').openRoom({ name, visibility: 'public' })).id,
      ),
    )

    const heard: number[] = []
    const feeds = createFeeds(roomLog(two.db), systemClock, (failure) => two.bugs.push(failure))
    const gone = new AbortController()
    const sweeping = feeds.sweep(gone.signal).catch(() => undefined)
    const follower = {
      send: (frames: Buffer) =>
        void heard.push(...textsOf(frames).map((text) => (JSON.parse(text) as { seq: number }).seq)),
      drained: async () => undefined,
      isGone: false,
    }
    await feeds.follow(rooms[0] ?? '', follower, 0, () => undefined)

    // Each message is said to both at the same time.
    await Promise.all(
      Array.from({ length: 300 }, (_, i) => {
        const said = { room: rooms[(i >> 1) % 3] ?? '', clientId: `m${i >> 1}`, text: `${i >> 1}` }
        return (cities[i % 2] ?? one).as('taras').post(said)
      }),
    )
    for (const room of rooms) {
      const events = await one.db
        .selectFrom('city.event')
        .select('seq')
        .where('room', '=', room)
        .orderBy('seq')
        .execute()
      const { seq } = await two.as('olena').room({ room })
      expect(events.map((event) => Number(event.seq))).toEqual(Array.from({ length: seq }, (_, i) => i + 1))
      const messages = await one.db
        .selectFrom('city.message')
        .select(['client_id', 'seq'])
        .where('room', '=', room)
        .where('author', '=', people.taras.id)
        .execute()
      expect(new Set(messages.map((message) => message.client_id)).size).toBe(messages.length)
      expect(messages.length).toBe(50)
    }
    // No broadcast goes from one to the other here: the log itself is what is heard.
    for (let i = 0; i < 200 && heard.length < 50; i++) await wait(50)
    expect(heard).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    gone.abort()
    await sweeping

    const files = await Promise.all(cities.map((city) => upload(city, 'taras', BYTES.text, 'a.txt')))
    const room = rooms[0] ?? ''
    await one
      .as('taras')
      .post({ room, clientId: 'file', parts: files.map((file) => ({ type: 'file', file })) })
    expect(await two.as('olena').room({ room })).toMatchObject({ unread: 51, seq: 51 })
    expect(await two.as('olena').read({ room, seq: 50 })).toEqual({ readSeq: 50 })
    expect((await one.as('olena').rooms({})).items.find(({ id }) => id === room)?.unread).toBe(1)
    expect([...one.bugs, ...two.bugs]).toEqual([])
  }, 180_000)
})
