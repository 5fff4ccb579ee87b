import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { openTestCity, people, type Someone, type TestCity } from '../../../../test/kit/city-service.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { runDelta } from '../../agents/agents.events.ts'
import { credentialRevoked } from '../../auth/auth.events.ts'
import { ServerFrame } from '../city.live.contract.ts'

type Said = ServerFrame & Record<string, unknown>

/** A client of the live socket that keeps what it hears. */
async function dial(city: TestCity, who: Someone, headers?: Record<string, string>) {
  const socket = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, {
    headers: headers ?? { authorization: `Bearer ${who}` },
  })
  const heard: Said[] = []
  const faults: unknown[] = []
  let wake = () => {}
  socket.on('message', (data) => {
    const parsed = ServerFrame.safeParse(JSON.parse(String(data)))
    if (parsed.success) heard.push(parsed.data as Said)
    else faults.push(parsed.error)
    wake()
  })
  const closed = once(socket, 'close').then(([code]) => code as number)
  await once(socket, 'open')
  return {
    socket,
    heard,
    faults,
    closed,
    say: (frame: unknown) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    numbered: (room: string) =>
      heard.filter((said) => ['message', 'part', 'runs'].includes(said.type) && said.room === room),
    /** The first frame that fits, or a failure after 10 s. */
    async until(test: (said: Said) => boolean): Promise<Said> {
      const late = deadline(10_000)
      for (;;) {
        const found = heard.find(test)
        if (found) return found
        await new Promise<void>((resolve, reject) => {
          wake = resolve
          late.addEventListener('abort', () =>
            reject(new Error(`heard only ${JSON.stringify(heard.slice(-5))}`)),
          )
        })
      }
    },
    async hangUp() {
      socket.terminate()
      await closed
    },
  }
}

const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i)

describe('the live socket', () => {
  let city: TestCity
  beforeAll(async () => {
    city = await openTestCity({ limits: { maxBehind: 300 } })
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  const openRoom = async () => (await city.as('olena').openRoom({ name: 'Live', visibility: 'public' })).id
  const fill = async (room: string, from: number, to: number) => {
    for (let i = from; i <= to; i++) await city.as('olena').post({ room, clientId: `m${i}`, text: `${i}` })
  }

  it('tells everything in order, then streams', async () => {
    const room = await openRoom()
    await fill(room, 1, 5)
    const taras = await dial(city, 'taras')
    taras.say({ type: 'subscribe', room, after: 0 })
    expect(await taras.until(({ type }) => type === 'subscribed')).toMatchObject({
      room,
      seq: 5,
      asked: room,
    })
    await fill(room, 6, 8)
    await taras.until(({ seq }) => seq === 8)
    expect(taras.numbered(room).map(({ seq }) => seq)).toEqual(upTo(8))
    expect(taras.heard[0]).toMatchObject({
      type: 'message',
      message: { text: '1', author: { name: 'Олена' } },
    })
    expect(taras.faults).toEqual([])
    await taras.hangUp()
  })

  it('finds a room by its slug and starts from now where nothing is said', async () => {
    await city.as('olena').post({ room: 'square', clientId: 'before', text: 'before' })
    const { id, seq } = await city.as('olena').room({ room: 'square' })
    const taras = await dial(city, 'taras')
    taras.say({ type: 'subscribe', room: 'square' })
    expect(await taras.until(({ type }) => type === 'subscribed')).toMatchObject({
      room: id,
      seq,
      asked: 'square',
    })
    await city.as('olena').post({ room: 'square', clientId: 'after', text: 'after' })
    await taras.until((said) => said.type === 'message')
    expect(taras.numbered(id).map((said) => said.seq)).toEqual([seq + 1])
    await taras.hangUp()
  })

  it('misses nothing and repeats nothing where catching up meets the stream, whoever comes when', async () => {
    const room = await openRoom()
    await fill(room, 1, 20)
    const writing = Promise.all(
      upTo(100, 21).map((i) => city.as('olena').post({ room, clientId: `m${i}`, text: `${i}` })),
    )
    const clients = []
    for (const after of [0, 3, 19, 20, 0, 10]) {
      const client = await dial(city, 'taras')
      client.say({ type: 'subscribe', room, after })
      clients.push({ client, after })
    }
    await writing
    for (const { client, after } of clients) {
      await client.until(({ seq, type }) => seq === 100 && type === 'message')
      expect(client.numbered(room).map(({ seq }) => seq)).toEqual(upTo(100, after + 1))
      await client.hangUp()
    }
  })

  it('resumes after a lost line without a gap', async () => {
    const room = await openRoom()
    const seen: number[] = []
    for (let round = 0; round < 5; round++) {
      const client = await dial(city, 'taras')
      client.say({ type: 'subscribe', room, after: seen.at(-1) ?? 0 })
      const writing = fill(room, round * 10 + 1, round * 10 + 10)
      await client.until(({ seq, type }) => type === 'message' && Number(seq) >= round * 10 + 4)
      await client.hangUp()
      seen.push(...client.numbered(room).map(({ seq }) => Number(seq)))
      await writing
    }
    const last = await dial(city, 'taras')
    last.say({ type: 'subscribe', room, after: seen.at(-1) })
    await last.until(({ type }) => type === 'subscribed')
    seen.push(...last.numbered(room).map(({ seq }) => Number(seq)))
    expect(seen).toEqual(upTo(50))
    await last.hangUp()
  })

  it('says that too much came in between', async () => {
    const room = await openRoom()
    await city.db.updateTable('city.room').set({ seq: 1000 }).where('id', '=', room).execute()
    const client = await dial(city, 'taras')
    client.say({ type: 'subscribe', room, after: 5 })
    await client.until(({ type }) => type === 'subscribed')
    expect(client.heard).toMatchObject([
      { type: 'resync', room, seq: 1000 },
      { type: 'subscribed', room, seq: 1000 },
    ])
    client.say({ type: 'subscribe', room, after: 5000 })
    await client.until((said) => client.heard.indexOf(said) > 2 && said.type === 'subscribed')
    expect(client.heard[2]).toMatchObject({ type: 'resync', seq: 1000 })
    await client.hangUp()
  })

  it('takes what is said, once', async () => {
    const room = await openRoom()
    const olena = await dial(city, 'olena')
    const taras = await dial(city, 'taras')
    taras.say({ type: 'subscribe', room, after: 0 })
    await taras.until(({ type }) => type === 'subscribed')
    for (let i = 0; i < 3; i++) olena.say({ type: 'send', room, clientId: 'once', text: 'Привіт' })
    olena.say({ type: 'send', room, clientId: 'once', text: 'Інше' })
    olena.say({ type: 'send', room, clientId: 'next', text: 'Далі' })
    await olena.until(({ clientId }) => clientId === 'next')
    const acks = olena.heard.filter(({ type }) => type === 'ack')
    expect(acks.map(({ clientId, seq }) => [clientId, seq])).toEqual([
      ['once', 1],
      ['once', 1],
      ['once', 1],
      ['next', 2],
    ])
    expect(olena.heard.find(({ type }) => type === 'error')).toMatchObject({
      code: 'city.client_id_conflict',
      clientId: 'once',
    })
    await taras.until(({ seq, type }) => seq === 2 && type === 'message')
    expect(taras.numbered(room).map(({ seq }) => seq)).toEqual([1, 2])
    await olena.hangUp()
    await taras.hangUp()
  })

  it('answers bad frames each with its code, and goes on', async () => {
    const { id } = await city.as('olena').openRoom({ name: 'Закрита' })
    const client = await dial(city, 'taras')
    for (const frame of [
      'not json',
      'null',
      '[]',
      { type: 'dance' },
      { type: 'subscribe', room: 'nowhere' },
      { type: 'subscribe', room: id },
      { type: 'send', room: id, clientId: 'a', text: 'x' },
      { type: 'send', room: 'square', clientId: 'b', text: 'x'.repeat(20_000) },
      { type: 'send', room: 'square', clientId: 'c' },
      { type: 'read', room: id, seq: 1 },
      { type: 'typing', room: id },
      { type: 'subscribe', room: 'square', after: -1 },
    ])
      client.say(frame)
    await client.until(() => client.heard.length === 12)
    // What follows a room and what speaks are two lines of their own.
    expect(client.heard.map(({ code }) => code).sort()).toEqual(
      [
        ...Array(5).fill('city.frame_invalid'),
        ...Array(5).fill('city.room_not_found'),
        'city.text_too_long',
        'city.message_empty',
      ].sort(),
    )
    client.say({ type: 'send', room: 'square', clientId: 'good', text: 'good' })
    await client.until(({ type }) => type === 'ack')
    await client.hangUp()
  })

  it('passes on what has no number to whoever follows the room, and to nobody else', async () => {
    const room = await openRoom()
    const taras = await dial(city, 'taras')
    const iryna = await dial(city, 'iryna')
    taras.say({ type: 'subscribe', room })
    await taras.until(({ type }) => type === 'subscribed')
    city.events.broadcast(runDelta, { run: 'run_1', room, offset: 0, text: 'О шо' })
    const olena = await dial(city, 'olena')
    olena.say({ type: 'typing', room })
    olena.say({ type: 'send', room, clientId: 'a', text: 'a' })
    await taras.until(({ type }) => type === 'message')
    taras.say({ type: 'read', room, seq: 1 })
    await taras.until(({ type }) => type === 'read')
    expect(taras.heard.slice(1)).toMatchObject([
      { type: 'delta', run: 'run_1', offset: 0, text: 'О шо' },
      { type: 'typing', principal: people.olena.id, name: 'Олена' },
      { type: 'message', seq: 1 },
      { type: 'read', principal: people.taras.id, seq: 1 },
    ])
    expect(iryna.heard).toEqual([])
    expect((await city.as('taras').room({ room })).readSeq).toBe(1)
    for (const client of [taras, iryna, olena]) await client.hangUp()
  })

  it('ends the following of a room one is taken out of', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Двоє' })
    await city.as('olena').addMember({ room, principal: people.taras.id })
    const taras = await dial(city, 'taras')
    taras.say({ type: 'subscribe', room, after: 0 })
    await taras.until(({ type }) => type === 'subscribed')
    await city.as('olena').leave({ room, principal: people.taras.id })
    expect(await taras.until(({ type }) => type === 'unsubscribed')).toEqual({ type: 'unsubscribed', room })
    await city.as('olena').post({ room, clientId: 'secret', text: 'secret' })
    taras.say({ type: 'send', room: 'square', clientId: 'end', text: 'end' })
    await taras.until(({ type }) => type === 'ack')
    expect(taras.numbered(room)).toEqual([])
    await taras.hangUp()
  })

  it('lets nobody in without a good key, or by a cookie from a foreign page', async () => {
    const status = async (headers: Record<string, string>) => {
      const socket = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, { headers })
      const [answer] = await Promise.race([
        once(socket, 'unexpected-response').then(([, response]) => [response.statusCode as number]),
        once(socket, 'open').then(() => [101]),
      ])
      socket.on('error', () => undefined)
      socket.terminate()
      return answer
    }
    const cookie = 'session=olena'
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer nobody' })).toBe(401)
    expect(await status({ cookie })).toBe(401)
    expect(await status({ cookie, origin: 'https://evil.example' })).toBe(403)
    expect(await status({ cookie, origin: 'null' })).toBe(403)
    expect(await status({ cookie, origin: 'http://127.0.0.1:7400' })).toBe(101)
    expect(await status({ cookie, origin: city.url })).toBe(101)
    expect((await city.fetch('olena', '/api/city/live')).status).toBe(400)
  })

  it('closes with 4401 what came in by a credential that is gone, and nothing else', async () => {
    const byKey = await dial(city, 'olena')
    const byCookie = await dial(city, 'olena', { cookie: 'session=olena', origin: city.url })
    const other = await dial(city, 'taras')
    city.events.broadcast(credentialRevoked, { principal: people.olena.id, type: 'key', id: 'cred_olena' })
    expect(await byKey.closed).toBe(4401)
    expect(byCookie.socket.readyState).toBe(WebSocket.OPEN)
    city.events.broadcast(credentialRevoked, { principal: people.olena.id, type: 'all' })
    expect(await byCookie.closed).toBe(4401)
    expect(other.socket.readyState).toBe(WebSocket.OPEN)
    await other.hangUp()
  })

  it('closes with 4429 who floods it', async () => {
    const client = await dial(city, 'taras')
    for (let i = 0; i < 400; i++) client.say({ type: 'typing', room: 'square' })
    expect(await client.closed).toBe(4429)
  })

  it('closes with 4408 who does not read, and serves the others on', async () => {
    const room = await openRoom()
    const slow = await dial(city, 'taras')
    slow.say({ type: 'subscribe', room, after: 0 })
    await slow.until(({ type }) => type === 'subscribed')
    const quick = await dial(city, 'iryna')
    quick.say({ type: 'subscribe', room, after: 0 })
    await quick.until(({ type }) => type === 'subscribed')
    slow.socket.pause()
    const text = 'ж'.repeat(100_000)
    // Sockets of the system take some megabytes before anything waits with us.
    for (let i = 0; i < 120; i++) {
      city.events.broadcast(runDelta, { run: 'run_1', room, offset: i, text })
      await quick.until(({ type, offset }) => type === 'delta' && offset === i)
    }
    await city.as('olena').post({ room, clientId: 'last', text: 'last' })
    await quick.until(({ type }) => type === 'message')
    slow.socket.resume()
    expect(await slow.closed).toBe(4408)
    expect(slow.heard.length).toBeLessThan(quick.heard.length)
    await quick.hangUp()
  })

  it('reports no bug of ours', () => expect(city.bugs).toEqual([]))
})
