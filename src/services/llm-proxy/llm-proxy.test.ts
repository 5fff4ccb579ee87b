import fastify from 'fastify'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { fakeLlm } from '../../engines/llm/fake.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import { openAiCompatible } from '../../engines/llm/openai-compatible.ts'
import { systemClock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Secret } from '../../kernel/secret.ts'
import { httpError } from '../../platform/http/http.errors.ts'
import { serve } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { createLlmProxy } from './llm-proxy.ts'

const KEY = 'dk_resident'
const olia: Principal = { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' }

const authenticate: Authenticate = async ({ headers: { authorization } }) => {
  if (authorization === undefined) return { principal: null, service: null, credential: null }
  if (authorization !== `Bearer ${KEY}`) throw httpError('auth.bad_credential')
  return { principal: olia, service: null, credential: { type: 'key', id: 'key_1' } }
}

/** A proxy on a free port, over a scripted provider and the librarian. */
async function city() {
  const provider = await openAiServer({ key: 'sk-provider' })
  const config = { url: provider.url, key: new Secret('sk-provider'), model: 'scripted-1', retryForMs: 0 }
  const proxy = createLlmProxy({
    engines: [
      openAiCompatible(config, { clock: systemClock, random: Math.random }),
      librarian({ clock: systemClock, ids: createIds(systemClock) }),
    ],
  })
  const app = fastify({ forceCloseConnections: true })
  serve(app, proxy, authenticate)
  proxy.routes?.(app, authenticate)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const client = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
  return {
    provider,
    proxy,
    url,
    openai: client(KEY),
    client,
    async [Symbol.asyncDispose]() {
      await app.close()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const messages = [{ role: 'user' as const, content: 'say it back' }]

test("OpenAI's own client streams, lists and asks unchanged, with a key of the city", async () => {
  await using set = await city()
  const models = await set.openai.models.list()
  expect(models.data.map(({ id }) => id)).toEqual(['city', 'scripted-1', 'librarian'])
  expect(await set.openai.models.retrieve('librarian')).toMatchObject({ owned_by: 'daarion' })

  const stream = await set.openai.chat.completions.create({ model: 'city', messages, stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe('say it back')

  const whole = await set.openai.chat.completions.create({ model: 'scripted-1', messages })
  expect(whole).toMatchObject({ model: 'scripted-1', choices: [{ message: { content: 'say it back' } }] })
  expect(whole.usage?.completion_tokens).toBe(3)
})

test('the name of the city’s model becomes the provider’s; fields it does not know pass both ways', async () => {
  await using set = await city()
  set.provider.next({ extra: { system_fingerprint: 'fp_9' } })
  const body = { model: 'city', messages, top_k: 7, daarion: { question: 'secret hint' } }
  const answer = await set.openai.chat.completions.create(body)
  expect(answer.system_fingerprint).toBe('fp_9')
  const [seen] = set.provider.requests
  expect(seen?.body).toMatchObject({ model: 'scripted-1', top_k: 7 })
  expect(JSON.stringify(seen?.body)).not.toContain('secret hint')
  expect(seen?.authorization).toBe('Bearer sk-provider')
})

test('the librarian answers whole and streamed, with usage when asked', async () => {
  await using set = await city()
  const asked = { model: 'librarian', messages: [{ role: 'user' as const, content: 'Привіт' }] }
  const whole = await set.openai.chat.completions.create(asked)
  expect(whole.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } })
  expect(whole.choices[0]?.message.content).toMatch(/не мовна модель/)
  const options = { stream: true, stream_options: { include_usage: true } } as const
  const chunks = []
  for await (const chunk of await set.openai.chat.completions.create({ ...asked, ...options }))
    chunks.push(chunk)
  expect(chunks.length).toBeGreaterThan(4)
  expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0)
  expect(set.provider.requests).toHaveLength(0)
})

test('errors are in OpenAI’s shape: nobody, a wrong key, an unknown model, bad input, no JSON', async () => {
  await using set = await city()
  const bad = set.client('dk_wrong').chat.completions.create({ model: 'city', messages })
  await expect(bad).rejects.toMatchObject({ status: 401, type: 'authentication_error' })
  const unknown = set.openai.chat.completions.create({ model: 'gpt-0', messages })
  await expect(unknown).rejects.toMatchObject({ status: 404, code: 'llm_proxy.model_unknown' })
  await expect(set.openai.models.retrieve('gpt-0')).rejects.toMatchObject({ status: 404 })
  const empty = set.openai.chat.completions.create({ model: 'city', messages: [] })
  await expect(empty).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' })

  const post = (headers: Record<string, string>, body: string) =>
    fetch(`${set.url}/v1/chat/completions`, { method: 'POST', headers, body })
  const nobody = await post(
    { 'content-type': 'application/json' },
    JSON.stringify({ model: 'city', messages }),
  )
  expect(nobody.status).toBe(401)
  const garbage = await post(
    { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    '{"model":',
  )
  expect(garbage.status).toBe(400)
  for (const response of [nobody, garbage])
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String), param: null } })
})

test('a provider’s failure is returned, never replaced: what is about the request in its words, the rest in ours', async () => {
  await using set = await city()
  set.provider.next({ status: 400 }, { status: 401 }, { status: 503 }, { status: 429, retryAfter: '30' })
  const ask = () => set.openai.chat.completions.create({ model: 'city', messages })
  await expect(ask()).rejects.toMatchObject({ status: 400, code: 'scripted', message: /scripted refusal/ })
  await expect(ask()).rejects.toMatchObject({ status: 502, code: 'engine.refused' })
  await expect(ask()).rejects.toMatchObject({ status: 502, code: 'engine.refused' })
  const limited = await ask().catch((cause: unknown) => cause)
  expect(limited).toMatchObject({ status: 429 })
  if (limited instanceof OpenAI.APIError) expect(limited.headers?.get('retry-after')).toBe('30')
  // It said when to come back, and is not asked before.
  await expect(ask()).rejects.toMatchObject({ status: 503, code: 'llm_proxy.resting' })
  expect(set.provider.requests).toHaveLength(4)
})

test('a stream that breaks off is an error to the client, and no end of stream', async () => {
  await using set = await city()
  set.provider.next({ tokens: ['a', 'b', 'c'], cutAfter: 2 })
  let text = ''
  const reading = (async () => {
    const stream = await set.openai.chat.completions.create({ model: 'city', messages, stream: true })
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  })()
  await expect(reading).rejects.toMatchObject({ code: 'engine.cut' })
  expect(text).toBe('ab')
})

test('a client that leaves stops the provider', async () => {
  await using set = await city()
  set.provider.always({ tokens: ['a', 'b', 'c'], holdAfter: 1 })
  const stream = await set.openai.chat.completions.create({ model: 'city', messages, stream: true })
  for await (const _ of stream) break
  expect(await set.provider.requests[0]?.left).toBe(true)

  const stop = new AbortController()
  set.provider.always({ hang: true })
  const waiting = set.openai.chat.completions.create({ model: 'city', messages }, { signal: stop.signal })
  await expect.poll(() => set.provider.requests.length).toBe(2)
  stop.abort()
  await expect(waiting).rejects.toThrow()
  expect(await set.provider.requests[1]?.left).toBe(true)
})

test('in process it is the same answer without a socket, and stops the provider too', async () => {
  await using set = await city()
  const fetchIn = set.proxy.fetchAs({ principal: olia, service: 'agents' })
  const post = (signal: AbortSignal | null, more = {}) => {
    const body = JSON.stringify({ model: 'city', messages, stream: true, ...more })
    return fetchIn('http://llm-proxy/v1/chat/completions', { method: 'POST', body, signal })
  }
  const text = await (await post(null)).text()
  expect(text).toMatch(/^data: \{.*\n\ndata: \[DONE\]\n\n$/s)

  const refused = await post(null, { model: 'gpt-0' })
  expect(refused.status).toBe(404)
  expect(await refused.json()).toMatchObject({ error: { daarion: { kind: 'not_found' } } })

  set.provider.always({ tokens: ['a', 'b'], holdAfter: 1 })
  const stop = new AbortController()
  const reader = (await post(stop.signal)).body?.getReader()
  await reader?.read()
  const next = reader?.read()
  stop.abort()
  await expect(next).rejects.toThrow(/abort/i)
  const second = (await post(null)).body?.getReader()
  await second?.read()
  await second?.cancel()
  expect(await set.provider.requests[1]?.left).toBe(true)
  expect(await set.provider.requests[2]?.left).toBe(true)
  const nobody = set.proxy.fetchAs({ principal: null, service: null })
  const body = JSON.stringify({ model: 'city', messages })
  expect((await nobody('http://llm-proxy/v1/chat/completions', { method: 'POST', body })).status).toBe(401)
})

test('an engine that only streams is gathered whole; one that is missing shows as degraded', async () => {
  const { llm } = fakeLlm({ missing: httpError('http.stopping') })
  const proxy = createLlmProxy({ engines: [llm] })
  const answer = await proxy.handlers.chat(
    { model: 'fake', messages },
    { principal: olia, service: null, requestId: 'req_1', signal: deadline(1_000) },
  )
  expect(answer).toMatchObject({
    object: 'chat.completion',
    choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'A fake answer.' } }],
  })
  expect(await proxy.checks?.()).toMatchObject([{ state: 'degraded' }])
})
