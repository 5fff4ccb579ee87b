import { inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { connect, local } from './client.ts'
import type { Clock } from './clock.ts'
import { type Call, get, invoke, post } from './contract.ts'
import { deadline } from './deadline.ts'
import { AppError, catalogue } from './errors.ts'
import { createIds } from './ids.ts'
import { openapi } from './openapi.ts'
import type { Principal } from './principal.ts'
import { encodeQuery, queryDecoder } from './query.ts'
import { Scope } from './scope.ts'
import { Secret } from './secret.ts'

const stopped = (ms: number): Clock => ({ now: () => ms, sleep: async () => {} })
const ada: Principal = { id: 'person_1', kind: 'person', name: 'Ada', role: 'resident' }
const call = (over: Partial<Call> = {}): Call => ({
  principal: ada,
  service: null,
  requestId: 'req_test',
  signal: new AbortController().signal,
  ...over,
})

test('ids of one millisecond are distinct and sort as made', () => {
  const ids = createIds(stopped(1_700_000_000_000), (bytes) => bytes.fill(255))
  const made = Array.from({ length: 100 }, () => ids.make('msg'))
  expect(new Set(made).size).toBe(100)
  // All digits begin at their highest, so the second id wraps; from there on they grow.
  expect([...made.slice(1)].sort()).toEqual(made.slice(1))
  expect(made[0]).toMatch(/^msg_[0-9a-hjkmnp-tv-z]{26}$/)
})

test('a later millisecond sorts after an earlier one', () => {
  const [early, late] = [1_000, 1_001].map((ms) => createIds(stopped(ms)).make('x'))
  expect(String(early) < String(late)).toBe(true)
})

test('a secret shows itself to nobody who does not ask', () => {
  const secret = new Secret('hunter2-hunter2')
  for (const shown of [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { depth: 5 }),
    `${secret}`,
  ])
    expect(shown).not.toContain('hunter2')
  expect(secret.reveal()).toBe('hunter2-hunter2')
})

const op = get('/things/:id', {
  summary: 'Things',
  right: 'x.thing.read',
  input: z.object({
    id: z.string(),
    limit: z.number().int().default(3),
    deep: z.boolean().optional(),
    tags: z.array(z.string()).optional(),
    sizes: z.array(z.number()).optional(),
  }),
  output: z.object({ seen: z.unknown() }),
})

test('a query keeps arrays, booleans and numbers on the way through a URL', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          limit: fc.integer(),
          deep: fc.boolean(),
          tags: fc.array(fc.string(), { minLength: 1 }),
          sizes: fc.array(fc.integer(), { minLength: 1 }),
        },
        { requiredKeys: [] },
      ),
      (input) => {
        const raw: Record<string, unknown> = {}
        for (const [key, value] of new URLSearchParams(encodeQuery(input))) {
          const before = raw[key]
          raw[key] =
            before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
        }
        expect(queryDecoder(op)(raw)).toEqual(input)
      },
    ),
  )
})

test('what does not fit a query is left for the schema to refuse', async () => {
  const raw = { id: 'a', ...queryDecoder(op)({ limit: 'many' }) }
  await expect(invoke(op, async () => ({ seen: 1 }), raw, call())).rejects.toMatchObject({
    code: 'input.invalid',
    kind: 'invalid',
  })
})

test.each([
  ['public', call({ principal: null }), null],
  ['principal', call({ principal: null }), 'auth.required'],
  ['principal', call(), null],
  ['operator', call(), 'auth.forbidden'],
  ['operator', call({ principal: { ...ada, role: 'admin' } }), null],
  ['service', call({ principal: { ...ada, role: 'owner' } }), 'http.not_found'],
  ['service', call({ principal: null, service: 'agents' }), null],
] as const)('access %s admits or refuses', async (access, who, code) => {
  const guarded = post('/x', {
    summary: 'x',
    right: 'x.thing.read',
    access,
    input: z.object({}),
    output: z.object({}),
  })
  const outcome = invoke(guarded, async () => ({}), {}, who)
  if (code === null) await expect(outcome).resolves.toEqual({})
  else await expect(outcome).rejects.toMatchObject({ code })
})

test('bad output is a bug of ours, not the caller’s fault', async () => {
  const failure = await invoke(op, async () => 'nonsense', { id: 'a' }, call()).catch(
    (error: unknown) => error,
  )
  expect(AppError.from(failure).kind).toBe('internal')
})

test('an error fills its sentence and travels with code and parameters', () => {
  const fail = catalogue({ 'x.too_big': ['too_large', 'It is {mb} MB.', 'Це {mb} МБ.'] })
  const error = fail('x.too_big', { mb: 31 })
  expect(error.toJSON()).toEqual({
    error: { kind: 'too_large', code: 'x.too_big', message: 'It is 31 MB.', params: { mb: 31 } },
  })
  expect(error.status).toBe(413)
  expect(fail.entries['x.too_big'].uk).toBe('Це {mb} МБ.')
})

test('a bug tells a stranger nothing', () => {
  expect(JSON.stringify(AppError.from(new Error('password=hunter2')))).not.toContain('hunter2')
})

test('an abort and a deadline are told apart', () => {
  expect(AppError.from(new DOMException('x', 'AbortError')).code).toBe('call.cancelled')
  expect(AppError.from(new DOMException('x', 'TimeoutError'))).toMatchObject({
    code: 'call.timeout',
    retryable: true,
  })
})

const contract = { thing: op }

test('a remote client sends path, query, request id and who it speaks for, and gives errors back whole', async () => {
  const seen: { url: string; headers: Headers }[] = []
  const answers = [
    Response.json({ seen: 1 }),
    Response.json(
      { error: { kind: 'rate_limited', code: 'x.slow', message: 'Slow.', params: { n: 2 } } },
      { status: 429, headers: { 'retry-after': '3' } },
    ),
    new Response('<html>', { status: 502 }),
  ]
  const client = connect('http://peer:1', contract, {
    authorize: ({ principal }) => ({ authorization: `Service ${principal?.id}` }),
    fetch: async (input, init) => {
      seen.push({ url: String(input), headers: new Headers(init?.headers) })
      return answers.shift() ?? Response.error()
    },
  })
  await client.thing({ id: 'a/b', tags: ['x', 'y'] }, { principal: ada, requestId: 'req_12345678' })
  expect(seen[0]?.url).toBe('http://peer:1/things/a%2Fb?tags=x&tags=y')
  expect(seen[0]?.headers.get('authorization')).toBe('Service person_1')
  expect(seen[0]?.headers.get('x-request-id')).toBe('req_12345678')
  await expect(client.thing({ id: 'a' })).rejects.toMatchObject({
    code: 'x.slow',
    params: { n: 2 },
    retryable: true,
    retryAfterMs: 3000,
  })
  await expect(client.thing({ id: 'a' })).rejects.toMatchObject({
    code: 'peer.unintelligible',
    retryable: true,
  })
})

test('a remote call that hangs ends at its deadline', async () => {
  const client = connect('http://peer:1', contract, {
    fetch: (_input, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))),
  })
  const failure = await client.thing({ id: 'a' }, { timeoutMs: 5 }).catch((error: unknown) => error)
  expect(AppError.from(failure).code).toBe('call.timeout')
})

test('a local client passes the caller on and says which service calls', async () => {
  const client = local(
    contract,
    { thing: async (_input, { principal, service }) => ({ seen: { principal, service } }) },
    'agents',
  )
  expect(await client.thing({ id: 'a' }, { principal: ada })).toEqual({
    seen: { principal: ada, service: 'agents' },
  })
})

test('OpenAPI is derived, errors with it', () => {
  const { paths } = openapi('t', '1', { things: contract })
  expect(paths['/things/{id}']).toMatchObject({
    get: {
      parameters: expect.arrayContaining([
        expect.objectContaining({ name: 'id', in: 'path', required: true }),
      ]),
      responses: { 200: {}, 400: {}, 401: {}, 404: {}, 500: {} },
    },
  })
})

test('a scope closes last first, and tells of every failure', async () => {
  const closed: string[] = []
  const scope = new Scope()
  scope.defer(() => closed.push('first'))
  scope.defer(() => {
    throw new Error('second')
  })
  scope.defer(() => {
    throw new Error('third')
  })
  const failure = await scope[Symbol.asyncDispose]().catch((error: unknown) => error)
  expect(closed).toEqual(['first'])
  expect((failure as AggregateError).errors.map(String)).toEqual(['Error: third', 'Error: second'])
})

test('a deadline inside a combined signal holds, whatever is collected', async () => {
  setFlagsFromString('--expose-gc')
  // Made by the flag just set.
  const collect = runInNewContext('gc') as () => void
  const signal = AbortSignal.any([new AbortController().signal, deadline(50)])
  const over = new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)))
  const collecting = setInterval(collect, 5)
  try {
    expect(await over).toMatchObject({ name: 'TimeoutError' })
  } finally {
    clearInterval(collecting)
  }
})
