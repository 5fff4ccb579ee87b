import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { openAiCompatible } from '../../engines/llm/openai-compatible.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Principal } from '../../kernel/principal.ts'
import { createHttp } from '../../platform/http/http.ts'
import { serve } from '../../platform/http/serve.ts'
import { createLogger } from '../../platform/logger.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { llmProxyContract } from '../llm-proxy/llm-proxy.contract.ts'
import { createLlmProxy } from '../llm-proxy/llm-proxy.ts'
import { routerV1Contract } from './router-v1.contract.ts'
import { createRouterV1 } from './router-v1.ts'

const PATIENCE_MS = 30_000
const olia: Principal = { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' }
const admin: Principal = { ...olia, id: 'usr_admin', role: 'admin' }

const RULES = `
timezone: Europe/Kyiv
agents:
  helper: {prompt: Be brief., temperature: 0.1}
rules:
  - name: rent
    priority: 5
    when: {text: 'rent|оренд'}
    use: {agent: helper, model: scripted-1}
  - name: far
    when: {mode: far, metadata: {tier: [gold, 2]}}
    use: {provider: daarion}
`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-v1-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let made = 0
async function routed(rules = RULES) {
  const path = join(folder, `${made++}.yaml`)
  await writeFile(path, rules)
  const provider = await openAiServer()
  const clock = systemClock
  const config = { url: provider.url, key: null, model: 'scripted-1', retryForMs: 0 }
  const llm = createLlmProxy({ engines: [openAiCompatible(config, { clock, random: Math.random })] })
  const models = local(llmProxyContract, llm.handlers, 'router-v1')
  const router = createRouterV1({ llm, models, clock, rules: path })
  await router.start?.()
  const client = local(routerV1Contract, router.handlers, 'router')
  const { data } = await models.models({}, { principal: olia })
  const owner = data.find(({ id }) => id === 'scripted-1')?.owned_by
  return {
    path,
    provider,
    router,
    client,
    owner,
    /** Its routes, as whoever the header says: `olia`, `admin`. */
    async listen() {
      const app = await createHttp({
        logger: createLogger('silent'),
        metrics: createMetrics(),
        publicUrl: 'http://127.0.0.1',
        trustProxy: false,
        maxUploadBytes: 1e6,
      })
      const who = { olia, admin } as Record<string, Principal>
      const authenticate = async ({ headers }: { headers: { authorization?: string | undefined } }) => ({
        principal: who[headers.authorization ?? ''] ?? null,
        service: null,
        credential: null,
      })
      serve(app, router, authenticate)
      router.routes?.(app, authenticate)
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      return { url, close: () => app.close() }
    },
    async [Symbol.asyncDispose]() {
      await router.stop?.()
      await provider[Symbol.asyncDispose]()
    },
  }
}

test('the first rule that matches picks profile and model; the envelope is v1’s', async () => {
  await using set = await routed()
  set.provider.next({ tokens: ['500', ' a month.'] })
  const answer = await set.client.route(
    { message: 'Яка оренда зали?', mode: 'ask', dao_id: 'd1', payload: { context: { tier: 'gold' } } },
    { principal: olia },
  )
  expect(answer).toEqual({
    ok: true,
    provider: set.owner,
    data: {
      text: '500 a month.',
      model: 'scripted-1',
      usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
    },
    metadata: { rule: 'rent', agent: 'helper', mode: 'ask', dao_id: 'd1', session_id: null, user_id: null },
  })
  expect(set.provider.requests[0]?.body).toMatchObject({
    model: 'scripted-1',
    temperature: 0.1,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Яка оренда зали?' },
    ],
  })
})

test('a dry run says which rule matched and why each other did not, and asks nobody', async () => {
  await using set = await routed()
  const asked = { message: 'the rent', mode: 'far', payload: { context: { tier: 'silver' } } }
  expect(await set.client.explain(asked, { principal: admin })).toMatchObject({
    rule: 'rent',
    target: { agent: 'helper', model: 'scripted-1' },
    considered: [
      { rule: 'rent', matches: true, used: true },
      {
        rule: 'far',
        matches: false,
        conditions: [
          { name: 'mode', holds: true },
          { name: 'metadata.tier', wanted: 'gold or 2', got: 'silver', holds: false },
        ],
      },
    ],
  })
  expect(set.provider.requests).toEqual([])
})

test('an edit holds from the next request on; a wrong one is refused, told of, and what was before stays', async () => {
  await using set = await routed()
  const rules = () => set.client.rules({}, { principal: admin })
  await writeFile(set.path, RULES.replace('name: rent', 'name: lease'))
  await eventually(async () => expect((await rules()).rules[0]?.name).toBe('lease'), PATIENCE_MS)
  await writeFile(set.path, RULES.replace('model: scripted-1', 'model: unheard-of'))
  await eventually(async () => expect((await rules()).problem).not.toBeNull(), PATIENCE_MS)
  expect(await rules()).toMatchObject({
    problem: {
      line: 9,
      message: expect.stringContaining('there is no model unheard-of; there are city, scripted-1'),
    },
    rules: [{ name: 'lease' }, { name: 'far' }],
  })
  expect(await set.router.checks?.()).toMatchObject([{ name: 'rules', state: 'degraded' }])
})

test('a provider’s failure is 502, anything but text is 415, and both say so in v1’s envelope', async () => {
  await using set = await routed()
  const served = await set.listen()
  const post = async (body: unknown, type = 'application/json', who = 'olia') => {
    const answer = await fetch(`${served.url}/api/router/v1/route`, {
      method: 'POST',
      headers: { 'content-type': type, authorization: who },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: answer.status, body: await answer.json() }
  }
  try {
    for (const status of [400, 401, 429, 500, 503]) {
      set.provider.next({ status })
      expect(await post({ message: 'hi' })).toMatchObject({
        status: 502,
        body: { ok: false, error: { code: 'routing.provider_failed' } },
      })
    }
    const image = { message: 'see', payload: { context: { images: ['data:image/png;base64,aGk='] } } }
    for (const [body, type] of [
      [image, 'application/json'],
      [{ parts: [{ type: 'text', text: 'hi' }] }, 'application/json'],
      ['hello', 'text/plain'],
      ['--x--', 'multipart/form-data; boundary=x'],
    ] as const)
      expect(await post(body, type)).toMatchObject({
        status: 415,
        body: {
          ok: false,
          error: { code: 'router_v1.text_only', message: expect.stringContaining('/api/router/v2') },
        },
      })
    expect(await post({ message: 'hi', payload: { context: { images: [] } } })).toMatchObject({ status: 200 })
    for (const bad of [
      '{"message":',
      '[]',
      { message: ' ' },
      { message: 7 },
      { message: 'x'.repeat(32_001) },
      {},
    ])
      expect((await post(bad)).status, JSON.stringify(bad).slice(0, 40)).toBe(400)
    expect((await post({ message: 'x'.repeat(9_000_000) })).status).toBe(413)
    expect((await post({ message: 'hi' }, 'application/json', 'nobody')).status).toBe(401)

    // A system prompt is for those who are trusted.
    const prompted = { message: 'hi', payload: { context: { system_prompt: 'Obey me.' } } }
    expect(await post(prompted)).toMatchObject({
      status: 403,
      body: { error: { code: 'router_v1.system_prompt' } },
    })
    expect((await post(prompted, 'application/json', 'admin')).status).toBe(200)
    expect(set.provider.requests.at(-1)?.body.messages).toMatchObject([
      { content: 'Obey me.' },
      { content: 'hi' },
    ])
    expect(
      (await fetch(`${served.url}/api/router/v1/rules`, { headers: { authorization: 'olia' } })).status,
    ).toBe(403)
  } finally {
    await served.close()
  }
})

test('a client that leaves takes its question back from the provider', async () => {
  await using set = await routed()
  const served = await set.listen()
  try {
    set.provider.next({ hang: true })
    const asking = httpRequest(`${served.url}/api/router/v1/route`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'olia' },
    })
    asking.on('error', () => undefined)
    asking.end(JSON.stringify({ message: 'hi' }))
    await eventually(() => expect(set.provider.requests).toHaveLength(1), PATIENCE_MS)
    asking.destroy()
    expect(await set.provider.requests[0]?.left).toBe(true)
  } finally {
    await served.close()
  }
}, 90_000)

test('an answer that takes longer than the rules allow is called off', async () => {
  await using set = await routed('defaults: {timeoutSeconds: 1}')
  set.provider.next({ hang: true })
  const late = set.client.route({ message: 'hi' }, { principal: olia })
  await expect(late).rejects.toMatchObject({ code: 'call.timeout', kind: 'timeout' })
  expect(await set.provider.requests[0]?.left).toBe(true)
}, 90_000)
