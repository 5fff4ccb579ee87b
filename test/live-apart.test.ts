import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type RunningCity, startCity, temporaryFolder } from './kit/city.ts'
import { type Line, lineTo } from './kit/line.ts'
import { type ScratchPostgres, scratchPostgres } from './kit/postgres.ts'
import { everywhere, firstOwner, newcomer, type Resident, resident, until } from './kit/resident.ts'
import { canRunServers, type OwnServer, ownNats, ownRedis } from './kit/servers.ts'

const { TEST_DATABASE_URL } = process.env
const servers = TEST_DATABASE_URL && canRunServers

interface Said {
  readonly type: string
  readonly room?: string
  readonly seq?: number
  readonly people?: readonly { readonly principal: string; readonly state: string }[]
}

describe.skipIf(!servers)('one city of two processes', { timeout: 180_000 }, () => {
  const folder = temporaryFolder()
  let database: ScratchPostgres
  let nats: OwnServer
  /** The first city's, to NATS. */
  let line: Line
  let redis: OwnServer
  let cities: readonly RunningCity[] = []
  let olena: Resident
  let taras: Resident
  beforeAll(async () => {
    database = await scratchPostgres(TEST_DATABASE_URL ?? '')
    nats = await ownNats()
    line = await lineTo(nats.url)
    redis = await ownRedis()
    const shared = {
      DATA_DIR: folder.path,
      DATABASE_URL: database.url.reveal(),
      NATS_URL: nats.url,
      REDIS_URL: redis.url,
      CITY_SECRET: 'a secret of thirty-two characters or more',
    }
    const first = await startCity({ ...shared, NATS_URL: line.url }, 120_000)
    const second = await startCity(shared, 120_000)
    cities = [first, second]
    olena = await firstOwner(first)
    const joined = await newcomer(olena, 'Тарас')
    // He lives at the other process.
    taras = resident(everywhere(second.url), joined.key)
  }, 400_000)
  afterAll(async () => {
    await Promise.all(cities.map((city) => city.stop()))
    line?.close()
    for (const server of [database, nats, redis]) await server?.[Symbol.asyncDispose]()
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
        30_000,
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

  test('what a process revokes, takes away and says while it alone has no NATS reaches the other', async () => {
    const hanna = await newcomer(olena, 'Ганна')
    const { id: hannaId } = await hanna.auth.me({})
    const marta = await newcomer(olena, 'Марта')
    const { id: room } = await olena.city.openRoom({ name: 'Комора' })
    await olena.city.addMember({ room, principal: hannaId })
    const far = ({ key }: Resident) => resident(everywhere(cities[1]?.url ?? ''), key)
    const there = await dial(far(hanna))
    const theirs = await dial(far(marta))
    const begun = (await olena.city.room({ room: 'square' })).seq
    there.say({ type: 'subscribe', room: 'square', after: begun })
    there.say({ type: 'subscribe', room })
    await there.hears((said) => said.type === 'subscribed' && said.room === room, 'the closed room')

    line.cut()
    const from = Date.now()
    for (const { id } of (await marta.auth.keys({})).items) await marta.auth.revokeKey({ key: id })
    const revoked = Date.now()
    expect(await theirs.closed).toBe(4401)
    console.log(
      `closed ${Date.now() - revoked} ms after its key was revoked, ${Date.now() - from} after the cut`,
    )
    await olena.city.leave({ room, principal: hannaId })
    await there.hears((said) => said.type === 'unsubscribed' && said.room === room, 'the loss of the room')
    await olena.say('square', 'звідси ніхто не чує?')
    await there.hears(({ seq }) => seq === begun + 1, 'what was said meanwhile')
    line.mend()
    there.socket.terminate()
  })

  test('without NATS and Redis the city goes on, and what was lost meanwhile is made good', async () => {
    const hanna = await newcomer(olena, 'Ганна')
    const marta = await newcomer(olena, 'Марта')
    const { id: hannaId } = await hanna.auth.me({})
    const { id: room } = await olena.city.openRoom({ name: 'Рада' })
    await olena.city.addMember({ room, principal: hannaId })
    const far = ({ key }: Resident) => resident(everywhere(cities[1]?.url ?? ''), key)
    const here = await dial(olena)
    const there = await dial(far(hanna))
    const theirs = await dial(far(marta))
    const begun = (await olena.city.room({ room: 'square' })).seq
    for (const one of [here, there]) {
      one.say({ type: 'subscribe', room: 'square', after: begun })
      await one.hears(({ type }) => type === 'subscribed', 'the square')
    }
    there.say({ type: 'subscribe', room })
    await there.hears((said) => said.type === 'subscribed' && said.room === room, 'the closed room')

    await Promise.all([nats.kill(), redis.kill()])
    await Promise.all([olena.say('square', 'без обох'), far(hanna).say('square', 'і з того боку')])
    for (const one of [here, there])
      await one.hears(({ seq }) => seq === begun + 2, 'what was said meanwhile')
    // Nothing of it can be told by a broadcast; what is open asks by itself.
    await olena.city.leave({ room, principal: hannaId })
    for (const { id } of (await marta.auth.keys({})).items) await marta.auth.revokeKey({ key: id })
    await there.hears((said) => said.type === 'unsubscribed' && said.room === room, 'the loss of the room')
    expect(await theirs.closed).toBe(4401)

    await Promise.all([nats.start(), redis.start()])
    there.say({ type: 'presence', state: 'here' })
    here.say({ type: 'presence', state: 'here' })
    await here.hears(isNow(hannaId, 'here'), 'who is at the other process')
    await olena.say('square', 'знову разом')
    for (const one of [here, there]) {
      await one.hears(({ seq }) => seq === begun + 3, 'what was said after')
      const numbers = one.heard.filter(({ type, room: of }) => type === 'message' && of !== room)
      expect(numbers.map(({ seq }) => seq)).toEqual([begun + 1, begun + 2, begun + 3])
    }

    // The process they live at dies: the other one serves on.
    await cities[1]?.kill()
    await there.closed
    await olena.say('square', 'лишилися самі')
    await here.hears(({ seq }) => seq === begun + 4, 'what is said by one process alone')
    const { people } = await olena.city.presence({ principals: [hannaId], rooms: [] })
    expect(people).toHaveLength(1)
    here.socket.terminate()
  })
})
