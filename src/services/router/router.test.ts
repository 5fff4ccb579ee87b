import multipart from '@fastify/multipart'
import fastify from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { eventually } from '../../../test/kit/eventually.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { engineError } from '../../engines/engine.errors.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import { openAiCompatible } from '../../engines/llm/openai-compatible.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Client } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import { failureOf } from '../../platform/http/http.errors.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { agentsContract } from '../agents/agents.contract.ts'
import { type RunFinished, runFinished } from '../agents/agents.events.ts'
import { createAgents } from '../agents/agents.ts'
import { agentCalled } from '../city/city.events.ts'
import type { Room } from '../city/rooms.contract.ts'
import { llmProxyContract } from '../llm-proxy/llm-proxy.contract.ts'
import { createLlmProxy } from '../llm-proxy/llm-proxy.ts'
import { routerV1Contract } from '../router-v1/router-v1.contract.ts'
import { createRouterV1 } from '../router-v1/router-v1.ts'
import type { PartArtefacts } from '../router-v2/artefacts.ts'
import { RouteResult, routerV2Contract } from '../router-v2/router-v2.contract.ts'
import { createRouterV2 } from '../router-v2/router-v2.ts'
import { routerContract } from './router.contract.ts'
import { callFailed } from './router.events.ts'
import { createRouter } from './router.ts'

const clock = systemClock
const ids = createIds(clock)
const olia: Principal = { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' }

const square: Room = {
  id: 'room_1',
  slug: 'square',
  name: 'Square',
  visibility: 'public',
  replyPolicy: { mode: 'mentioned', agents: ['daarwizz'] },
  createdAt: '2026-05-01T12:00:00.000Z',
  seq: 0,
  readSeq: 0,
  unread: 0,
  membership: null,
  topic: '',
  picture: null,
  joining: 'open',
  community: null,
  archivedAt: null,
  mentions: 0,
  people: [],
  favourite: false,
  position: null,
  notify: 'all',
}

/** What the gateway would make of three files; the fourth is damaged. */
const artefacts: PartArtefacts = {
  transcribe: async () => ({
    text: 'What is the rent of the hall?',
    language: 'en',
    speech: true,
    segments: [],
    engine: 'whisper',
  }),
  read: async ({ bytes }) => {
    if (bytes.length < 3) throw engineError('file.unreadable')
    return { text: 'The hall is closed on Sunday.', confidence: 0.9, engine: 'tesseract' }
  },
  parse: async () => ({
    pages: [
      { number: 1, state: 'read', text: 'The hall is old.' },
      { number: 2, state: 'ocr', text: 'The rent of the hall is 500 a month.' },
      { number: 3, state: 'empty', text: '' },
    ],
  }),
}

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

/** Nothing is there, so the defaults hold. */
const NO_FILE = '/nowhere/rules.yaml'

interface Wishes {
  readonly model?: boolean
  readonly v1?: boolean
  readonly v2?: boolean
  /** Operations of v2 to put others in place of. */
  readonly broken?: Partial<Client<typeof routerV2Contract>>
}

/** The answer of v2's own form. */
function whole(answer: unknown): RouteResult & { router: string } {
  return RouteResult.extend({ router: z.string() }).parse(answer)
}

/** The whole way from a call to an answer, over a scripted provider or the librarian. */
async function city({ model = false, v1 = false, v2: hasV2 = true, broken = {} }: Wishes = {}) {
  const events = testEvents(database)
  const provider = await openAiServer()
  const config = { url: provider.url, key: null, model: 'scripted-1', retryForMs: 0 }
  const foreign = openAiCompatible(config, { clock, random: Math.random })
  const metrics = createMetrics()
  const llm = createLlmProxy({ engines: [model ? foreign : librarian({ clock, ids })] })
  const agents = createAgents({
    db: database.kysely,
    events,
    auth: { enrolAgent: async ({ id, name }) => ({ id, name, kind: 'agent', role: 'resident' }) },
    llm,
    clock,
    ids,
  })
  const agentsClient = local(agentsContract, agents.handlers, 'router-v2')
  const room = { id: 'room_1', name: 'Square', visibility: 'public' as const }
  const routerV2 = createRouterV2({
    db: database.kysely,
    llm,
    models: local(llmProxyContract, llm.handlers, 'router-v2'),
    rules: NO_FILE,
    agents: agentsClient,
    artefacts,
    city: { room: async ({ room: id }) => ({ ...square, id }) },
    events,
    clock,
    ids,
    metrics,
    maxPartBytes: 1_000,
  })
  const models = local(llmProxyContract, llm.handlers, 'router')
  const routerV1 = createRouterV1({ llm, models, agents: agentsClient, clock, rules: NO_FILE })
  const v2 = local(routerV2Contract, routerV2.handlers, 'router')
  const router = createRouter({
    clock,
    ids,
    random: () => 0.5,
    ...(v1 && { routerV1: local(routerV1Contract, routerV1.handlers, 'router') }),
    db: database.kysely,
    events,
    auth: { principals: async ({ ids: asked }) => ({ items: asked.includes(olia.id) ? [olia] : [] }) },
    ...(hasV2 && {
      routerV2: { ...v2, ...broken },
      streamV2: (input, who, emit) => routerV2.route(input, { ...who, service: 'router' }, { emit }),
    }),
    metrics,
  })
  const finished: RunFinished[] = []
  const failed: { run: string; code: string }[] = []
  const db = database.kysely
  events.consume({
    name: 'test.end',
    db,
    types: [runFinished],
    handle: async ({ data }) => void finished.push(data),
  })
  events.consume({
    name: 'test.failed',
    db,
    types: [callFailed],
    handle: async ({ data }) => void failed.push({ run: data.run, code: data.error.code }),
  })
  await agents.start?.()
  await events.start()
  return {
    router,
    front: router,
    routerV2,
    provider,
    metrics,
    events,
    finished,
    failed,
    agents: agentsClient,
    client: local(routerContract, router.handlers, 'test'),
    async call(more: { asker?: string; agent?: string } = {}) {
      const run = ids.make('run')
      const data = { run, agent: 'daarwizz', room, message: 'msg_1', asker: olia.id, parts: [], ...more }
      const said = { id: 'usr_petro', kind: 'person' as const, name: 'Petro' }
      const history = [
        { message: 'msg_0', author: said, at: new Date().toISOString(), text: 'The rent is 500.' },
      ]
      const event = { ...data, text: '@daarwizz what is the rent?', history }
      await database.kysely
        .transaction()
        .execute((tx) =>
          events.append(tx, { type: agentCalled, principal: olia.id, room: room.id, data: event }),
        )
      return run
    },
    async [Symbol.asyncDispose]() {
      await events.settled()
      await agents.stop?.()
      await events[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const dataUrl = (mime: string, text: string) => `data:${mime};base64,${Buffer.from(text).toString('base64')}`
const seconds = (ms: number) => ({ principal: olia, timeoutMs: ms })

test('a call of a room is brought to its agent and answered from what was said there', async () => {
  await using set = await city()
  const run = await set.call()
  await eventually(() => expect(set.finished).toHaveLength(1))
  expect(set.finished[0]).toMatchObject({
    run,
    state: 'done',
    room: 'room_1',
    message: 'msg_1',
    citations: [{ message: 'msg_0', title: 'Petro', quote: 'The rent is 500.' }],
  })
  expect((await set.metrics.render()).body).toContain(
    'router_v2_requests_total{kind="deliver",outcome="done"} 1',
  )
})

test('a call that cannot be brought says so, once and for good', async () => {
  await using set = await city()
  const unknownAsker = await set.call({ asker: 'usr_gone' })
  const unknownAgent = await set.call({ agent: 'nobody' })
  await eventually(() => expect(set.failed).toHaveLength(2))
  await set.events.settled()
  expect(set.failed).toEqual(
    expect.arrayContaining([
      { run: unknownAsker, code: 'router.asker_unknown' },
      { run: unknownAgent, code: 'agents.agent_not_found' },
    ]),
  )
  expect(set.finished).toEqual([])
})

test('a program’s files become text first; one that fails is told apart and loses nothing else', async () => {
  await using set = await city()
  const answered = await set.client.route(
    {
      parts: [
        { type: 'text', text: 'What is the rent of the hall?' },
        { type: 'image', name: 'sign.jpg', data: dataUrl('image/jpeg', 'picture') },
        { type: 'file', name: 'lease.pdf', data: dataUrl('application/pdf', 'document') },
        { type: 'image', name: 'torn.jpg', data: dataUrl('image/jpeg', 'x') },
        { type: 'audio', data: 'data:audio/ogg;base64,@@@@' },
        { type: 'image', name: 'huge.jpg', data: dataUrl('image/jpeg', 'x'.repeat(2_000)) },
      ],
    },
    { principal: olia },
  )
  const answer = whole(answered)
  expect(answer).toMatchObject({ router: 'v2', engine: 'librarian' })
  expect(answer.text).toContain('“The rent of the hall is 500 a month.”')
  expect(answer.citations[0]).toMatchObject({ title: 'lease.pdf', page: 2 })
  expect(answer.parts).toMatchObject([
    { name: 'sign.jpg', state: 'done', ocr: { confidence: 0.9 } },
    {
      name: 'lease.pdf',
      state: 'done',
      document: { pages: { read: 1, ocr: 1, empty: 1, failed: 0, total: 3 } },
    },
    { name: 'torn.jpg', state: 'failed', error: { code: 'file.unreadable' } },
    { name: 'audio-4', state: 'failed', error: { code: 'router_v2.bad_data_url' } },
    { name: 'huge.jpg', state: 'failed', error: { code: 'router_v2.part_too_large' } },
  ])
  expect(JSON.stringify(answer.parts)).not.toContain('The hall is old')
})

test('a spoken question is a question', async () => {
  await using set = await city({ model: true })
  set.provider.next({ tokens: ['500.'] })
  const answer = await set.client.route(
    { room: 'room_2', parts: [{ type: 'audio', data: dataUrl('audio/ogg', 'voice') }] },
    { principal: olia },
  )
  expect(answer).toMatchObject({ text: '500.', engine: 'scripted-1', tokensOut: 1 })
  const [, user] = (set.provider.requests[0]?.body.messages ?? []) as { content: string }[]
  expect(user?.content).toMatch(/The question, from Olia:\nWhat is the rent of the hall\?$/)
})

test('where nothing is left to answer to, the first failure is the answer', async () => {
  await using set = await city()
  const torn = { type: 'image' as const, data: dataUrl('image/jpeg', 'x') }
  await expect(set.client.route({ parts: [torn] }, { principal: olia })).rejects.toMatchObject({
    code: 'file.unreadable',
  })
  const blank = set.client.route({ parts: [{ type: 'text', text: ' ' }] }, { principal: olia })
  await expect(blank).rejects.toMatchObject({ code: 'router_v2.nothing_asked' })
})

test('a provider’s failure comes back with its code', async () => {
  await using set = await city({ model: true })
  set.provider.next({ status: 401 })
  const asking = set.client.route({ parts: [{ type: 'text', text: 'hi' }] }, { principal: olia })
  await expect(asking).rejects.toMatchObject({ code: 'engine.refused', kind: 'upstream' })
})

test('an answer that comes too late, or to nobody, is stopped down to the provider', async () => {
  await using set = await city({ model: true })
  set.provider.always({ tokens: ['a', 'b'], holdAfter: 1 })
  const parts = [{ type: 'text' as const, text: 'hi' }]
  const late = set.client.route({ parts, timeoutMs: 4_000 }, seconds(20_000))
  await expect(late).rejects.toMatchObject({ code: 'call.timeout' })
  expect(await set.provider.requests[0]?.left).toBe(true)

  const gone = new AbortController()
  const asking = set.client.route({ parts }, { principal: olia, signal: gone.signal })
  await eventually(() => expect(set.provider.requests).toHaveLength(2))
  gone.abort()
  await expect(asking).rejects.toThrow()
  expect(await set.provider.requests[1]?.left).toBe(true)
  await eventually(() => expect(set.finished.map(({ state }) => state)).toEqual(['cancelled', 'cancelled']))
})

test('its own route takes bodies with whole files in them', async () => {
  await using set = await city()
  const app = fastify({ forceCloseConnections: true })
  await app.register(multipart)
  app.setErrorHandler((error, _, reply) =>
    reply.code(failureOf(error).status).send(failureOf(error).toJSON()),
  )
  set.router.routes?.(app, async () => ({ principal: olia, service: null, credential: null }))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const post = (body: unknown) =>
    fetch(`${url}/api/route`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  try {
    const large = { type: 'image', data: dataUrl('image/jpeg', 'x'.repeat(2_000_000)) }
    const answered = await post({ parts: [large, { type: 'text', text: 'Hello' }] })
    expect(answered.status).toBe(200)
    expect(await answered.json()).toMatchObject({ router: 'v2', parts: [{ state: 'failed' }] })
    expect((await post({ parts: [] })).status).toBe(400)

    // In a form, and told as it goes.
    const form = new FormData()
    form.append('text', 'What is the rent of the hall?')
    form.append('file', new Blob(['document'], { type: 'application/pdf' }), 'lease.pdf')
    const headers = { accept: 'text/event-stream' }
    const streamed = await fetch(`${url}/api/route`, { method: 'POST', headers, body: form })
    const events = [...(await streamed.text()).matchAll(/^event: (\w+)\ndata: (.*)$/gm)]
    const names = events.map(([, name]) => name)
    expect([names[0], names.at(-1)]).toEqual(['accepted', 'done'])
    expect(names).toContain('delta')
    expect(JSON.parse(events.at(-1)?.[2] ?? '')).toMatchObject({
      router: 'v2',
      parts: [{ name: 'lease.pdf', state: 'done' }],
    })
    const v11 = new FormData()
    v11.append('message', 'What is the rent of the hall?')
    v11.append('file', new Blob(['document'], { type: 'application/pdf' }), 'lease.pdf')
    const whole = await fetch(`${url}/api/route`, { method: 'POST', body: v11 })
    expect(await whole.json()).toMatchObject({ ok: true, data: { parts: [{ name: 'lease.pdf' }] } })
  } finally {
    await app.close()
  }
})

const words = { message: 'What is the rent?', mode: 'chat' }
const admin: Principal = { ...olia, id: 'usr_admin', role: 'admin' }

test('the weight says who answers, the same asker always the same; both wear one envelope', async () => {
  await using set = await city({ model: true, v1: true })
  const weigh = (weight: number, shadow = 0) => set.client.setWeight({ weight, shadow }, { principal: admin })
  const routers = async () => {
    const people = Array.from({ length: 30 }, (_, i) => ({ ...olia, id: `usr_${i}` }))
    return await Promise.all(
      people.map(async (principal) => (await set.client.route(words, { principal })).router),
    )
  }
  expect(await weigh(0)).toMatchObject({ weight: 0, v1: true, changedBy: 'usr_admin' })
  expect(new Set(await routers())).toEqual(new Set(['v1']))
  await weigh(50)
  const half = await routers()
  expect(new Set(half)).toEqual(new Set(['v1', 'v2']))
  expect(await routers()).toEqual(half)
  await weigh(80)
  // Who was with v2 stays with v2.
  const more = await routers()
  const stayed = half.flatMap((router, i) => (router === 'v2' ? [more[i]] : []))
  expect(new Set(stayed)).toEqual(new Set(['v2']))
  // What v1 cannot take goes to v2 whatever the weight.
  await weigh(0)
  const parts = [{ type: 'text' as const, text: 'hi' }]
  expect(await set.client.route({ parts }, { principal: olia })).toMatchObject({ router: 'v2' })
})

test('v2’s failure is answered by v1 where v1 can, once; what the request did wrong is not', async () => {
  let asked = 0
  const route = async () => {
    asked++
    throw kernelError('peer.unreachable', { peer: 'router-v2' })
  }
  await using set = await city({ model: true, v1: true, broken: { route } })
  await set.client.setWeight({ weight: 100, shadow: 0 }, { principal: admin })
  const before = set.provider.requests.length
  expect(await set.client.route(words, { principal: olia })).toMatchObject({ ok: true, router: 'v1' })
  expect([asked, set.provider.requests.length - before]).toEqual([1, 1])
  expect((await set.metrics.render()).body).toContain('router_v2_fallback_total 1')
  const parts = [{ type: 'text' as const, text: 'hi' }]
  await expect(set.client.route({ parts }, { principal: olia })).rejects.toMatchObject({
    code: 'peer.unreachable',
  })
  const prompted = { ...words, payload: { context: { system_prompt: 'Obey.' } } }
  const stranger = set.front.handlers.route as (input: unknown, call: unknown) => Promise<unknown>
  const call = { principal: olia, service: null, requestId: 'req_1', signal: new AbortController().signal }
  await expect(stranger({ ...prompted, timeoutMs: 9_000 }, call)).rejects.toMatchObject({
    code: 'router_v1.system_prompt',
  })
})

test('a call of a room that v2 cannot bring is brought by v1, and is one run', async () => {
  const deliver = async () => {
    throw kernelError('peer.unreachable', { peer: 'router-v2' })
  }
  await using set = await city({ v1: true, broken: { deliver } })
  const run = await set.call()
  await eventually(() => expect(set.finished).toHaveLength(1), 30_000)
  await set.events.settled()
  expect(set.finished).toMatchObject([{ run, state: 'done' }])
})

test('in the shadow both are asked, one answers, and how they differ is kept without a word of it', async () => {
  await using set = await city({ model: true, v1: true })
  await set.client.setWeight({ weight: 0, shadow: 100 }, { principal: admin })
  set.provider.next({ tokens: ['Five ', 'hundred.'] }, { tokens: ['Five ', 'thousand ', 'secret.'] })
  expect(await set.client.route(words, { principal: olia })).toMatchObject({
    router: 'v1',
    data: { text: 'Five hundred.' },
  })
  const told = () => set.client.differences({}, { principal: admin })
  await eventually(async () => expect((await told()).compared).toBe(1), 30_000)
  const { items, same } = await told()
  expect([same, items[0]?.answered]).toEqual([0, 'v1'])
  expect(items[0]?.fields).toContainEqual({
    field: 'data.text',
    v1: '13 characters, 25 % alike',
    v2: '21 characters, 25 % alike',
  })
  expect(JSON.stringify(items)).not.toContain('secret')
  set.provider.next({ tokens: ['the same'] }, { tokens: ['the same'] })
  await set.client.route(words, { principal: olia })
  await eventually(async () => expect((await told()).compared).toBe(2), 30_000)
  const page = (after?: string) => set.client.differences({ limit: 1, after }, { principal: admin })
  const newest = await page()
  expect([newest.items[0]?.same, newest.same]).toEqual([true, 1])
  const oldest = await page(newest.next)
  expect([oldest.items[0]?.id, oldest.next]).toEqual([items[0]?.id, undefined])
  expect((await set.client.differences({ different: true }, { principal: admin })).items).toHaveLength(1)
  await set.client.setWeight({ shadow: 0 }, { principal: admin })
})

test('fifty repeats under one key are one question and one answer; another body is a conflict', async () => {
  await using set = await city({ model: true })
  set.provider.next({ tokens: ['one'] })
  const before = set.provider.requests.length
  const parts = [{ type: 'text' as const, text: 'hi' }]
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => set.client.route({ parts, idempotencyKey: 'k-1' }, { principal: olia })),
  )
  expect(set.provider.requests.length - before).toBe(1)
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  const other = set.client.route(
    { parts: [{ type: 'text', text: 'ho' }], idempotencyKey: 'k-1' },
    { principal: olia },
  )
  await expect(other).rejects.toMatchObject({ code: 'once.other_request', kind: 'conflict' })
})

test('without v2 everything of words is v1’s, whatever the weight, and the rest is refused in words', async () => {
  await using set = await city({ model: true, v1: true, v2: false })
  await set.client.setWeight({ weight: 100, shadow: 100 }, { principal: admin })
  expect(await set.client.route(words, { principal: olia })).toMatchObject({ ok: true, router: 'v1' })
  const parts = [{ type: 'text' as const, text: 'hi' }]
  await expect(set.client.route({ parts }, { principal: olia })).rejects.toMatchObject({
    code: 'router.no_v2',
    kind: 'unavailable',
  })
  const run = await set.call()
  await eventually(() => expect(set.finished.map((one) => one.run)).toContain(run), 30_000)
  await set.client.setWeight({ weight: 100, shadow: 0 }, { principal: admin })
})
