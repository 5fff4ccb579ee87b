import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFakeEmbeddings } from '../../engines/embeddings/fake.ts'
import { engineError } from '../../engines/engine.errors.ts'
import { createPgvector } from '../../engines/vectors/pgvector.ts'
import type { Vectors } from '../../engines/vectors/vectors.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Scope } from '../../kernel/scope.ts'
import type { Identity } from '../../platform/http/service.ts'
import { type Ground, ground, type House, openHouse, PERSON } from './gateway.fixture.ts'

const TARAS: Principal = { id: 'person_2', kind: 'person', name: 'Тарас', role: 'owner' }
const KEYED: Identity = { principal: PERSON, service: null, credential: { type: 'key', id: 'key_1' } }
const WATER = createFakeEmbeddings({ name: 'fake', topics: ['вод', 'ярмар', 'дах'] })

const scope = new Scope()
let site: Ground
let house: House
/** The real store, which may be held or fail. */
let before: (() => Promise<void>) | null = null
let embeddings = WATER

beforeAll(async () => {
  site = await ground(scope)
  const real = createPgvector({ db: site.db.kysely, half: false })
  const held: Vectors = {
    ...real,
    search: async (...asked) => {
      await before?.()
      return await real.search(...asked)
    },
  }
  house = await openHouse(scope, site, {
    vectors: [held],
    embeddings: [
      {
        ...WATER,
        get model() {
          return embeddings.model
        },
        embed: (...asked) => embeddings.embed(...asked),
      },
    ],
    vectorsEach: 20,
    who: { taras: { ...KEYED, principal: TARAS, credential: null }, key: KEYED },
  })
}, 90_000)
afterAll(() => scope[Symbol.asyncDispose]())

interface Told {
  readonly status: number
  readonly headers: Headers
  // What an operation answers is checked by its schema on the way out.
  readonly body: Record<string, never> & { error?: { code: string } }
}
async function ask(method: string, path: string, body?: object, who = ''): Promise<Told> {
  const response = await fetch(`${house.url}/api/multimodal/vectors${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(who && { authorization: `Bearer ${who}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Told['body'] }
}
const code = ({ body, status }: Told) => `${status} ${body.error?.code ?? ''}`
const idsOf = ({ body }: Told): string[] => (body.items as unknown as { id: string }[]).map(({ id }) => id)
const text = (id: string, said: string, payload: object = {}) => ({ id, text: said, payload })

test('texts go in and are found by meaning and words, with a filter; the answer says by whom and what it took', async () => {
  const made = await ask('POST', '', { name: 'notices', filtered: ['room'] })
  expect(made).toMatchObject({
    status: 201,
    body: { name: 'notices', dimensions: 4, distance: 'cosine', model: 'fake/3', aliasOf: null },
  })
  const put = await ask('PUT', '/notices/points', {
    points: [
      text('water', 'Воду вимкнуть у вівторок', { room: 'r1' }),
      text('fair', 'Ярмарок на площі', { room: 'r1' }),
      text('roof', 'Дах полагоджено', { room: 'r2' }),
      { id: 'own', vector: [0, 0, 0, 1], payload: { room: 'r2' } },
    ],
  })
  expect(put).toMatchObject({ status: 200, body: { stored: 4, engine: 'pgvector' } })
  expect(put.headers.get('x-usage')).toBe('vectors=4')
  const found = await ask('POST', '/notices/search', { text: 'коли не буде води', limit: 2 })
  expect(idsOf(found)[0]).toBe('water')
  expect(found.body).toMatchObject({
    items: [{ text: 'Воду вимкнуть у вівторок', payload: { room: 'r1' } }, {}],
  })
  const filter = { all: [{ field: 'room', in: ['r2'] }] }
  expect(idsOf(await ask('POST', '/notices/search', { text: 'води', filter }))).not.toContain('water')
  expect(idsOf(await ask('POST', '/notices/search', { text: 'дах, вівторок', hybrid: true }))).toContain(
    'water',
  )
  expect(idsOf(await ask('POST', '/notices/search', { vector: [0, 0, 0, 1], limit: 1 }))).toEqual(['own'])
  expect((await ask('POST', '/notices/count', { filter })).body).toEqual({ count: 2 })
  const page = await ask('POST', '/notices/scroll', { limit: 3, vectors: true })
  expect(page.body).toMatchObject({
    items: [{ vector: expect.any(Array) }, {}, {}],
    next: expect.any(String),
  })
  const rest = await ask('POST', '/notices/scroll', { limit: 3, after: page.body.next })
  expect([...idsOf(page), ...idsOf(rest)].sort()).toEqual(['fair', 'own', 'roof', 'water'])
  await ask('POST', '/notices/points/remove', { ids: ['own'] })
  await ask('POST', '/notices/points/remove', { filter })
  expect((await ask('GET', '/notices')).body).toMatchObject({ points: 2, model: 'fake/3' })
  expect(await house.metrics()).toContain(
    'multimodal_requests_total{type="vectors_search",engine="pgvector",outcome="ok"}',
  )
})

test('another’s collection answers as one that is not there, and its name is free for others', async () => {
  const point = { points: [{ id: 'a', vector: [1, 0, 0, 0] }] }
  for (const [method, path, body] of [
    ['GET', ''],
    ['DELETE', ''],
    ['PUT', '/points', point],
    ['POST', '/points/remove', { ids: ['water'] }],
    ['POST', '/search', { text: 'вода' }],
    ['POST', '/search', { vector: [1, 0, 0, 0] }],
    ['POST', '/scroll', {}],
    ['POST', '/count', {}],
    ['PUT', '/alias', { alias: 'mine' }],
  ] as const) {
    const theirs = await ask(method, `/notices${path}`, body, 'taras')
    const nothing = await ask(method, `/nothing${path}`, body, 'taras')
    expect({ path, status: theirs.status, body: theirs.body }).toEqual({
      path,
      status: 404,
      body: nothing.body,
    })
  }
  expect((await ask('POST', '', { name: 'notices', dimensions: 2 }, 'taras')).status).toBe(201)
  expect(code(await ask('POST', '', { name: 'notices', dimensions: 2 }, 'taras'))).toBe('409 vectors.exists')
  expect((await ask('GET', '', undefined, 'taras')).body).toMatchObject({ items: [{ dimensions: 2 }] })
  expect((await ask('GET', '/notices')).body).toMatchObject({ points: 2 })
  expect((await ask('DELETE', '/notices', undefined, 'taras')).status).toBe(200)
  expect((await ask('GET', '/notices')).body).toMatchObject({ points: 2 })
})

test('a new model comes behind an alias without a moment without answers', async () => {
  await ask('PUT', '/notices/alias', { alias: 'live' })
  expect((await ask('GET', '')).body).toMatchObject({
    items: [{ name: 'live', aliasOf: 'notices' }, { name: 'notices' }],
  })
  embeddings = createFakeEmbeddings({ name: 'newer', topics: ['ярмар', 'вод', 'дах'] })
  const other = await ask('POST', '/live/search', { text: 'вода' })
  expect(code(other)).toBe('409 gateway.vectors_model')
  expect(code(await ask('PUT', '/live/points', { points: [text('x', 'вода')] }))).toBe(
    '409 gateway.vectors_model',
  )
  await ask('POST', '', { name: 'notices-2' })
  let over = false
  const seen = new Set<number>()
  const asking = (async () => {
    while (!over) seen.add((await ask('POST', '/live/count', {})).status)
  })()
  const { items } = (await ask('POST', '/live/scroll', {})).body as unknown as {
    items: { id: string; text: string }[]
  }
  await ask('PUT', '/notices-2/points', { points: items.map(({ id, text: said }) => text(id, said)) })
  expect((await ask('PUT', '/notices-2/alias', { alias: 'live' })).body).toMatchObject({
    aliasOf: 'notices-2',
    model: 'newer/3',
  })
  over = true
  await asking
  expect([...seen]).toEqual([200])
  expect(idsOf(await ask('POST', '/live/search', { text: 'вода', limit: 1 }))).toEqual(['water'])
  expect(code(await ask('PUT', '/notices/alias', { alias: 'notices-2' }))).toBe('409 vectors.exists')
  await ask('DELETE', '/notices')
  expect((await ask('GET', '')).body).toMatchObject({ items: [{ name: 'live' }, { name: 'notices-2' }] })
  await ask('DELETE', '/notices-2')
  expect((await ask('GET', '')).body).toEqual({ items: [] })
  embeddings = WATER
})

test('what does not fit is refused with a code', async () => {
  await ask('POST', '', { name: 'own', dimensions: 2, distance: 'euclid' })
  for (const [method, path, body, expected] of [
    ['POST', '', { name: 'Bad name' }, '400 input.invalid'],
    ['POST', '', { name: 'wide', dimensions: 4001 }, '400 input.invalid'],
    ['PUT', '/own/points', { points: [{ id: 'a', vector: [1, 2, 3] }] }, '400 vectors.bad_vector'],
    ['PUT', '/own/points', { points: [{ id: 'a', vector: [1, 1e9] }] }, '400 vectors.bad_vector'],
    ['PUT', '/own/points', { points: [{ id: 'a' }] }, '400 gateway.vectors_empty'],
    ['PUT', '/own/points', { points: [text('a', 'вода')] }, '400 gateway.vectors_alone'],
    ['PUT', '/own/points', { points: [{ id: 'a\0', vector: [1, 2] }] }, '400 http.text_invalid'],
    [
      'PUT',
      '/own/points',
      { points: [{ id: 'a', vector: [1, 2], payload: { x: 'y'.repeat(17_000) } }] },
      '400 input.invalid',
    ],
    [
      'PUT',
      '/own/points',
      { points: Array.from({ length: 257 }, (_, i) => ({ id: `${i}`, vector: [1, 2] })) },
      '400 input.invalid',
    ],
    ['POST', '/own/search', {}, '400 input.invalid'],
    ['POST', '/own/search', { text: 'вода' }, '400 gateway.vectors_alone'],
    [
      'POST',
      '/own/search',
      { vector: [1, 2], filter: { all: [{ field: "a'b", in: [1] }] } },
      '400 input.invalid',
    ],
    ['POST', '/own/points/remove', {}, '400 input.invalid'],
  ] as const)
    expect({ path, body, told: code(await ask(method, path, body)) }).toEqual({ path, body, told: expected })
  expect((await ask('POST', '/own/count', {})).body).toEqual({ count: 0 })
})

test('an owner’s points have a limit, which counts what is there, not what was', async () => {
  const points = (from: number, count: number) => ({
    points: Array.from({ length: count }, (_, i) => ({ id: `p${from + i}`, vector: [from, i + 1] })),
  })
  expect((await ask('PUT', '/own/points', points(0, 15))).status).toBe(200)
  expect((await ask('PUT', '/own/points', points(0, 5))).status).toBe(200)
  // 20 were put in, 15 are there.
  expect((await ask('PUT', '/own/points', points(20, 5))).status).toBe(200)
  expect(code(await ask('PUT', '/own/points', points(30, 1)))).toBe('413 gateway.vectors_full')
  await ask('POST', '/own/points/remove', { ids: ['p0'] })
  const together = await Promise.all([30, 31, 32].map((from) => ask('PUT', '/own/points', points(from, 1))))
  expect(together.map(code).sort()).toEqual(['200 ', '413 gateway.vectors_full', '413 gateway.vectors_full'])
})

test('budgets are held before, by key, and fail closed', async () => {
  const set = (amount: number) =>
    fetch(`${house.url}/api/multimodal/budgets`, {
      method: 'PUT',
      headers: { authorization: 'Bearer taras', 'content-type': 'application/json' },
      body: JSON.stringify({
        items: [{ kind: 'key', subject: 'key_1', unit: 'vectors', period: 'day', amount }],
      }),
    })
  expect((await set(2)).status).toBe(200)
  const search = () => ask('POST', '/own/search', { vector: [1, 2] }, 'key')
  expect([code(await search()), code(await search())]).toEqual(['200 ', '200 '])
  const spent = await search()
  expect(code(spent)).toBe('429 gateway.budget_spent')
  expect(Number(spent.headers.get('retry-after'))).toBeGreaterThan(0)
  await set(1_000)
})

test('a store that stands still lets so many wait, and tells the next ones when to come back; one that fails is named', async () => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  before = () => gate
  const all = Array.from({ length: 40 }, () => ask('POST', '/own/search', { vector: [1, 2] }))
  const first = await Promise.race(all)
  expect(code(first)).toBe('429 engine.busy')
  expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(0)
  release()
  const codes = (await Promise.all(all)).map(code)
  expect(new Set(codes)).toEqual(new Set(['200 ', '429 engine.busy']))
  expect(codes.filter((one) => one === '200 ').length).toBeGreaterThanOrEqual(4)
  before = async () => {
    throw engineError('engine.unreachable', { engine: 'store' })
  }
  expect(code(await ask('POST', '/own/search', { vector: [1, 2] }))).toBe('503 engine.unreachable')
  before = null
  expect((await ask('POST', '/own/search', { vector: [1, 2] })).status).toBe(200)
})

test('of an erased resident nothing is left', async () => {
  await ask('PUT', '/own/alias', { alias: 'also' })
  const tables = async () => {
    const { rows } = await sql<{ n: number }>`
      select (select count(*)::int from gateway.vector_collection) + (select count(*)::int from vectors.collection)
        + (select count(*)::int from vectors.alias)
        + (select count(*)::int from pg_tables where schemaname = 'vectors' and tablename like 'points%') as n`.execute(
      site.db.kysely,
    )
    return rows[0]?.n ?? -1
  }
  expect(await tables()).toBe(5)
  await house.erased(PERSON.id)
  for (let turn = 0; turn < 300 && (await tables()) > 0; turn++) await sleep(100)
  expect(await tables()).toBe(0)
}, 90_000)
