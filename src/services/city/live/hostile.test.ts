import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { openTestCity, people, type Someone, type TestCity } from '../../../../test/kit/city-service.ts'
import { credentialRevoked } from '../../auth/auth.events.ts'

interface Said {
  readonly type: string
  readonly code?: string
  readonly room?: string
}

/** A frame of RFC 6455 as its bytes say it, right or wrong. */
function raw({
  first = 0x81,
  mask = true,
  length = undefined as number | undefined,
  body = Buffer.alloc(0),
}): Buffer {
  const size = length ?? body.length
  const head =
    size < 126
      ? Buffer.of(first, (mask ? 0x80 : 0) | size)
      : Buffer.concat([Buffer.of(first, (mask ? 0x80 : 0) | 127), Buffer.alloc(8)])
  if (head.length > 2) head.writeBigUInt64BE(BigInt(size), 2)
  const key = mask ? Buffer.alloc(4) : Buffer.alloc(0)
  return Buffer.concat([head, key, body])
}
const text = (words: string, more: Partial<Parameters<typeof raw>[0]> = {}) =>
  raw({ body: Buffer.from(words), ...more })

/** What the protocol forbids; each ends the connection that says it. */
const BROKEN: readonly (readonly [string, Buffer])[] = [
  ['no mask', text('{}', { mask: false })],
  ['a reserved bit', text('{}', { first: 0xc1 })],
  ['all reserved bits', text('{}', { first: 0xf1 })],
  ['a kind of frame that is none', text('{}', { first: 0x83 })],
  ['a control that is none', text('', { first: 0x8b })],
  ['a ping in pieces', text('x', { first: 0x09 })],
  ['a ping too long', raw({ first: 0x89, body: Buffer.alloc(200) })],
  ['going on with nothing', text('x', { first: 0x80 })],
  ['a beginning within a beginning', Buffer.concat([text('{', { first: 0x01 }), text('{}')])],
  ['bytes that are no text', raw({ first: 0x82, body: randomBytes(64) })],
  ['no UTF-8', raw({ body: Buffer.from([0xff, 0xfe, 0xc3, 0x28]) })],
  ['half a character at the end', raw({ body: Buffer.from([0x22, 0xd0]) })],
  ['a length beyond numbers', raw({ length: 2 ** 53 })],
  ['more than a frame may hold', raw({ length: 300 * 1024, body: Buffer.alloc(300 * 1024, 0x20) })],
  [
    'pieces that are together too much',
    Buffer.concat([
      text('"', { first: 0x01 }),
      ...Array.from({ length: 40 }, () => raw({ first: 0x00, body: Buffer.alloc(10_000, 0x61) })),
    ]),
  ],
  ['a close with half a code', raw({ first: 0x88, body: Buffer.of(3) })],
  ['a close with a code that is none', raw({ first: 0x88, body: Buffer.from([0x03, 0xec]) })],
]

/** What is a frame, and no word of ours. */
const SENSELESS: readonly string[] = [
  ...['', ' ', '\0', '"', '{', '}', '[]', 'null', 'true', '1e999', '-0', '"subscribe"', '\uFEFF{}', 'NaN'],
  ...[
    '{"type":"__proto__"}',
    '{"__proto__":{"type":"subscribe"}}',
    '{"type":"constructor"}',
    '{"type":["send"]}',
  ],
  ...['{"type":"send"}', '{"type":"send","room":1}', '{"type":"send","room":{},"clientId":"a","text":"x"}'],
  ...['{"type":"subscribe"}', '{"type":"subscribe","rooms":{}}', '{"type":"subscribe","rooms":[1]}'],
  ...['{"type":"subscribe","room":"square","after":1.5}', '{"type":"subscribe","room":"square","after":"1"}'],
  ...[
    '{"type":"read","room":"square","seq":-1}',
    '{"type":"read","room":"square"}',
    '{"type":"read","seq":1}',
  ],
  ...['{"type":"presence","state":"god"}', '{"type":"presence","state":1}', '{"type":"ack","id":"x"}'],
  `${'['.repeat(50_000)}`,
  JSON.stringify({ type: 'subscribe', rooms: Array.from({ length: 10_000 }, (_, n) => ({ room: `r${n}` })) }),
  JSON.stringify({ type: 'send', room: 'square', clientId: 'x'.repeat(10_000), text: 'x' }),
]

describe('a hostile client of the live socket', () => {
  let city: TestCity
  beforeAll(async () => {
    city = await openTestCity({ limits: { live: { burstFrames: 300, framesPerSecond: 40 } } })
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  async function dial(who: Someone) {
    const socket = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, {
      headers: { authorization: `Bearer ${who}` },
    })
    const heard: Said[] = []
    socket.on('message', (data) => heard.push(JSON.parse(String(data)) as Said))
    socket.on('error', () => undefined)
    const closed = once(socket, 'close').then(([code]) => code as number)
    await once(socket, 'open')
    const hears = (n: number) =>
      expect.poll(() => heard.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(n)
    return { socket, heard, closed, hears, say: (frame: unknown) => socket.send(JSON.stringify(frame)) }
  }

  /** A socket of the system that has shaken hands, and knows nothing of frames. */
  async function line(): Promise<Socket> {
    const { hostname, port } = new URL(city.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    socket.write(
      [
        'GET /api/city/live HTTP/1.1',
        `Host: ${hostname}:${port}`,
        'Authorization: Bearer taras',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        '\r\n',
      ].join('\r\n'),
    )
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(first.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /)
    return socket
  }

  it.each(BROKEN)('is closed for what the protocol forbids: %s', async (_name, bytes) => {
    const socket = await line()
    // A line that is reset under what was still on its way is closed too.
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.on('data', () => undefined).on('end', () => socket.end())
    socket.write(bytes)
    await ended
  })

  it('is told of what has no sense, and may go on', async () => {
    const client = await dial('taras')
    for (const frame of SENSELESS) client.socket.send(frame)
    client.say({ type: 'send', room: 'square', clientId: 'sense', text: 'sense' })
    await expect.poll(() => client.heard.some(({ type }) => type === 'ack'), { timeout: 20_000 }).toBe(true)
    const faults = client.heard.filter(({ type }) => type !== 'ack')
    // What follows no room at all is no fault; all else is, once each.
    expect(faults.length).toBeGreaterThan(25)
    expect(faults.length).toBeLessThanOrEqual(SENSELESS.length)
    for (const { type, code } of faults)
      expect([type, code]).toEqual(['error', expect.stringMatching(/^(city|input)\./)])
    expect(JSON.stringify(client.heard).length).toBeLessThan(50_000)
    client.socket.terminate()
    await client.closed
  })

  it('says things in no order, of rooms it never joined, and changes nothing by it', async () => {
    const { id: hidden } = await city.as('olena').openRoom({ name: 'Закрита' })
    const { message } = await (async () => ({
      message: await city.as('olena').post({ room: hidden, clientId: 'own', text: 'own' }),
    }))()
    const client = await dial('taras')
    const frames = [
      { type: 'unsubscribe', room: hidden },
      { type: 'unsubscribe', room: 'nowhere' },
      { type: 'typing', room: hidden },
      { type: 'typing', room: 'nowhere' },
      { type: 'read', room: hidden, seq: 1 },
      { type: 'read', room: 'nowhere', seq: 1 },
      { type: 'send', room: hidden, clientId: 'x', text: 'x' },
      { type: 'send', room: 'nowhere', clientId: 'x', text: 'x' },
      { type: 'send', room: 'square', clientId: 'r', text: 'x', replyTo: message.id },
      { type: 'send', room: 'square', clientId: 't', text: 'x', thread: message.id },
      {
        type: 'subscribe',
        rooms: [
          { room: hidden, after: 0 },
          { room: 'nowhere', after: 0 },
        ],
      },
      { type: 'subscribe', room: 'square', after: 2 ** 52 },
      { type: 'subscribe', room: 'square', after: 2 ** 52 },
      { type: 'unsubscribe', room: 'square' },
      { type: 'unsubscribe', room: 'square' },
    ]
    for (const frame of frames) client.say(frame)
    client.say({ type: 'send', room: 'square', clientId: 'after', text: 'after' })
    await expect.poll(() => client.heard.some(({ type }) => type === 'ack'), { timeout: 20_000 }).toBe(true)
    const told = (room: string) =>
      client.heard
        .filter((said) => said.room === room)
        .map(({ type, code }) => `${type} ${code}`)
        .sort((a, b) => (a < b ? -1 : 1))
    await expect.poll(() => told(hidden).length, { timeout: 20_000 }).toBeGreaterThan(3)
    // A hidden room and none answer alike, frame for frame.
    expect(told(hidden)).toEqual(told('nowhere'))
    expect((await city.as('olena').messages({ room: hidden })).items).toHaveLength(1)
    expect((await city.as('olena').room({ room: hidden })).seq).toBe(1)
    client.socket.terminate()
    await client.closed
  })

  it('that floods is closed, and what it said beyond is not stored', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Потоп', visibility: 'public' })
    const client = await dial('iryna')
    for (let n = 0; n < 3000; n++) client.say({ type: 'send', room, clientId: `flood${n}`, text: 'x' })
    expect(await client.closed).toBe(4429)
    await expect
      .poll(async () => (await city.as('olena').room({ room })).seq, { timeout: 20_000 })
      .toBeLessThan(400)
  })

  it('is heard no more after its credential is gone, whatever is still on its way', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Після', visibility: 'public' })
    const client = await dial('taras')
    client.say({ type: 'subscribe', room, after: 0 })
    await client.hears(1)
    const closed = client.closed
    city.events.broadcast(credentialRevoked, { principal: people.taras.id, type: 'key', id: 'cred_taras' })
    expect(await closed).toBe(4401)
    for (let n = 0; n < 20; n++) {
      // A client that goes on though it was told to go.
      ;(client.socket as unknown as { _socket: Socket | null })._socket?.write(
        text(JSON.stringify({ type: 'send', room, clientId: `late${n}`, text: 'late' })),
      )
    }
    await city.as('olena').post({ room, clientId: 'end', text: 'end' })
    expect((await city.as('olena').messages({ room })).items.map((one) => one.text)).toEqual(['end'])
    expect(client.heard.filter(({ type }) => type === 'message')).toEqual([])
  })

  it('reports no bug of ours', () => expect(city.bugs).toEqual([]))
})
