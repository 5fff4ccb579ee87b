import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createNgrams } from '../src/engines/embeddings/ngrams.ts'
import { openAiEmbeddings } from '../src/engines/embeddings/openai.ts'
import { librarian } from '../src/engines/llm/librarian.ts'
import { local } from '../src/kernel/client.ts'
import { type Clock, systemClock } from '../src/kernel/clock.ts'
import { createIds } from '../src/kernel/ids.ts'
import { Scope } from '../src/kernel/scope.ts'
import { llmProxyContract } from '../src/services/llm-proxy/llm-proxy.contract.ts'
import type { LlmTables } from '../src/services/llm-proxy/llm-proxy.tables.ts'
import { createLlmProxy } from '../src/services/llm-proxy/llm-proxy.ts'
import { type Ground, ground, openHouse, PERSON } from '../src/services/multimodal-gateway/gateway.fixture.ts'
import type { Purse } from '../src/services/multimodal-gateway/till.ts'
import { testEvents } from './kit/database.ts'

/** How the provider meets a text: by its first word. What it bills is its own to know. */
type Way = 'fine' | 'broken' | 'garbage' | 'lost'
const TOKENS = 7
const PRICE = 1000
let billed = 0
let asked = 0
const provider = createServer((request, response) => {
  let body = ''
  request.on('data', (some) => {
    body += some
  })
  request.on('end', () => {
    asked += 1
    const { input } = JSON.parse(body) as { input: string[] }
    const way = input[0]?.split(' ')[0] as Way
    if (way === 'broken') return response.writeHead(500).end()
    billed += TOKENS
    const data = input.map((_, index) => ({ index, embedding: way === 'garbage' ? [] : [1, 0, 0] }))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ data, usage: { prompt_tokens: TOKENS, total_tokens: TOKENS } }))
  })
})
const scope = new Scope()
let site: Ground
let url = ''
beforeAll(async () => {
  await new Promise<void>((ready) => provider.listen(0, '127.0.0.1', ready))
  url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`
  site = await ground(scope)
}, 90_000)
afterAll(async () => {
  await scope[Symbol.asyncDispose]()
  provider.closeAllConnections()
  provider.close()
})

const whole = { requestId: 'req_1', signal: new AbortController().signal, service: null }

test('what engines on the internet cost is held and settled in the one ledger: the sums agree with the bills, whatever fails or is killed', async () => {
  const events = testEvents(site.db)
  scope.defer(() => events[Symbol.asyncDispose]())
  const ids = createIds(systemClock)
  const llm = createLlmProxy({
    engines: [librarian({ clock: systemClock, ids })],
    books: { db: site.db.kysely.withTables<LlmTables>(), ids, events, folder: null },
  })
  await llm.start?.()
  scope.defer(async () => await llm.stop?.())
  const ledger = local(llmProxyContract, llm.handlers, 'multimodal-gateway')
  /** Of those whose process dies between the work and its bill. */
  const lost: number[] = []
  let killed = false
  const purse: Purse = {
    ...ledger,
    reserve: async (input, options) => {
      if (killed) lost.push(input.usd)
      return await ledger.reserve(input, options)
    },
    settle: async (input, options) => {
      if (killed) throw new Error('the process is gone')
      return await ledger.settle(input, options)
    },
  }
  let ahead = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead }
  /** What failed is asked again. */
  const rested = () => {
    ahead += 20_000
  }
  const house = await openHouse(scope, site, {
    clock,
    embeddings: [openAiEmbeddings({ url, model: 'm', dimensions: 3 }), createNgrams()],
    purse: () => purse,
    prices: { 'embeddings.openai': PRICE },
    who: { boss: { principal: { ...PERSON, role: 'owner' }, service: null, credential: null } },
  })
  const embed = async (way: Way, n = 0) => {
    const answer = await fetch(`${house.url}/api/multimodal/embed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ texts: [`${way} ${n} ${'слово '.repeat(5)}`] }),
    })
    const { error } = (await answer.json()) as { error?: { code: string } }
    return { status: answer.status, engine: answer.headers.get('x-engine'), code: error?.code }
  }
  const subject = { kind: 'principal' as const, subject: PERSON.id }
  const spent = async () => {
    const { items } = await llm.handlers.usage(
      { by: 'principal', format: 'json' },
      { ...whole, principal: null },
    )
    return Number(items.find(({ group }) => group === PERSON.id)?.usd ?? 0)
  }
  const usd = (tokens: number) => (tokens * PRICE) / 1000
  const limit = (amount: number) =>
    llm.handlers.setBudgets(
      { items: [{ ...subject, per: 'usd_day', amount }] },
      { ...whole, principal: null },
    )

  await limit(10_000)
  const fine = await Promise.all(Array.from({ length: 5 }, (_, n) => embed('fine', n)))
  for (const one of fine) expect(one).toEqual({ status: 200, engine: 'openai/m', code: undefined })
  expect(await spent()).toBe(usd(billed))
  // A garbled answer was billed; a refused request was not. Each time the engine of this machine answers.
  for (const way of ['garbage', 'broken'] as const) {
    expect(await embed(way)).toMatchObject({ status: 200, engine: 'ngrams/1' })
    rested()
  }
  expect([asked, billed]).toEqual([7, 6 * TOKENS])
  expect(await spent()).toBe(usd(billed))
  // Killed before it could say what it cost: charged as it was held, which is no less.
  killed = true
  const before = billed
  await embed('lost')
  killed = false
  const held = lost.reduce((all, one) => all + one, 0)
  expect([lost.length, held >= usd(billed - before)]).toEqual([1, true])
  const { items } = await llm.handlers.budgets({}, { ...whole, principal: null })
  expect(items[0]?.used).toBeCloseTo(usd(before) + held, 6)
  // Where there is no money for it, the provider is not asked.
  await limit(1)
  const knocks = asked
  expect(await embed('fine', 50)).toMatchObject({ status: 200, engine: 'ngrams/1' })
  expect(asked).toBe(knocks)
  await limit(10_000)
  // The gateway's own budgets count the provider's tokens too, and nothing of this machine's.
  const set = await fetch(`${house.url}/api/multimodal/budgets`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: 'Bearer boss' },
    body: JSON.stringify({ items: [{ ...subject, unit: 'tokens', period: 'day', amount: billed + 30 }] }),
  })
  expect(set.status).toBe(200)
  expect((await embed('fine', 60)).status).toBe(200)
  expect((await embed('fine', 61)).status).toBe(200)
  expect(await embed('fine', 62)).toMatchObject({ status: 429, code: 'gateway.budget_spent' })
  const budgets = await fetch(`${house.url}/api/multimodal/budgets`, {
    headers: { authorization: 'Bearer boss' },
  })
  expect(await budgets.json()).toMatchObject({ items: [{ unit: 'tokens', used: billed }] })
}, 120_000)
