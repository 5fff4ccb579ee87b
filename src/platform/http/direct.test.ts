import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import { createLogger } from '../logger.ts'
import { createMetrics } from '../metrics.ts'
import { httpError } from './http.errors.ts'
import { createHttp } from './http.ts'
import { serve } from './serve.ts'

const Word = z.object({ word: z.string().max(20) })
const contract = {
  say: post('/api/city/say', {
    right: 'city.thing.make',
    summary: 'Say it',
    access: 'public',
    status: 201,
    input: Word,
    output: Word,
  }),
  sayIn: post('/api/city/rooms/:room/say', {
    right: 'city.thing.make',
    summary: 'Say it somewhere',
    access: 'public',
    input: Word.extend({ room: z.string() }),
    output: Word.extend({ room: z.string() }),
  }),
  look: get('/api/city/look', {
    right: 'city.thing.read',
    summary: 'By words',
    access: 'public',
    input: z.object({
      words: z.array(z.string()).default([]),
      limit: z.number().int().optional(),
      deep: z.boolean().optional(),
    }),
    output: z.object({ asked: z.string() }),
  }),
  mine: get('/api/city/mine', {
    right: 'city.thing.read',
    summary: 'With a key',
    input: z.object({}),
    output: Word,
  }),
  late: get('/api/city/late', {
    right: 'city.thing.read',
    summary: 'Busy',
    access: 'public',
    input: z.object({}),
    output: Word,
  }),
  broken: get('/api/city/broken', {
    right: 'city.thing.read',
    summary: 'A bug',
    access: 'public',
    input: z.object({}),
    output: Word,
  }),
  slow: get('/api/city/slow', {
    right: 'city.thing.read',
    summary: 'Until the caller leaves, or is let go',
    access: 'public',
    input: z.object({}),
    output: Word,
  }),
}

async function server() {
  const metrics = createMetrics()
  const happens = new EventEmitter()
  const began = once(happens, 'began')
  const left = once(happens, 'left')
  const app = await createHttp({
    logger: createLogger('silent'),
    metrics,
    publicUrl: 'http://city.test',
    trustProxy: false,
    maxUploadBytes: 1000,
  })
  serve(
    app,
    {
      contract,
      handlers: {
        say: async ({ word }) => ({ word }),
        sayIn: async ({ word, room }) => ({ word, room }),
        look: async (input) => ({ asked: JSON.stringify(input) }),
        mine: async (_, { principal }) => ({ word: principal?.name ?? '' }),
        late: async () => {
          throw kernelError('peer.unreachable', { peer: 'x' }, { retryAfterMs: 1_500 })
        },
        broken: async () => {
          throw new Error('password=hunter2')
        },
        slow: async (_, { signal }) => {
          happens.emit('began')
          await Promise.race([once(signal, 'abort'), once(happens, 'go')])
          happens.emit('left')
          return { word: 'late' }
        },
      },
    },
    async ({ headers: { authorization } }) => {
      if (authorization && authorization !== 'Bearer dk_good') throw httpError('auth.bad_credential')
      const principal = { id: 'person_1', kind: 'person', name: 'Ada', role: 'resident' } as const
      return { principal: authorization ? principal : null, service: null, credential: null }
    },
  )
  let rounds = 0
  app.addHook('onRequest', (_request, _reply, done) => {
    rounds++
    done()
  })
  app.get('/api/city/rooms/mine/look', async () => ({ by: 'another route' }))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url, metrics, left, began, go: () => happens.emit('go'), rounds: () => rounds }
}

const full = { 'content-type': 'application/json; charset=utf-8' }
const json = { 'content-type': 'application/json' }
const id = { 'x-request-id': 'req_from_outside' }

test.each([
  ['a body', 'POST', '/api/city/say', { ...json, ...id }, '{"word":"слово"}'],
  ['a name in the address', 'POST', '/api/city/rooms/room_1/say', { ...json, ...id }, '{"word":"a"}'],
  ['an encoded name', 'POST', '/api/city/rooms/%D0%B4%00/say', { ...json, ...id }, '{"word":"a"}'],
  ['no name', 'POST', '/api/city/rooms//say', { ...json, ...id }, '{"word":"a"}'],
  ['a body whose kind is said in full', 'POST', '/api/city/say', { ...full, ...id }, '{"word":"a"}'],
  [
    'another writing of it',
    'POST',
    '/api/city/say',
    { 'content-type': 'Application/JSON;charset="utf-8"', ...id },
    '{"word":"a"}',
  ],
  [
    'another charset',
    'POST',
    '/api/city/say',
    { 'content-type': 'application/json; charset=koi8-u', ...id },
    Buffer.from([0x22, 0xd4, 0x22]),
  ],
  ['a query beside a body', 'POST', '/api/city/say?word=b', { ...full, ...id }, '{"word":"a"}'],
  [
    'a name of prototypes in escapes',
    'POST',
    '/api/city/say',
    { ...json, ...id },
    '{"\\u005f_proto__":{"word":"a"}}',
  ],
  [
    'a constructor',
    'POST',
    '/api/city/say',
    { ...json, ...id },
    '{"word":"a","constructor":{"prototype":{}}}',
  ],
  ['the word constructor', 'POST', '/api/city/say', { ...json, ...id }, '{"word":"constructor"}'],
  ['a sign for what is no text', 'POST', '/api/city/say', { ...json, ...id }, '{"word":"\uFFFD"}'],
  ['a mark of byte order', 'POST', '/api/city/say', { ...json, ...id }, '\uFEFF{"word":"a"}'],
  ['a list', 'POST', '/api/city/say', { ...json, ...id }, '[{"word":"a"}]'],
  ['nothing but a text', 'POST', '/api/city/say', { ...json, ...id }, '"a"'],
  ['types in a query', 'GET', '/api/city/look?words=a&words=b%20c+d&limit=7&deep=true', id, undefined],
  ['one of a list, and what is unknown', 'GET', '/api/city/look?words=%D0%B4&x=1&limit=', id, undefined],
  ['a broken query', 'GET', '/api/city/look?&&=&words=%FF&words=%E0%A4%A&words=%00&limit=1&', id, undefined],
  ['a wrong query', 'GET', '/api/city/look?limit=many', id, undefined],
  ['a question mark alone', 'GET', '/api/city/look?', id, undefined],
  ['a query that asks again', 'GET', '/api/city/look?words=a?b=c;d', id, undefined],
  ['prototypes in a query', 'GET', '/api/city/look?__proto__=a&words=a', id, undefined],
  ['a query at an encoded path', 'GET', '/api/city/%6Cook?limit=1', id, undefined],
  ['a query', 'GET', '/api/city/mine?x=1', { authorization: 'Bearer dk_good', ...id }, undefined],
  ['a key', 'GET', '/api/city/mine', { authorization: 'Bearer dk_good', ...id }, undefined],
  ['a wrong key', 'GET', '/api/city/mine', { authorization: 'Bearer dk_bad', ...id }, undefined],
  ['nobody', 'GET', '/api/city/mine', id, undefined],
  ['HEAD', 'HEAD', '/api/city/mine', { authorization: 'Bearer dk_good', ...id }, undefined],
  ['another method', 'DELETE', '/api/city/say', id, undefined],
  ['a wrong type', 'POST', '/api/city/say', { ...json, ...id }, '{"word":7}'],
  ['half a body', 'POST', '/api/city/say', { ...json, ...id }, '{'],
  ['an empty body', 'POST', '/api/city/say', { ...json, ...id }, ''],
  ['no body', 'POST', '/api/city/say', id, undefined],
  ['text that cannot be stored', 'POST', '/api/city/say', { ...json, ...id }, '{"word":"\\u0000"}'],
  ['no UTF-8', 'POST', '/api/city/say', { ...json, ...id }, Buffer.from([0x22, 0xff, 0x22])],
  ['depth', 'POST', '/api/city/say', { ...json, ...id }, '['.repeat(101) + ']'.repeat(101)],
  ['a prototype', 'POST', '/api/city/say', { ...json, ...id }, '{"__proto__":{"word":"a"}}'],
  ['another kind of body', 'POST', '/api/city/say', { 'content-type': 'text/xml', ...id }, '<x/>'],
  ['too much', 'POST', '/api/city/say', { ...json, ...id }, JSON.stringify({ word: 'x'.repeat(1_100_000) })],
  ['another site', 'POST', '/api/city/say', { ...json, ...id, origin: 'http://evil.test' }, '{"word":"a"}'],
  ['its own page', 'POST', '/api/city/say', { ...json, ...id, origin: 'http://city.test' }, '{"word":"a"}'],
  ['a later try', 'GET', '/api/city/late', id, undefined],
  ['a bug', 'GET', '/api/city/broken', id, undefined],
] as const)('%s: directly and by Fastify the answer is the same', async (_, method, path, headers, body) => {
  const { app, url } = await server()
  await using _closing = { [Symbol.asyncDispose]: () => app.close() }
  const direct = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) })
  const usual = await app.inject({ method, url: path, headers, ...(body !== undefined && { payload: body }) })
  expect(direct.status).toBe(usual.statusCode)
  expect(await direct.text()).toBe(usual.body)
  const passing = ['connection', 'date', 'keep-alive', 'content-length', 'transfer-encoding']
  const plain = (all: Iterable<readonly [string, unknown]>) =>
    Object.fromEntries([...all].filter(([name]) => !passing.includes(name)))
  expect(plain(direct.headers)).toEqual(plain(Object.entries(usual.headers)))
})

test('requests are counted, and a caller who leaves ends the call', async () => {
  const { app, url, metrics, left, began } = await server()
  await using _closing = { [Symbol.asyncDispose]: () => app.close() }
  const headers = { 'content-type': 'application/json' }
  await (await fetch(`${url}/api/city/say`, { method: 'POST', headers, body: '{"word":"a"}' })).text()
  const leaving = new AbortController()
  const slow = fetch(`${url}/api/city/slow`, { signal: leaving.signal })
  await began
  expect((await metrics.render()).body).toContain('active_connections{service="city"} 1')
  leaving.abort()
  await expect(slow).rejects.toThrow()
  await left
  const { body } = await metrics.render()
  expect(body).toContain('http_requests_total{service="city",method="POST",status="201"} 1')
  expect(body).toContain('active_connections{service="city"} 0')
})

test('a body that ends before its end is answered to nobody', async () => {
  const { app, url, metrics } = await server()
  await using _closing = { [Symbol.asyncDispose]: () => app.close() }
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.end(
    'POST /api/city/say HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"word":',
  )
  socket.resume()
  await once(socket, 'close')
  expect((await fetch(`${url}/api/city/mine`)).status).toBe(401)
  expect((await metrics.render()).body).toContain('active_connections{service="city"} 0')
})

test('bodies in pieces, one request after another on one line, and all at once are answered in order', async () => {
  const { app, url } = await server()
  await using _closing = { [Symbol.asyncDispose]: () => app.close() }
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
    .setEncoding('utf8')
    .setNoDelay(true)
  let heard = ''
  socket.on('data', (said: string) => {
    heard += said
  })
  const say = (word: string) => {
    const body = JSON.stringify({ word })
    return `POST /api/city/say HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  }
  const words = () => [...heard.matchAll(/"word":"(.*?)"/g)].map(([, word]) => word)
  const whole = say('слово')
  for (const piece of [whole.slice(0, -8), ...whole.slice(-8)]) {
    socket.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await expect.poll(words, { timeout: 20_000 }).toEqual(['слово'])
  socket.write(
    `${say('один')}GET /api/city/look?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n${say('два')}${say('три')}`,
  )
  await expect.poll(words, { timeout: 20_000 }).toEqual(['слово', 'один', 'два', 'три'])
  expect(heard.match(/HTTP\/1.1 \d+|asked/g)).toEqual([
    'HTTP/1.1 201',
    'HTTP/1.1 201',
    'HTTP/1.1 200',
    'asked',
    'HTTP/1.1 201',
    'HTTP/1.1 201',
  ])
  socket.destroy()
})

test('a route that is no operation keeps its better match', async () => {
  const { app, url } = await server()
  await using _closing = { [Symbol.asyncDispose]: () => app.close() }
  expect(await (await fetch(`${url}/api/city/rooms/mine/look`)).json()).toEqual({ by: 'another route' })
})

test('Fastify makes its round for what is less plain alone', async () => {
  const { app, url, rounds } = await server()
  await using _closing = { [Symbol.asyncDispose]: () => app.close() }
  for (const path of ['/api/city/say', '/api/city/rooms/room_1/say', '/api/city/say?x=1'])
    for (const headers of [json, full])
      await fetch(url + path, { method: 'POST', headers, body: '{"word":"a"}' })
  await fetch(`${url}/api/city/look?words=a&limit=1`)
  expect(rounds()).toBe(0)
  await fetch(`${url}/api/city/%6Cook?limit=1`)
  expect(rounds()).toBe(1)
})

test('while the server closes, what it began is answered and what comes is refused', async () => {
  const { app, url, began, go } = await server()
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
  let heard = ''
  socket.on('data', (said: string) => {
    heard += said
  })
  socket.write('GET /api/city/slow HTTP/1.1\r\nHost: x\r\n\r\n')
  await began
  const closed = app.close()
  await expect.poll(() => app.server.listening).toBe(false)
  socket.write('GET /api/city/mine HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise((resolve) => setImmediate(resolve))
  go()
  await once(socket, 'close')
  await closed
  expect(heard.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 503'])
})
