import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestCity, type TestCity } from '../../../../test/kit/city-service.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { textsOf } from '../../../platform/live/wire.ts'
import { createFeeds, type Feeds, type Following } from './feeds.ts'
import { roomLog } from './frames.ts'

describe('following a room', () => {
  let city: TestCity
  let feeds: Feeds
  beforeAll(async () => {
    city = await openTestCity()
    feeds = createFeeds(roomLog(city.db), systemClock, (failure) => city.bugs.push(failure))
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i)
  const openRoom = async () => (await city.as('olena').openRoom({ name: 'Feed' })).id
  const fill = async (room: string, from: number, to: number) => {
    for (const i of upTo(to, from)) await city.as('olena').post({ room, clientId: `m${i}`, text: `${i}` })
  }
  /** A follower whose reading is in the test's hands. */
  function reader() {
    const heard: number[] = []
    let isGone = false
    let release = () => {}
    let held: Promise<void> = Promise.resolve()
    return {
      heard,
      leave() {
        isGone = true
      },
      hold() {
        held = new Promise((resolve) => {
          release = resolve
        })
      },
      release: () => release(),
      follower: {
        send: (frames: Buffer) =>
          void heard.push(...textsOf(frames).map((text) => (JSON.parse(text) as { seq: number }).seq)),
        drained: () => held,
        get isGone() {
          return isGone
        },
      },
    }
  }

  it('keeps who still catches up out of the stream, and brings it in exactly where it got to', async () => {
    const room = await openRoom()
    await fill(room, 1, 5)
    const quick = reader()
    const slow = reader()
    let joined: Following | undefined
    expect(await feeds.follow(room, quick.follower, 0, () => undefined)).toBe(true)
    slow.hold()
    const following = feeds.follow(room, slow.follower, 2, (at) => {
      joined = at
    })
    await expect.poll(() => slow.heard).toEqual([3, 4, 5])
    await fill(room, 6, 8)
    feeds.grew(room, 8)
    await expect.poll(() => quick.heard).toEqual(upTo(8))
    expect(slow.heard).toEqual([3, 4, 5])
    expect(joined).toBeUndefined()
    slow.release()
    expect(await following).toBe(true)
    expect(joined).toEqual({ seq: 8, resync: false })
    expect(slow.heard).toEqual(upTo(8, 3))
    await fill(room, 9, 9)
    // Told twice, and of less than is known: each number is sent once all the same.
    for (const seq of [9, 9, 7]) feeds.grew(room, seq)
    await expect.poll(() => [quick.heard.at(-1), slow.heard.at(-1)]).toEqual([9, 9])
    expect([quick.heard, slow.heard]).toEqual([upTo(9), upTo(9, 3)])
    quick.leave()
    slow.leave()
  })

  it('believes a client that has seen more over HTTP than the stream has got to', async () => {
    const room = await openRoom()
    const first = reader()
    await feeds.follow(room, first.follower, 0, () => undefined)
    await fill(room, 1, 3)
    const ahead = reader()
    let joined: Following | undefined
    await feeds.follow(room, ahead.follower, 2, (at) => {
      joined = at
    })
    expect(joined?.resync).toBe(false)
    await expect.poll(() => [first.heard, ahead.heard]).toEqual([upTo(3), [3]])
  })

  it('lets go of who leaves while catching up', async () => {
    const room = await openRoom()
    await fill(room, 1, 2)
    const slow = reader()
    slow.hold()
    const following = feeds.follow(room, slow.follower, 0, () => slow.heard.push(-1))
    await expect.poll(() => slow.heard).toEqual([1, 2])
    slow.leave()
    slow.release()
    expect(await following).toBe(false)
    expect(feeds.follows(room, slow.follower)).toBe(false)
    expect(slow.heard).toEqual([1, 2])
  })

  it('finds by itself what nobody told of', async () => {
    const room = await openRoom()
    const one = reader()
    await feeds.follow(room, one.follower, 0, () => undefined)
    const stop = new AbortController()
    const sweeping = feeds.sweep(stop.signal).catch(() => undefined)
    await fill(room, 1, 3)
    await expect.poll(() => one.heard, { timeout: 10_000 }).toEqual([1, 2, 3])
    stop.abort()
    await sweeping
    expect(city.bugs).toEqual([])
  })
})
