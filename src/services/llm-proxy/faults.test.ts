import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { PROVIDER_FAULTS, type ProviderFault } from '../../../test/kit/provider-faults.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { serve } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { readYaml } from '../../platform/yaml-file.ts'
import { createLlmProxy } from './llm-proxy.ts'
import { ModelsFile, NO_MODELS } from './models-file.ts'
import { providersWith } from './providers.ts'

const olia: Principal = { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' }
const authenticate: Authenticate = async () => ({ principal: olia, service: null, credential: null })

/** As many models at one provider as there are cases, so that no case rests for the failure of another. */
async function open() {
  const provider = await openAiServer()
  const count = PROVIDER_FAULTS.length * 6 + 10
  const models = Array.from({ length: count }, (_, n) => `m${n}: { provider: p, price: { input: 1 } }`)
  const aliases = Array.from({ length: count }, (_, n) => `a${n}: { use: [m${n}], retry_s: 0 }`)
  const read = await readYaml(
    `{ providers: { p: { url: "${provider.url}" } }, models: { ${models.join(', ')} }, aliases: { ${aliases.join(', ')} } }`,
    ModelsFile,
    NO_MODELS,
  )
  if (!('value' in read)) throw new Error(JSON.stringify(read.faults))
  const proxy = createLlmProxy({
    engines: [librarian({ clock: systemClock, ids: createIds(systemClock) })],
    file: { current: () => read.value, problem: () => null, stop: () => {} },
    open: providersWith(() => null),
  })
  const app = fastify({ forceCloseConnections: true })
  serve(app, proxy, authenticate)
  proxy.routes?.(app, authenticate)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  let used = 0
  return {
    provider,
    url,
    port: Number(new URL(url).port),
    model: () => `a${used++}`,
    async [Symbol.asyncDispose]() {
      await app.close()
      await proxy.stop?.()
      await provider[Symbol.asyncDispose]()
    },
  }
}

let set: Awaited<ReturnType<typeof open>>
beforeAll(async () => {
  set = await open()
})
afterAll(async () => await set[Symbol.asyncDispose]())

interface Told {
  text: string
  reasoning: string
  calls: { name: string; input: unknown }[]
  /** Ended as whole. */
  ended: boolean
  error: unknown
}
type Json = Readonly<Record<string, never>>

const NOTHING: Told = { text: '', reasoning: '', calls: [], ended: false, error: undefined }
const events = (body: string): Json[] =>
  body
    .split('\n\n')
    .flatMap((one) => /^data: (\{.*)$/m.exec(one)?.[1] ?? [])
    .map((one) => JSON.parse(one))

const parsedCalls = (found: Iterable<{ name: string; json: string }>) =>
  [...found].map(({ name, json }) => ({ name, input: JSON.parse(json) }))

function chatSaid(message: Json): Partial<Told> {
  const calls = ((message.tool_calls ?? []) as { function: { name: string; arguments: string } }[]).map(
    ({ function: { name, arguments: json } }) => ({ name, json }),
  )
  return {
    text: message.content ?? '',
    reasoning: message.reasoning_content ?? '',
    calls: parsedCalls(calls),
  }
}

/** How each door is asked, and how its answers are read by its own shapes. */
const DOORS = {
  '/v1/chat/completions': {
    ask: (model: string) => ({ model, messages: [{ role: 'user', content: 'hi' }] }),
    whole: (json: Json): Partial<Told> => chatSaid((json.choices as unknown as Json[])[0]?.message ?? {}),
    streamed(body: string): Told {
      const told = { ...NOTHING, ended: body.endsWith('data: [DONE]\n\n') }
      const calls = new Map<number, { name: string; json: string }>()
      for (const event of events(body)) {
        if (event.error) told.error = event.error
        const delta: Json = (event.choices as unknown as Json[] | undefined)?.[0]?.delta ?? {}
        told.text += delta.content ?? ''
        told.reasoning += delta.reasoning_content ?? ''
        for (const { index, function: said } of (delta.tool_calls ?? []) as never[] as {
          index: number
          function: { name?: string; arguments?: string }
        }[]) {
          const call = calls.get(index) ?? { name: '', json: '' }
          calls.set(index, { name: call.name || (said.name ?? ''), json: call.json + (said.arguments ?? '') })
        }
      }
      return { ...told, calls: told.ended ? parsedCalls(calls.values()) : [] }
    },
  },
  '/v1/responses': {
    ask: (model: string) => ({ model, input: 'hi' }),
    whole: (json: Json): Partial<Told> => responseSaid(json),
    streamed(body: string): Told {
      const all = events(body)
      const deltas = (type: string) =>
        all.flatMap((event) => (event.type === type ? [String(event.delta)] : [])).join('')
      const last = all.at(-1)
      const text = deltas('response.output_text.delta')
      const reasoning = deltas('response.reasoning_text.delta')
      if (last?.type !== 'response.completed')
        return { ...NOTHING, text, reasoning, error: last?.response && (last.response as Json).error }
      const said = responseSaid(last.response ?? {})
      expect([said.text, said.reasoning]).toEqual([text, reasoning])
      expect(all.map(({ sequence_number: n }) => n)).toEqual(all.map((_, n) => n))
      return { ...NOTHING, ...said, ended: true }
    },
  },
  '/v1/messages': {
    ask: (model: string) => ({ model, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }),
    whole(json: Json): Partial<Told> {
      const blocks = json.content as unknown as Json[]
      return {
        text: blocks.map(({ text }) => text ?? '').join(''),
        reasoning: blocks.map(({ thinking }) => thinking ?? '').join(''),
        calls: blocks.flatMap(({ type, name, input }) =>
          type === 'tool_use' ? [{ name: String(name), input: input as unknown }] : [],
        ),
      }
    },
    streamed(body: string): Told {
      const told = { ...NOTHING }
      const calls: { name: string; json: string }[] = []
      let open: number | null = null
      for (const { type, index, content_block: block, delta, error } of events(body) as Json[]) {
        if (type === 'error') told.error = error
        if (type === 'message_stop') told.ended = true
        if (type === 'content_block_start') {
          expect(open).toBeNull()
          open = index ?? null
          if (Object(block).type === 'tool_use') calls.push({ name: String(Object(block).name), json: '' })
        }
        if (type === 'content_block_stop') {
          expect(index).toBe(open)
          open = null
        }
        if (type !== 'content_block_delta') continue
        expect(index).toBe(open)
        const said = delta as unknown as Readonly<Record<string, string | undefined>>
        told.text += said.text ?? ''
        told.reasoning += said.thinking ?? ''
        const call = calls.at(-1)
        if (call) call.json += said.partial_json ?? ''
      }
      return { ...told, calls: told.ended ? parsedCalls(calls) : [] }
    },
  },
}

function responseSaid(json: Json): Partial<Told> {
  const output = json.output as unknown as Readonly<Record<string, unknown>>[]
  const texts = (type: string) =>
    output
      .flatMap((item) => (item.type === type ? (item.content as { text: string }[]) : []))
      .map(({ text }) => text)
      .join('')
  const calls = output.flatMap((item) =>
    item.type === 'function_call' ? [{ name: String(item.name), json: String(item.arguments) }] : [],
  )
  return { text: texts('message'), reasoning: texts('reasoning'), calls: parsedCalls(calls) }
}

type Door = keyof typeof DOORS

async function told(door: Door, stream: boolean): Promise<{ status: number; told: Told }> {
  const body = JSON.stringify({ ...DOORS[door].ask(set.model()), stream })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${set.url}${door}`, { method: 'POST', headers, body })
  const text = await response.text()
  const { status } = response
  if (status !== 200) return { status, told: { ...NOTHING, error: JSON.parse(text).error } }
  if (stream) return { status, told: DOORS[door].streamed(text) }
  return { status, told: { ...NOTHING, ...DOORS[door].whole(JSON.parse(text)), ended: true } }
}

const cases = (Object.keys(DOORS) as Door[]).flatMap((door) =>
  [true, false].map((stream) => ({ door, stream, how: stream ? 'streamed' : 'whole' })),
)

describe.each(cases)('a provider’s faults at $door, $how', ({ door, stream }) => {
  const able = PROVIDER_FAULTS.flatMap((fault): (ProviderFault & { asks: number })[] =>
    fault.answer(stream) === null ? [] : [{ ...fault, asks: 1 }],
  )
  test.each(able)('it $name', { timeout: 90_000 }, async ({ answer, must, before = '' }) => {
    const script = answer(stream)
    if (script) set.provider.next(script)
    const { status, told: said } = await told(door, stream)
    if (must === 'fail') {
      // A clear error, never a short success; what was said before it is there.
      expect(said.ended).toBe(false)
      expect(said.error).toMatchObject({ message: expect.stringMatching(/\w/), code: expect.any(String) })
      expect([400, 429, 502, 503, 504, 200]).toContain(status)
      expect(status === 200 ? said.text : before).toBe(before)
    } else expect(said).toEqual({ ...NOTHING, ended: true, ...must })
  })
})

test('whoever leaves stops the provider before it says more, at every door, while it speaks and before', async () => {
  for (const { door, stream } of cases) {
    set.provider.next(
      stream ? { tokens: Array.from({ length: 500 }, () => 'x'), delayMs: 100 } : { hang: true },
    )
    const asked = set.provider.requests.length
    const sent = set.provider.sent()
    const stop = new AbortController()
    const body = JSON.stringify({ ...DOORS[door].ask(set.model()), stream })
    const headers = { 'content-type': 'application/json' }
    const asking = fetch(`${set.url}${door}`, { method: 'POST', headers, body, signal: stop.signal })
    asking.catch(() => undefined)
    await eventually(() => expect(set.provider.requests).toHaveLength(asked + 1), 30_000)
    if (stream) {
      const reader = (await asking).body?.getReader()
      await reader?.read()
      reader?.closed.catch(() => undefined)
    }
    const before = Math.max(sent, set.provider.sent())
    stop.abort()
    expect(await set.provider.requests[asked]?.left).toBe(true)
    // It says one thing each 100 ms: what may cross the leaving is on its way already.
    expect(set.provider.sent() - before).toBeLessThanOrEqual(2)
  }
}, 120_000)

test('a client that does not read holds the provider back; a client that reads late gets all of it', async () => {
  const token = 'x'.repeat(64 * 1024)
  const tokens = Array.from({ length: 1_500 }, () => token)
  set.provider.next({ tokens })
  const before = set.provider.sent()
  const asking = httpRequest({
    port: set.port,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  })
  asking.end(JSON.stringify({ ...DOORS['/v1/chat/completions'].ask(set.model()), stream: true }))
  const [answer] = await once(asking, 'response')
  let last = -1
  for (let still = 0; still < 5; await pause(100)) {
    still = set.provider.sent() === last ? still + 1 : 0
    last = set.provider.sent()
  }
  expect(last - before).toBeLessThan(tokens.length)
  let bytes = 0
  let end = ''
  for await (const part of answer) {
    bytes += part.length
    end = part.toString('latin1').slice(-20)
  }
  expect(end).toContain('data: [DONE]')
  expect(bytes).toBeGreaterThan(tokens.length * token.length)
}, 120_000)

test('clients that never finish what they say cost no provider’s call, and nobody else waits for them', async () => {
  const asked = set.provider.requests.length
  const lorises = Array.from({ length: 60 }, (_, n) => {
    const socket = connect(set.port, '127.0.0.1')
    socket.on('error', () => undefined)
    const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
    socket.write(n % 2 === 0 ? head : `${head}content-length: 5000\r\n\r\n{"model": "a0", "mess`)
    return socket
  })
  await Promise.all(lorises.map((socket) => once(socket, 'connect')))
  for (const door of Object.keys(DOORS) as Door[]) expect((await told(door, true)).told.text).toBe('hi')
  expect(set.provider.requests.length - asked).toBe(3)
  for (const socket of lorises) socket.destroy()
}, 90_000)
