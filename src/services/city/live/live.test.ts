import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { openTestCity, people, type Someone, type TestCity } from '../../../../test/kit/city-service.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { runDelta, runStep } from '../../agents/agents.events.ts'
import { credentialRevoked } from '../../auth/auth.events.ts'
import { jobChanged } from '../../multimodal-gateway/multimodal-gateway.events.ts'
import { ServerFrame } from '../city.live.contract.ts'
import { accessChanged } from './channels.ts'

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

  it('tells how a job goes to every page of its owner, and to nobody else', async () => {
    const pages = [await dial(city, 'taras'), await dial(city, 'taras')]
    const olena = await dial(city, 'olena')
    const now = { owner: people.taras.id, state: 'running' as const, progress: 0.5 }
    city.events.broadcast(jobChanged, { job: 'job_1', cancelled: false, now })
    for (const page of pages)
      expect(await page.until(({ type }) => type === 'job')).toEqual({
        ...{ type: 'job', id: 'job_1' },
        ...{ state: 'running', progress: 0.5 },
      })
    const owner = people.olena.id
    city.events.broadcast(jobChanged, { job: 'job_2', cancelled: false, now: { ...now, owner } })
    await olena.until(({ type }) => type === 'job')
    expect(olena.heard.map(({ id }) => id)).toEqual(['job_2'])
    for (const one of [...pages, olena]) await one.hangUp()
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

  it('follows two hundred rooms by one frame, each from its own place, and says which it may not', async () => {
    const hidden = await city.as('olena').openRoom({ name: 'Закрита' })
    const rooms: string[] = []
    for (let i = 0; i < 200; i++) rooms.push(await openRoom())
    const [first = '', second = ''] = rooms
    await fill(first, 1, 4)
    await city.db.updateTable('city.room').set({ seq: 1000 }).where('id', '=', second).execute()
    const client = await dial(city, 'taras')
    client.say({
      type: 'subscribe',
      rooms: [
        { room: first, after: 2 },
        { room: second, after: 1 },
        { room: hidden.id, after: 0 },
        { room: 'nowhere' },
        ...rooms.slice(2).map((room) => ({ room, after: 0 })),
      ],
    })
    await client.until(() => client.heard.filter(({ type }) => type === 'subscribed').length === 200)
    expect(client.numbered(first).map(({ seq }) => seq)).toEqual([3, 4])
    expect(client.heard.filter(({ type }) => type === 'resync')).toEqual([
      { type: 'resync', room: second, seq: 1000 },
    ])
    const refused = client.heard.filter(({ type }) => type === 'error')
    expect(refused.map(({ code, room }) => [code, room])).toEqual([
      ['city.room_not_found', hidden.id],
      ['city.room_not_found', 'nowhere'],
    ])
    const { room: _one, ...said } = refused[0] ?? {}
    const { room: _two, ...other } = refused[1] ?? {}
    expect(said).toEqual(other)
    const last = rooms.at(-1) ?? ''
    await fill(last, 1, 1)
    await client.until(({ type, room }) => type === 'message' && room === last)
    client.say({ type: 'subscribe', rooms: Array.from({ length: 400 }, () => ({ room: 'square' })) })
    await client.until(({ code }) => code === 'city.too_many_rooms')
    client.say({ type: 'subscribe', room: first, rooms: [{ room: first }] })
    client.say({ type: 'subscribe' })
    await client.until(() => client.heard.filter(({ code }) => code === 'city.frame_invalid').length === 2)
    await client.hangUp()
  })

  it('tells all who follow a room that it is no longer theirs, and streams on to whoever stays', async () => {
    const room = await openRoom()
    const [olena, taras] = [await dial(city, 'olena'), await dial(city, 'taras')]
    for (const client of [olena, taras]) {
      client.say({ type: 'subscribe', room })
      await client.until(({ type }) => type === 'subscribed')
    }
    await city.db.updateTable('city.room').set({ visibility: 'private' }).where('id', '=', room).execute()
    city.events.broadcast(accessChanged, { room })
    await taras.until(({ type }) => type === 'unsubscribed')
    await fill(room, 1, 1)
    await olena.until(({ type }) => type === 'message')
    taras.say({ type: 'typing', room })
    await taras.until(({ code }) => code === 'city.room_not_found')
    expect(taras.numbered(room)).toEqual([])
    for (const client of [olena, taras]) await client.hangUp()
  })

  it('keeps every frame whole, whatever its length, and says several at once in their order', async () => {
    const room = await openRoom()
    const taras = await dial(city, 'taras')
    taras.say({ type: 'subscribe', room })
    await taras.until(({ type }) => type === 'subscribed')
    const lengths = [0, 40, 41, 42, 43, 60, 65_450, 65_460, 65_470, 65_480, 100_000]
    for (const [offset, length] of lengths.entries())
      city.events.broadcast(runDelta, { run: 'run_1', room, offset, text: 'a'.repeat(length) })
    await taras.until(({ offset }) => offset === lengths.length - 1)
    const deltas = taras.heard.filter(({ type }) => type === 'delta')
    expect(deltas.map(({ text }) => String(text).length)).toEqual(lengths)
    await taras.hangUp()
  })

  it('shows who is here, and in which room they are only to those who may read it', async () => {
    const hidden = await city.as('olena').openRoom({ name: 'Закрита' })
    const olena = await dial(city, 'olena')
    olena.say({ type: 'presence', state: 'here', room: hidden.id })
    await olena.until(({ type }) => type === 'presence')
    const taras = await dial(city, 'taras')
    taras.say({ type: 'presence', state: 'away', room: 'nowhere' })
    const everybody = await taras.until(({ type }) => type === 'presence')
    expect(everybody).toMatchObject({
      people: expect.arrayContaining([{ principal: 'agent_daarwizz', state: 'idle' }]),
    })
    await olena.until(
      ({ type, people: told }) =>
        type === 'presence' && JSON.stringify(told).includes(`"${people.taras.id}","state":"away"`),
    )
    const ask = (who: Someone) =>
      city.as(who).presence({
        principals: [people.olena.id, people.taras.id, people.iryna.id, 'p_nobody'],
        rooms: [hidden.id, 'square', 'nowhere'],
      })
    await expect
      .poll(async () => (await ask('olena')).rooms)
      .toEqual([
        { room: hidden.id, here: 1 },
        { room: expect.any(String), here: 0 },
      ])
    expect((await ask('taras')).rooms).toHaveLength(1)
    expect((await ask('taras')).people.map(({ state }) => state)).toEqual(['here', 'away', 'gone', 'gone'])
    await taras.hangUp()
    await olena.until(
      ({ type, people: told }) =>
        type === 'presence' && JSON.stringify(told).includes(`"${people.taras.id}","state":"gone"`),
    )
    await olena.hangUp()
  })

  it('shows what agents are at', async () => {
    const taras = await dial(city, 'taras')
    taras.say({ type: 'presence', state: 'here' })
    await taras.until(({ type }) => type === 'presence')
    const run = { run: 'run_9', room: null, agent: 'agent_daarwizz', state: 'running' }
    const told = () =>
      taras.heard
        .flatMap((said) => (said.type === 'presence' ? said.people : []))
        .filter(({ principal }) => principal === 'agent_daarwizz')
        .map(({ state }) => state)
    for (const step of ['retrieve', 'model', 'tool', 'end'])
      city.events.broadcast(runStep, { ...run, step, ...(step === 'end' && { state: 'done' }) })
    await expect.poll(told).toEqual(['idle', 'reading', 'thinking', 'tool', 'idle'])
    city.events.broadcast(runStep, { ...run, step: 'end', state: 'failed', code: 'llm.over_budget' })
    await expect.poll(told).toContain('budget')
    city.events.broadcast(runStep, { ...run, step: 'end', state: 'done' })
    await expect.poll(() => told().at(-1)).toBe('idle')
    await taras.hangUp()
  })

  it('tells nobody but themselves how far those have read who do not let it be seen', async () => {
    const room = await openRoom()
    await fill(room, 1, 3)
    const [olena, iryna] = [await dial(city, 'olena'), await dial(city, 'iryna')]
    for (const client of [olena, iryna]) {
      client.say({ type: 'subscribe', room })
      await client.until(({ type }) => type === 'subscribed')
    }
    expect(await city.as('iryna').liveSettings({})).toEqual({ readReceipts: true })
    await city.as('iryna').read({ room, seq: 1 })
    await olena.until(({ type, seq }) => type === 'read' && seq === 1)
    expect(await city.as('olena').receipts({ room })).toEqual({
      items: [{ principal: people.iryna.id, seq: 1 }],
    })
    await city.as('iryna').changeLiveSettings({ readReceipts: false })
    await city.as('iryna').read({ room, seq: 3 })
    await iryna.until(({ type, seq }) => type === 'read' && seq === 3)
    await city.as('taras').read({ room, seq: 2 })
    await olena.until(({ type, seq }) => type === 'read' && seq === 2)
    expect(olena.heard.filter(({ type }) => type === 'read')).toHaveLength(2)
    expect(await city.as('olena').receipts({ room })).toEqual({
      items: [{ principal: people.taras.id, seq: 2 }],
    })
    await city.as('iryna').changeLiveSettings({ readReceipts: true })
    for (const client of [olena, iryna]) await client.hangUp()
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
