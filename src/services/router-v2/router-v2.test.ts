import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { engineError } from '../../engines/engine.errors.ts'
import { openAiCompatible } from '../../engines/llm/openai-compatible.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Database } from '../../platform/database/database.ts'
import { createHttp } from '../../platform/http/http.ts'
import { serve } from '../../platform/http/serve.ts'
import { createLogger } from '../../platform/logger.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { readYaml } from '../../platform/yaml-file.ts'
import { llmProxyContract } from '../llm-proxy/llm-proxy.contract.ts'
import { createLlmProxy } from '../llm-proxy/llm-proxy.ts'
import { ModelsFile, NO_MODELS } from '../llm-proxy/models-file.ts'
import { providersWith } from '../llm-proxy/providers.ts'
import { createRouterV2 } from './router-v2.ts'

const olia: Principal = { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' }
const clock = systemClock
const ids = createIds(clock)

/** Every kind of request goes to a model, so that what it is told can be seen. */
const RULES = `
rules:
  - name: heard
    priority: 1
    when: {modality: audio}
    use: {model: scripted-1, maxUsd: 1}
  - name: rest
    use: {model: city}
`

let database: Database
let folder: string
beforeAll(async () => {
  database = await testDatabase()
  folder = await mkdtemp(join(tmpdir(), 'router-v2-'))
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function served(given = RULES, models = '') {
  const rules = join(folder, 'rules.yaml')
  await writeFile(rules, given)
  const events = testEvents(database)
  const provider = await openAiServer()
  const config = { url: provider.url, key: null, model: 'scripted-1', retryForMs: 0 }
  const read = await readYaml(models.replace('URL', provider.url), ModelsFile, NO_MODELS)
  if (!('value' in read)) throw new Error(JSON.stringify(read.faults))
  const llm = createLlmProxy({
    engines: [openAiCompatible(config, { clock, random: Math.random })],
    file: { current: () => read.value, problem: () => null, stop: () => {} },
    open: providersWith(() => null),
  })
  const nobody = async () => expect.fail('no agent is asked')
  const router = createRouterV2({
    db: database.kysely,
    llm,
    models: local(llmProxyContract, llm.handlers, 'router-v2'),
    agents: { start: nobody, run: nobody, cancel: nobody },
    artefacts: {
      transcribe: async () => ({
        text: 'Where are the keys?',
        language: 'en',
        speech: true,
        segments: [],
        engine: 'w',
      }),
      read: async ({ bytes }) => {
        if (bytes.length < 3) throw engineError('file.unreadable')
        return { text: 'Closed on Sunday.', confidence: 0.9, engine: 't' }
      },
      parse: async ({ name }) => ({ pages: [{ number: 1, state: 'read', text: `The text of ${name}.` }] }),
    },
    knowledge: () => ({
      search: async ({ query }) => ({
        items: [
          {
            document: 'doc_1',
            collection: 'col_1',
            title: 'Lease',
            page: 3,
            place: null,
            text: `About ${query}.`,
            score: 1,
            why: {},
          },
        ],
        engine: 'words',
        unread: [],
      }),
    }),
    events,
    clock,
    ids,
    rules,
    maxPartBytes: 1_000,
  })
  await router.start?.()
  const app = await createHttp({
    logger: createLogger('silent'),
    metrics: createMetrics(),
    publicUrl: 'http://127.0.0.1',
    trustProxy: false,
    maxUploadBytes: 1e6,
  })
  const authenticate = async () => ({ principal: olia, service: null, credential: null })
  serve(app, router, authenticate)
  router.routes?.(app, authenticate)
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/api/router/v2/route`
  const send = async (body: unknown, headers: Record<string, string> = {}) => {
    const form = body instanceof FormData
    const type = form ? {} : { 'content-type': 'application/json' }
    const text = form ? body : typeof body === 'string' ? body : JSON.stringify(body)
    return await fetch(url, { method: 'POST', headers: { ...type, ...headers }, body: text })
  }
  return {
    provider,
    url,
    send,
    said: () => {
      const messages = provider.requests.at(-1)?.body.messages
      return Array.isArray(messages) ? String(messages.at(-1)?.content) : ''
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await router.stop?.()
      await events[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const dataUrl = (mime: string, text: string) => `data:${mime};base64,${Buffer.from(text).toString('base64')}`

test('v1.1’s pictures, files and voices are answered in v1’s envelope; a part that fails loses nothing else', async () => {
  await using set = await served()
  set.provider.next({ tokens: ['In the hall.'] })
  const context = {
    images: [dataUrl('image/png', 'picture'), 'no data URL'],
    files: { name: 'lease.pdf', data: dataUrl('application/pdf', 'paper') },
    audio: dataUrl('audio/ogg', 'voice'),
  }
  const answer = await (await set.send({ message: 'Help me', payload: { context } })).json()
  expect(answer).toMatchObject({
    ok: true,
    data: {
      text: 'In the hall.',
      model: 'scripted-1',
      parts: [
        { type: 'image', state: 'done', ocr: { text: 'Closed on Sunday.' } },
        { type: 'image', state: 'failed', error: { code: 'router_v2.bad_data_url' } },
        { type: 'file', name: 'lease.pdf', state: 'done' },
        { type: 'audio', state: 'done', transcript: { text: 'Where are the keys?' } },
      ],
    },
    metadata: { rule: 'heard' },
  })
  expect(set.said()).toMatch(
    /^Help me\n\n[\s\S]*Closed on Sunday\.[\s\S]*The text of lease\.pdf\.[\s\S]*keys\?/,
  )
})

test('a form with files and a search is answered as it goes', async () => {
  await using set = await served()
  set.provider.next({ tokens: ['Here.'] })
  const form = new FormData()
  form.set(
    'parts',
    JSON.stringify([
      { type: 'text', text: 'Look' },
      { type: 'search', query: 'rent' },
    ]),
  )
  form.set('audio', new Blob(['voice'], { type: 'audio/ogg' }), 'note.ogg')
  const text = await (await set.send(form, { accept: 'text/event-stream' })).text()
  const events = [...text.matchAll(/^event: (.+)\ndata: (.+)$/gm)].map(([, name = '', data = '']) => ({
    name,
    data: JSON.parse(data),
  }))
  expect(events.map(({ name }) => name).sort((a, b) => (a < b ? -1 : 1))).toEqual([
    'accepted',
    'delta',
    'done',
    'step',
    'text',
    'transcript',
  ])
  expect(events[0]?.name).toBe('accepted')
  expect(events.at(-1)).toMatchObject({
    name: 'done',
    data: {
      run: events[0]?.data.run,
      text: 'Here.',
      rule: 'heard',
      parts: [
        { type: 'search', found: [{ title: 'Lease', page: 3, text: 'About rent.' }] },
        { type: 'audio', name: 'note.ogg' },
      ],
    },
  })
  set.provider.next({ status: 401 })
  const failed = await (
    await set.send({ parts: [{ type: 'text', text: 'hi' }] }, { accept: 'text/event-stream' })
  ).text()
  expect(failed).toMatch(/event: error\ndata: .*routing\.provider_failed/)
})

test('a repeat under one key is the same answer; what cannot be read is refused in words', async () => {
  await using set = await served()
  const twice = async (text: string) =>
    await set.send({ parts: [{ type: 'text', text }] }, { 'idempotency-key': 'key-1' })
  const [first, again] = [await (await twice('hi')).json(), await (await twice('hi')).json()]
  expect(again).toEqual(first)
  expect(set.provider.requests).toHaveLength(1)
  expect((await twice('ho')).status).toBe(409)
  for (const [body, status] of [
    ['{"parts":', 400],
    [{ parts: [] }, 400],
    [{ message: 'x', parts: [{ type: 'text', text: 'x' }] }, 400],
    [{ parts: [{ type: 'image' }] }, 400],
    [{ parts: [{ type: 'image', data: 'data:image/png;base64,@@' }] }, 400],
    [{ parts: [{ type: 'image', data: dataUrl('image/png', 'x'.repeat(2_000)) }] }, 413],
  ] as const)
    expect((await set.send(body)).status, JSON.stringify(body).slice(0, 60)).toBe(status)
  const torn = await fetch(set.url, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: '--x\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\nhalf',
  })
  expect(torn.status).toBe(400)
  expect(await (await set.send({ message: ' ' })).json()).toMatchObject({
    ok: false,
    error: { kind: 'invalid' },
  })
})

test('a rule finds a model by what it can, within what it may cost', async () => {
  const rules = `
rules:
  - name: seeing
    when: {text: 'look'}
    use: {capabilities: [images, tools], maxUsd: 0.01}
  - name: thinking
    when: {text: 'think'}
    use: {capabilities: [reasoning]}
`
  const models = `
providers: { p: { url: URL } }
models:
  small: { provider: p, capabilities: [tools], price: { input: 1, output: 1 } }
  large: { provider: p, capabilities: [images, tools], context: 9000, price: { input: 1000, output: 2000 } }
aliases: { city: { use: [small, large] } }
`
  await using set = await served(rules, models)
  const ask = async (text: string, more = {}) => {
    const response = await set.send({ parts: [{ type: 'text', text }], ...more })
    return { status: response.status, body: await response.json() }
  }
  // 7 tokens in and 2 out, by the provider's count, at a tenth and two tenths of a cent.
  expect((await ask('look here')).body).toMatchObject({ rule: 'seeing', engine: 'large', costUsd: 0.011 })
  // What may be said is bounded by what is left of the ceiling: 3 tokens in cost three tenths of a cent.
  expect(set.provider.requests.at(-1)?.body).toMatchObject({ model: 'large', max_tokens: 3 })
  expect((await ask('look here', { maxUsd: 0.002 })).body).toMatchObject({
    error: { code: 'routing.too_costly' },
  })
  expect((await ask('think of it')).body).toMatchObject({ error: { code: 'routing.no_model' } })
  expect(set.provider.requests).toHaveLength(1)
})
