import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handClock } from '../../../../test/kit/clock.ts'
import { type TestEvents, testDatabase, testEvents } from '../../../../test/kit/database.ts'
import { createIds } from '../../../kernel/ids.ts'
import type { Database } from '../../../platform/database/database.ts'
import { memoryKv } from '../../../platform/kv/memory.ts'
import { createPresence, type Reporter } from './presence.ts'

describe('presence over several processes', () => {
  let database: Database
  let bus: TestEvents
  let quietBus: TestEvents
  beforeAll(async () => {
    database = await testDatabase()
    bus = testEvents(database)
    quietBus = testEvents(database)
  })
  afterAll(async () => {
    await bus?.[Symbol.asyncDispose]()
    await quietBus?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  /** A city of processes over one store; each has its own clock, so that one may stand still. */
  function processes(...buses: readonly TestEvents[]) {
    const city = handClock()
    const kv = memoryKv(city)
    const ids = createIds(city)
    const failures: unknown[] = []
    return {
      failures,
      kv,
      city,
      all: buses.map((events) => {
        const clock = handClock(city.now())
        const presence = createPresence({ kv, events, clock, ids, failed: (f) => failures.push(f) })
        const news: string[] = []
        presence.changed((people) => {
          for (const [person, shown] of people) news.push(`${person} ${shown?.state ?? 'gone'}`)
        })
        const stopping = new AbortController()
        const running = presence.run(stopping.signal)
        const stop = async () => {
          stopping.abort()
          await running
        }
        return { presence, clock, news, stop }
      }),
    }
  }
  const client = (person: string): Reporter => ({ person, shown: null, heardAt: 0, next: null })
  const HERE = { state: 'here', room: null } as const
  const AWAY = { state: 'away', room: null } as const
  /** Turns the clocks a second at a time, so that what goes between processes goes. */
  async function pass(seconds: number, ...clocks: { advance(ms: number): Promise<void> }[]) {
    for (let i = 0; i < seconds; i++) for (const clock of clocks) await clock.advance(1_000)
  }

  it('adds up the clients of one person, tells each change once, and forgets who is silent', async () => {
    const { all, city, failures } = processes(bus)
    const [one] = all
    if (!one) throw new Error('unreachable')
    const phone = client('p_1')
    const desk = client('p_1')
    one.presence.report(phone, AWAY)
    one.presence.report(desk, { state: 'here', room: 'room_1' })
    await pass(2, one.clock, city)
    one.presence.report(phone, AWAY)
    one.presence.report(desk, { state: 'here', room: 'room_1' })
    await pass(2, one.clock, city)
    expect(one.news).toEqual(['p_1 here'])
    expect(one.presence.inRoom('room_1')).toEqual(['p_1'])
    one.presence.leave(desk)
    await pass(1, one.clock, city)
    expect(one.news).toEqual(['p_1 here', 'p_1 away'])
    expect(one.presence.inRoom('room_1')).toEqual([])
    await pass(60, one.clock, city)
    expect(one.presence.of('p_1')).toEqual(AWAY)
    await pass(30, one.clock, city)
    expect(one.presence.of('p_1')).toBeUndefined()
    // Its socket is open still: the next report brings it back.
    one.presence.report(phone, HERE)
    await pass(1, one.clock, city)
    expect(one.news).toEqual(['p_1 here', 'p_1 away', 'p_1 gone', 'p_1 here'])
    one.presence.leave(phone)
    await one.stop()
    expect(failures).toEqual([])
  })

  it.each([
    ['by word', () => [bus, bus], 1],
    ['by the store alone, where no word comes through', () => [bus, quietBus], 16],
  ] as const)('tells the other process %s', async (_, buses, within) => {
    const { all, city, failures } = processes(...buses())
    const [one, two] = all
    if (!one || !two) throw new Error('unreachable')
    await pass(1, one.clock, two.clock, city)
    const desk = client('p_1')
    one.presence.report(desk, HERE)
    two.presence.report(client('p_1'), AWAY)
    await pass(within * 2, one.clock, two.clock, city)
    expect([one.presence.of('p_1'), two.presence.of('p_1')]).toEqual([HERE, HERE])
    one.presence.leave(desk)
    await pass(within * 2, one.clock, two.clock, city)
    expect([one.presence.of('p_1'), two.presence.of('p_1')]).toEqual([AWAY, AWAY])
    await one.stop()
    await two.stop()
    expect(failures).toEqual([])
  })

  it.each([
    ['by word', () => [bus, bus]],
    ['by the store', () => [bus, quietBus]],
  ] as const)('has nobody left of a process that died, after 90 s at most; known %s', async (_, buses) => {
    const { all, city } = processes(...buses())
    const [dying, living] = all
    if (!dying || !living) throw new Error('unreachable')
    const theirs = client('p_2')
    dying.presence.report(client('p_1'), HERE)
    living.presence.report(theirs, HERE)
    await pass(40, dying.clock, living.clock, city)
    living.presence.report(theirs, HERE)
    expect([...living.presence.people.keys()].sort()).toEqual(['p_1', 'p_2'])
    // From here on its clock stands: it does nothing any more.
    await pass(45, living.clock, city)
    living.presence.report(theirs, HERE)
    await pass(45, living.clock, city)
    expect([...living.presence.people.keys()]).toEqual(['p_2'])
    expect(living.news.at(-1)).toBe('p_1 gone')
    await living.stop()
  })

  it('says good-bye, and another process then knows at once', async () => {
    const { all, city } = processes(bus, bus)
    const [leaving, staying] = all
    if (!leaving || !staying) throw new Error('unreachable')
    leaving.presence.report(client('p_1'), HERE)
    await pass(3, leaving.clock, staying.clock, city)
    expect(staying.presence.of('p_1')).toEqual(HERE)
    await leaving.stop()
    await pass(1, staying.clock, city)
    expect(staying.news).toEqual(['p_1 here', 'p_1 gone'])
    await staying.stop()
  })
})
