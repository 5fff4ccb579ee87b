import { mkdtempSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../kernel/clock.ts'
import { get, post } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import { openapi } from '../../kernel/openapi.ts'
import { Secret } from '../../kernel/secret.ts'
import { createLogger } from '../logger.ts'
import { createMetrics } from '../metrics.ts'
import { createAdminSocket } from './admin-socket.ts'
import { serveDocs } from './docs.ts'
import { checkOf, serveHealth } from './health.ts'
import { httpError } from './http.errors.ts'
import { createHttp } from './http.ts'
import { serve } from './serve.ts'
import type { Authenticate, Service } from './service.ts'
import { createServiceTokens } from './token.ts'

const contract = {
  echo: post('/api/city/echo', {
    right: 'city.thing.read',
    summary: 'Say it back',
    access: 'public',
    status: 201,
    input: z.object({ word: z.string() }),
    output: z.object({ word: z.string() }),
  }),
  mine: get('/api/city/mine', {
    right: 'city.thing.read',
    summary: 'Only with a key',
    input: z.object({ tags: z.array(z.string()).optional(), deep: z.boolean().optional() }),
    output: z.object({ who: z.string(), tags: z.array(z.string()), deep: z.boolean().optional() }),
  }),
  late: get('/api/city/late', {
    right: 'city.thing.read',
    summary: 'Busy',
    access: 'public',
    input: z.object({}),
    output: z.object({}),
  }),
  broken: get('/api/city/broken', {
    right: 'city.thing.read',
    summary: 'A bug',
    access: 'public',
    input: z.object({}),
    output: z.object({}),
  }),
}
const service: Service<typeof contract> = {
  contract,
  handlers: {
    echo: async ({ word }) => ({ word }),
    mine: async ({ tags = [], deep }, { principal }) => ({
      who: principal?.id ?? '',
      tags,
      ...(deep !== undefined && { deep }),
    }),
    late: async () => {
      throw kernelError('peer.unreachable', { peer: 'x' }, { retryAfterMs: 1_500 })
    },
    broken: async () => {
      throw new Error('password=hunter2 at /srv/city')
    },
  },
}
const authenticate: Authenticate = async ({ headers }) => {
  if (headers.authorization === 'Bearer dk_good')
    return {
      principal: { id: 'person_1', kind: 'person', name: 'Ada', role: 'resident' },
      service: null,
      credential: null,
    }
  if (headers.authorization) throw httpError('auth.bad_credential')
  return { principal: null, service: null, credential: null }
}

async function server() {
  const metrics = createMetrics()
  const app = await createHttp({
    logger: createLogger('silent'),
    metrics,
    publicUrl: 'http://city.test',
    trustProxy: false,
    maxUploadBytes: 1000,
  })
  serve(app, service, authenticate)
  serveHealth(app, {
    clock: systemClock,
    metrics,
    services: ['city'],
    check: async () => [
      await checkOf('database', async () => {}),
      await checkOf('nats', () => Promise.reject(new Error('gone'))),
    ],
  })
  serveDocs(app, () => openapi('t', '0', { city: contract }))
  return app
}

test('a contract is served: status, body, query types, request id', async () => {
  await using app = await server()
  const said = await app.inject({
    method: 'POST',
    url: '/api/city/echo',
    payload: { word: 'слово' },
    headers: { 'x-request-id': 'req_from_outside' },
  })
  expect(said.statusCode).toBe(201)
  expect(said.json()).toEqual({ word: 'слово' })
  expect(said.headers['x-request-id']).toBe('req_from_outside')
  const mine = await app.inject({
    url: '/api/city/mine?tags=a&deep=true',
    headers: { authorization: 'Bearer dk_good' },
  })
  expect(mine.json()).toEqual({ who: 'person_1', tags: ['a'], deep: true })
})

test.each([
  ['nobody', { url: '/api/city/mine' }, 401, 'auth.required'],
  [
    'a wrong key',
    { url: '/api/city/mine', headers: { authorization: 'Bearer dk_bad' } },
    401,
    'auth.bad_credential',
  ],
  ['an unknown route', { url: '/api/city/nothing' }, 404, 'http.not_found'],
  ['a wrong type', { method: 'POST', url: '/api/city/echo', payload: { word: 7 } }, 400, 'input.invalid'],
  ['no body', { method: 'POST', url: '/api/city/echo' }, 400, 'input.invalid'],
  [
    'half a body',
    { method: 'POST', url: '/api/city/echo', payload: '{', headers: { 'content-type': 'application/json' } },
    400,
    'http.invalid',
  ],
  [
    'another kind of body',
    { method: 'POST', url: '/api/city/echo', payload: '<x/>', headers: { 'content-type': 'text/xml' } },
    415,
    'http.unsupported',
  ],
  [
    'a huge body',
    { method: 'POST', url: '/api/city/echo', payload: { word: 'x'.repeat(2_000_000) } },
    413,
    'http.too_large',
  ],
  [
    'another site',
    {
      method: 'POST',
      url: '/api/city/echo',
      payload: { word: 'x' },
      headers: { origin: 'http://evil.test' },
    },
    403,
    'auth.wrong_origin',
  ],
  ['a bug', { url: '/api/city/broken' }, 500, 'internal'],
] as const)('%s gets its code', async (_name, asked, status, code) => {
  await using app = await server()
  const answer = await app.inject({ ...asked, headers: { ...('headers' in asked ? asked.headers : {}) } })
  expect([answer.statusCode, answer.json().error.code]).toEqual([status, code])
  expect(answer.body).not.toContain('hunter2')
})

test('its own page may post, and a later try is told when', async () => {
  await using app = await server()
  const own = await app.inject({
    method: 'POST',
    url: '/api/city/echo',
    payload: { word: 'x' },
    headers: { origin: 'http://city.test' },
  })
  expect(own.statusCode).toBe(201)
  const late = await app.inject({ url: '/api/city/late' })
  expect([late.statusCode, late.headers['retry-after']]).toEqual([503, '2'])
})

test('pages come with the headers that keep them safe', async () => {
  await using app = await server()
  const { headers } = await app.inject({ url: '/docs' })
  expect(headers['content-security-policy']).toContain("script-src 'self'")
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['x-frame-options']).toBe('DENY')
})

test('health is alive, readiness names what is down and since when, metrics count by service', async () => {
  await using app = await server()
  await app.inject({ url: '/api/city/late' })
  expect((await app.inject({ url: '/health' })).json()).toEqual({ state: 'ok' })
  const ready = await app.inject({ url: '/ready' })
  expect(ready.statusCode).toBe(503)
  expect(ready.json()).toMatchObject({
    state: 'down',
    checks: [
      { name: 'database', state: 'ok', since: expect.stringMatching(/Z$/) },
      { name: 'nats', state: 'down', detail: 'gone' },
    ],
  })
  const { body } = await app.inject({ url: '/metrics' })
  expect(body).toContain('http_requests_total{service="city",method="GET",status="503"} 1')
  expect(body).toContain('http_request_duration_seconds_bucket')
})

test('the operator’s socket is told from the network, and is only the owner’s', async () => {
  await using app = await server()
  const path = join(mkdtempSync(join(tmpdir(), 'socket-')), 'city.sock')
  const socket = createAdminSocket(app)
  app.get('/who', async (request) => ({ operator: socket.owns(request) }))
  await socket.listen(path)
  try {
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const body = await new Promise<string>((resolve, reject) => {
      request({ socketPath: path, path: '/who' }, (response) => {
        response.setEncoding('utf8').on('data', resolve).on('error', reject)
      })
        .on('error', reject)
        .end()
    })
    expect(JSON.parse(body)).toEqual({ operator: true })
    expect((await app.inject({ url: '/who' })).json()).toEqual({ operator: false })
  } finally {
    await socket.close()
  }
})

test('a service’s token carries the asker, and a foreign one is refused', async () => {
  const tokens = createServiceTokens(new Secret('a'.repeat(32)))
  const principal = { id: 'person_1', kind: 'person', name: 'Ада', role: 'resident' } as const
  const token = await tokens.sign({ service: 'agents', principal })
  expect(await tokens.read(token)).toEqual({ service: 'agents', principal })
  const foreign = createServiceTokens(new Secret('b'.repeat(32)))
  await expect(foreign.read(token)).rejects.toMatchObject({ code: 'auth.bad_credential' })
})
