import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type RunningCity, startCity, temporaryFolder } from './kit/city.ts'
import { type ScratchPostgres, scratchPostgres } from './kit/postgres.ts'
import { everywhere, firstOwner, newcomer, type Resident, resident, until } from './kit/resident.ts'

const { TEST_DATABASE_URL, TEST_NATS_URL, TEST_REDIS_URL } = process.env
const servers = TEST_DATABASE_URL && TEST_NATS_URL && TEST_REDIS_URL

interface Said {
  readonly type: string
  readonly room?: string
  readonly seq?: number
  readonly people?: readonly { readonly principal: string; readonly state: string }[]
}

describe.skipIf(!servers)('one city of two processes', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  let database: ScratchPostgres
  let cities: readonly RunningCity[] = []
  let olena: Resident
  let taras: Resident
  beforeAll(async () => {
    database = await scratchPostgres(TEST_DATABASE_URL ?? '')
    const shared = {
      DATA_DIR: folder.path,
      DATABASE_URL: database.url.reveal(),
      NATS_URL: TEST_NATS_URL ?? '',
      REDIS_URL: TEST_REDIS_URL ?? '',
      CITY_SPACE: `two_${process.pid}_${Date.now()}`,
      CITY_SECRET: 'a secret of thirty-two characters or more',
    }
    const first = await startCity(shared, 120_000)
    const second = await startCity(shared, 120_000)
    cities = [first, second]
    olena = await firstOwner(first)
    const joined = await newcomer(olena, 'Тарас')
    // He lives at the other process.
    taras = resident(everywhere(second.url), joined.key)
  }, 180_000)
  afterAll(async () => {
    await Promise.all(cities.map((city) => city.stop()))
    await database?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  }, 60_000)

  async function dial(who: Resident) {
    const socket = new WebSocket(`${who.at.city.replace('http', 'ws')}/api/city/live`, {
      headers: { authorization: who.authorization },
    })
    const heard: Said[] = []
    socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as Said))
    const closed = once(socket, 'close').then(([code]) => code as number)
    await once(socket, 'open')
    const hears = (fits: (said: Said) => boolean, what: string) =>
      until(
        async () => heard.find(fits),
        (found) => found !== undefined,
        what,
        10_000,
      )
    return { socket, heard, closed, hears, say: (frame: object) => socket.send(JSON.stringify(frame)) }
  }
  const isNow = (id: string, state: string) => (said: Said) =>
    said.people?.some((one) => one.principal === id && one.state === state) === true

  test('what is said at one is heard at the other, each number once and in order', async () => {
    const here = await dial(olena)
    const there = await dial(taras)
    for (const one of [here, there]) {
      one.say({ type: 'subscribe', rooms: [{ room: 'square', after: 0 }] })
      await one.hears(({ type }) => type === 'subscribed', 'the beginning')
    }
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? olena : taras).say('square', `слово ${n}`)),
    )
    for (const one of [here, there]) {
      await one.hears(({ seq, type }) => type === 'message' && seq === 20, 'the last word')
      const numbers = one.heard.filter(({ type }) => type === 'message').map(({ seq }) => seq)
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
    }
    here.say({ type: 'typing', room: 'square' })
    await there.hears(({ type }) => type === 'typing', 'typing')
    for (const one of [here, there]) one.socket.terminate()
  })

  test('who is here at one is here at the other, and gone when they leave', async () => {
    const { id: olenaId } = await olena.auth.me({})
    const { id: tarasId } = await taras.auth.me({})
    const there = await dial(taras)
    there.say({ type: 'presence', state: 'here' })
    await there.hears(isNow(tarasId, 'here'), 'himself').catch(() => undefined)
    const here = await dial(olena)
    here.say({ type: 'presence', state: 'here', room: 'square' })
    await there.hears(isNow(olenaId, 'here'), 'Olena here')
    const asked = await taras.city.presence({ principals: [olenaId, tarasId], rooms: ['square'] })
    expect(asked.people.map(({ state }) => state)).toEqual(['here', 'here'])
    expect(asked.rooms.map((room) => room.here)).toEqual([1])
    here.socket.terminate()
    await there.hears(isNow(olenaId, 'gone'), 'Olena gone')
    there.socket.terminate()
  })

  test('a room that is lost, and a key that is revoked, are lost at the other process too', async () => {
    const { id: tarasId } = await taras.auth.me({})
    const { id: room } = await olena.city.openRoom({ name: 'Правління' })
    await olena.city.addMember({ room, principal: tarasId })
    const there = await dial(taras)
    there.say({ type: 'subscribe', room, after: 0 })
    await there.hears(({ type }) => type === 'subscribed', 'the beginning')
    await olena.city.leave({ room, principal: tarasId })
    await there.hears((said) => said.type === 'unsubscribed' && said.room === room, 'the loss')
    const { items } = await taras.auth.keys({})
    await taras.auth.revokeKey({ key: items[0]?.id ?? '' })
    expect(await there.closed).toBe(4401)
  })
})
