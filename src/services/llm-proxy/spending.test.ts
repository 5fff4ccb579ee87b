import fastify from 'fastify'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { serve } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { readYaml } from '../../platform/yaml-file.ts'
import { residentErased } from '../auth/auth.events.ts'
import { llmProxyContract } from './llm-proxy.contract.ts'
import type { LlmTables } from './llm-proxy.tables.ts'
import { createLlmProxy } from './llm-proxy.ts'
import { ModelsFile, NO_MODELS } from './models-file.ts'
import { providersWith } from './providers.ts'

const owner: Principal = { id: 'usr_owner', kind: 'person', name: 'O', role: 'owner' }
const olia: Principal = { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' }

const authenticate: Authenticate = async ({ headers: { authorization } }) => {
  if (authorization === 'Bearer dk_owner')
    return { principal: owner, service: null, credential: { type: 'session', id: 'ses_1' } }
  if (authorization === 'Service agents') return { principal: olia, service: 'agents', credential: null }
  return { principal: olia, service: null, credential: { type: 'key', id: 'key_olia' } }
}

async function city() {
  const provider = await openAiServer()
  const database = await testDatabase()
  const events = testEvents(database)
  const ids = createIds(systemClock)
  const read = await readYaml(
    `providers: { p: { url: "${provider.url}" }, far: { url: "${provider.url}", local: false } }
models:
  m: { provider: p, price: { input: 1000, output: 3000 } }
  abroad: { provider: far }`,
    ModelsFile,
    NO_MODELS,
  )
  if (!('value' in read)) throw new Error('the file is wrong')
  const proxy = createLlmProxy({
    engines: [librarian({ clock: systemClock, ids })],
    file: { current: () => read.value, problem: () => null, stop: () => {} },
    open: providersWith(() => null),
    books: { db: database.kysely.withTables<LlmTables>(), ids, events, folder: null },
  })
  const app = fastify({ forceCloseConnections: true })
  serve(app, proxy, authenticate)
  proxy.routes?.(app, authenticate)
  await proxy.start?.()
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const call = async (method: string, path: string, body?: unknown, authorization = 'Bearer dk_owner') =>
    await fetch(`${url}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  await events.start()
  return {
    provider,
    events,
    db: database.kysely.withTables<LlmTables>(),
    call,
    proxy,
    openai: new OpenAI({ apiKey: 'dk_olia', baseURL: `${url}/v1`, maxRetries: 0 }),
    async [Symbol.asyncDispose]() {
      await app.close()
      await proxy.stop?.()
      await events[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const messages = [{ role: 'user' as const, content: 'hi' }]

test('what is spent is told to the cent, by key, agent and model, also as CSV; the answer says who gave it', async () => {
  await using set = await city()
  const { data, response } = await set.openai.chat.completions.create({ model: 'm', messages }).withResponse()
  expect(data.choices[0]?.message.content).toBe('hi')
  expect(response.headers.get('x-daarion-model')).toBe('m')
  expect(response.headers.get('x-daarion-provider')).toBe('p')
  // Nobody asked for its usage, so nobody is shown it; it is counted all the same.
  const stream = await set.openai.chat.completions.create({ model: 'm', messages, stream: true })
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true)
  expect(set.provider.requests[1]?.body).toMatchObject({ stream_options: { include_usage: true } })

  const inProcess = set.proxy.fetchAs({ principal: olia, service: 'agents' })
  const answer = await inProcess('http://llm-proxy/v1/chat/completions', {
    method: 'POST',
    headers: { 'x-daarion-agent': 'agent_a', 'x-daarion-community': 'dao_a' },
    body: JSON.stringify({ model: 'm', messages }),
  })
  expect(answer.status).toBe(200)
  // Services of the city are told what it cost, whole and in the stream's last chunk; others are not.
  expect(await answer.json()).toMatchObject({ usage: { prompt_tokens: 7, cost: 0.01 } })
  expect(data.usage).not.toHaveProperty('cost')
  const usage = async (query: string) =>
    llmProxyContract.usage.output.parse(await (await set.call('GET', `/api/llm/usage?${query}`)).json())
  const streamed = await set.call(
    'POST',
    '/v1/chat/completions',
    { model: 'm', messages, stream: true, stream_options: { include_usage: true } },
    'Service agents',
  )
  const events = (await streamed.text()).trim().split('\n\n')
  expect(events.at(-1)).toBe('data: [DONE]')
  expect(JSON.parse(events.at(-2)?.slice(6) ?? '')).toMatchObject({ choices: [], usage: { cost: 0.01 } })
  // 7 tokens in at a tenth of a cent each, 1 out at three tenths.
  expect((await usage('by=model')).items).toEqual([
    { group: 'm', requests: 4, lost: 0, tokensIn: 28, tokensOut: 4, usd: '0.04' },
  ])
  expect((await usage('by=agent')).items).toMatchObject([
    { group: '', requests: 3 },
    { group: 'agent_a', requests: 1, usd: '0.01' },
  ])
  expect((await usage('by=key')).items).toMatchObject([{ group: '' }, { group: 'key_olia', usd: '0.02' }])
  const csv = await set.call('GET', '/api/llm/usage?by=community&format=csv')
  expect(csv.headers.get('content-type')).toContain('text/csv')
  expect(await csv.text()).toBe(
    'community,requests,lost,tokens_in,tokens_out,usd\r\n"",3,0,21,3,0.03\r\n"dao_a",1,0,7,1,0.01\r\n',
  )
  expect((await set.call('GET', '/api/llm/usage', undefined, 'Bearer dk_olia')).status).toBe(403)
})

test('a budget refuses before the provider is asked; what stays here goes to nobody else; services hold and settle', async () => {
  await using set = await city()
  const put = await set.call('PUT', '/api/llm/budgets', {
    items: [{ kind: 'key', subject: 'key_olia', per: 'usd_day', amount: 0.05 }],
    communities: [{ community: 'dao_home', mayLeave: false }],
  })
  expect(put.status).toBe(200)
  const ask = () => set.openai.chat.completions.create({ model: 'm', messages, max_tokens: 10 })
  await ask()
  const over = set.openai.chat.completions.create({ model: 'm', messages, max_tokens: 100 })
  await expect(over).rejects.toMatchObject({ status: 429, code: 'llm_proxy.budget_spent' })
  expect(set.provider.requests).toHaveLength(1)
  const { budgets: op, reserve: reserving } = llmProxyContract
  const budgets = op.output.parse(await (await set.call('GET', '/api/llm/budgets')).json())
  expect(budgets.items).toMatchObject([{ subject: 'key_olia', used: 0.01 }])

  const service = set.proxy.fetchAs({ principal: olia, service: 'agents' })
  const from = async (community: string) =>
    await service('http://llm-proxy/v1/chat/completions', {
      method: 'POST',
      headers: { 'x-daarion-community': community },
      body: JSON.stringify({ model: 'abroad', messages }),
    })
  expect((await from('dao_home')).status).toBe(403)
  expect((await from('dao_open')).status).toBe(200)

  const reserve = { for: { principal: 'usr_olia', key: 'key_olia' }, kind: 'ocr', model: 'vision', usd: 0.03 }
  const held = await set.call('POST', '/api/llm/reservations', reserve, 'Service agents')
  const { reservation } = reserving.output.parse(await held.json())
  expect((await set.call('POST', '/api/llm/reservations', reserve, 'Service agents')).status).toBe(429)
  const settle = `/api/llm/reservations/${reservation}/settle`
  expect((await set.call('POST', settle, { usd: 0.02 }, 'Service agents')).status).toBe(200)
  expect((await set.call('POST', settle, { usd: 0.02 }, 'Service agents')).status).toBe(404)
  expect((await set.call('POST', '/api/llm/reservations', reserve)).status).toBe(404)
})

test('who is erased is in the books no more, what they used is', async () => {
  await using set = await city()
  const items = [{ kind: 'principal', subject: olia.id, per: 'usd_day', amount: 5 }]
  expect((await set.call('PUT', '/api/llm/budgets', { items })).status).toBe(200)
  await set.openai.chat.completions.create({ model: 'm', messages, max_tokens: 10 })
  const lines = async () =>
    llmProxyContract.usage.output.parse(await (await set.call('GET', '/api/llm/usage?by=principal')).json())
      .items
  expect(await lines()).toMatchObject([{ group: olia.id, requests: 1, usd: '0.01' }])
  const erased = { principal: olia.id, name: olia.name }
  await set.db
    .transaction()
    .execute((tx) => set.events.append(tx, { type: residentErased, principal: null, data: erased }))
  await set.events.settled()
  expect(await lines()).toMatchObject([{ group: '', requests: 1, usd: '0.01' }])
  for (const table of ['llm.usage', 'llm.budget'] as const)
    expect(JSON.stringify(await set.db.selectFrom(table).selectAll().execute())).not.toContain(olia.id)
})
