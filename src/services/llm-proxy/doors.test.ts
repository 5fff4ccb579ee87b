import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import { generateText, Output, stepCountIs, streamText, tool } from 'ai'
import fastify from 'fastify'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { createNgrams } from '../../engines/embeddings/ngrams.ts'
import { openAiCompatible } from '../../engines/llm/openai-compatible.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Principal } from '../../kernel/principal.ts'
import { httpError } from '../../platform/http/http.errors.ts'
import { serve } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { createLlmProxy } from './llm-proxy.ts'

const { OPENAI_PYTHON = '' } = process.env
const KEY = 'dk_resident'
const olia: Principal = { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' }
const authenticate: Authenticate = async ({ headers: { authorization } }) => {
  if (authorization !== `Bearer ${KEY}`) throw httpError('auth.bad_credential')
  return { principal: olia, service: null, credential: { type: 'key', id: 'key_1' } }
}

async function city() {
  const provider = await openAiServer()
  const config = { url: provider.url, key: null, model: 'scripted-1', retryForMs: 0 }
  const proxy = createLlmProxy({
    engines: [openAiCompatible(config, { clock: systemClock, random: Math.random })],
    embeddings: async () => createNgrams(),
  })
  const app = fastify({ forceCloseConnections: true })
  serve(app, proxy, authenticate)
  proxy.routes?.(app, authenticate)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    provider,
    url,
    openai: new OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0 }),
    anthropic: (apiKey = KEY) => new Anthropic({ apiKey, baseURL: url, maxRetries: 0 }),
    async [Symbol.asyncDispose]() {
      await app.close()
      await proxy.stop?.()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const weather = { name: 'weather', input: { place: 'Київ' } }
const clock = { name: 'clock', input: {} }

test('OpenAI’s client is answered at /responses: whole, in events, with tools and their results', async () => {
  await using set = await city()
  const whole = await set.openai.responses.create({
    model: 'city',
    input: 'say it back',
    instructions: 'Briefly.',
  })
  expect(whole).toMatchObject({
    object: 'response',
    status: 'completed',
    output_text: 'say it back',
    store: false,
  })
  expect(whole.usage).toMatchObject({ input_tokens: 7, output_tokens: 3 })
  expect(set.provider.requests[0]?.body.messages).toMatchObject([{ role: 'system' }, { role: 'user' }])

  set.provider.next({ calls: [weather, clock] })
  const tools = [
    { type: 'function' as const, name: 'weather', parameters: { type: 'object' }, strict: false },
    { type: 'function' as const, name: 'clock', parameters: { type: 'object' }, strict: false },
  ]
  const events = []
  const stream = await set.openai.responses.create({ model: 'city', input: 'weather?', tools, stream: true })
  for await (const event of stream) events.push(event)
  expect(events.map(({ sequence_number: n }) => n)).toEqual(events.map((_, n) => n))
  const last = events.at(-1)
  if (last?.type !== 'response.completed') throw new Error('The stream has no end')
  const calls = last.response.output.filter((item) => item.type === 'function_call')
  expect(calls.map(({ name, arguments: json }) => [name, JSON.parse(json)])).toEqual([
    ['weather', weather.input],
    ['clock', {}],
  ])

  await set.openai.responses.create({
    model: 'city',
    input: [
      { role: 'user', content: 'weather?' },
      ...calls.map(({ call_id, name, arguments: json }) => ({
        type: 'function_call' as const,
        call_id,
        name,
        arguments: json,
      })),
      ...calls.map(({ call_id }) => ({ type: 'function_call_output' as const, call_id, output: 'rain' })),
    ],
  })
  expect(set.provider.requests.at(-1)?.body.messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant', tool_calls: [{ function: { name: 'weather' } }, { function: { name: 'clock' } }] },
    { role: 'tool', tool_call_id: calls[0]?.call_id, content: 'rain' },
    { role: 'tool' },
  ])
  const kept = set.openai.responses.create({ model: 'city', input: 'x', previous_response_id: 'resp_1' })
  await expect(kept).rejects.toMatchObject({ status: 400 })

  set.provider.next({ tokens: ['a', 'b'], cutAfter: 1 })
  const cut = []
  const broken = await set.openai.responses.create({ model: 'city', input: 'x', stream: true })
  for await (const event of broken) cut.push(event.type)
  expect(cut.at(-1)).toBe('response.failed')
})

test('Anthropic’s client is answered at /messages: whole, in events, with tools, errors in its shape', async () => {
  await using set = await city()
  const client = set.anthropic()
  const asked = {
    model: 'city',
    max_tokens: 50,
    messages: [{ role: 'user' as const, content: 'say it back' }],
  }
  const whole = await client.messages.create({ ...asked, system: 'Briefly.', stop_sequences: ['END'] })
  expect(whole).toMatchObject({
    type: 'message',
    content: [{ type: 'text', text: 'say it back' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 7, output_tokens: 3 },
  })
  expect(set.provider.requests[0]?.body).toMatchObject({ max_tokens: 50, stop: ['END'] })

  const streamed = client.messages.stream(asked)
  let text = ''
  streamed.on('text', (part) => {
    text += part
  })
  expect((await streamed.finalMessage()).usage.output_tokens).toBe(3)
  expect(text).toBe('say it back')

  set.provider.next({ calls: [weather, clock] })
  const tools = [{ name: 'weather', input_schema: { type: 'object' as const } }]
  const called = await client.messages
    .stream({ ...asked, tools, tool_choice: { type: 'any' } })
    .finalMessage()
  expect(called.stop_reason).toBe('tool_use')
  const uses = called.content.filter((block) => block.type === 'tool_use')
  expect(uses.map(({ name, input }) => ({ name, input }))).toEqual([weather, clock])
  expect(set.provider.requests.at(-1)?.body).toMatchObject({ tool_choice: 'required' })
  await client.messages.create({
    ...asked,
    messages: [
      ...asked.messages,
      { role: 'assistant', content: called.content },
      {
        role: 'user',
        content: uses.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'rain' })),
      },
    ],
  })
  expect(set.provider.requests.at(-1)?.body.messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant', tool_calls: [{ id: uses[0]?.id }, { id: uses[1]?.id }] },
    { role: 'tool', tool_call_id: uses[0]?.id, content: 'rain' },
    { role: 'tool' },
  ])

  const wrong = set.anthropic('dk_wrong').messages.create(asked)
  await expect(wrong).rejects.toMatchObject({
    status: 401,
    error: { error: { type: 'authentication_error' } },
  })
  const unknown = client.messages.create({ ...asked, model: 'claude-0' })
  await expect(unknown).rejects.toMatchObject({ status: 404, error: { error: { type: 'not_found_error' } } })
  set.provider.next({ tokens: ['a', 'b'], cutAfter: 1 })
  await expect(client.messages.stream(asked).finalMessage()).rejects.toThrow()
})

test('the AI SDK asks and streams', async () => {
  await using set = await city()
  const provider = createOpenAICompatible({ name: 'city', apiKey: KEY, baseURL: `${set.url}/v1` })
  const model = provider('city')
  expect((await generateText({ model, prompt: 'say it back', maxRetries: 0 })).text).toBe('say it back')
  const { textStream } = streamText({ model, prompt: 'say it back', maxRetries: 0 })
  let text = ''
  for await (const part of textStream) text += part
  expect(text).toBe('say it back')
})

test('the AI SDK calls tools at once and in turns, and gets what it asked for in the form it asked', async () => {
  await using set = await city()
  const model = createOpenAICompatible({
    name: 'city',
    apiKey: KEY,
    baseURL: `${set.url}/v1`,
    supportsStructuredOutputs: true,
  })('city')
  const called: unknown[] = []
  const tools = {
    weather: tool({
      inputSchema: z.object({ place: z.string() }),
      execute: async (input) => {
        called.push(input)
        return 'rain'
      },
    }),
    clock: tool({ inputSchema: z.object({}), execute: async () => '12:00' }),
  }
  const asked = { model, tools, prompt: 'weather?', stopWhen: stepCountIs(3), maxRetries: 0 }
  set.provider.next({ calls: [weather, clock] }, { tokens: ['Rain', ' at noon.'] })
  const whole = await generateText(asked)
  expect(whole.text).toBe('Rain at noon.')
  expect(whole.steps[0]?.toolResults.map(({ output }) => output)).toEqual(['rain', '12:00'])
  set.provider.next({ calls: [weather, clock] }, { tokens: ['Rain', ' at noon.'] })
  const streamed = streamText(asked)
  expect(await streamed.text).toBe('Rain at noon.')
  expect(called).toEqual([weather.input, weather.input])
  expect(set.provider.requests.at(-1)?.body.messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant', tool_calls: [{ id: 'call_0' }, { id: 'call_1' }] },
    { role: 'tool', tool_call_id: 'call_0' },
    { role: 'tool', tool_call_id: 'call_1' },
  ])

  set.provider.next({ tokens: ['{"days":', '[1,2]}'] }, { tokens: ['{"days":', '[1,2]}'] })
  const output = Output.object({ schema: z.object({ days: z.array(z.number()) }) })
  const shaped = { model, output, prompt: 'days?', maxRetries: 0 }
  expect((await generateText(shaped)).output).toEqual({ days: [1, 2] })
  const parts = streamText(shaped)
  expect(await parts.output).toEqual({ days: [1, 2] })
  expect(set.provider.requests.at(-1)?.body).toMatchObject({
    stream: true,
    response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
  })
})

test('OpenAI’s own helpers at /responses: a stream gathered, a form, likelihoods, what was thought', async () => {
  await using set = await city()
  set.provider.next({ calls: [weather, clock] })
  const stream = set.openai.responses.stream({
    model: 'city',
    input: 'weather?',
    tools: [{ type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false }],
  })
  const final = await stream.finalResponse()
  expect(final.output.map((item) => item.type === 'function_call' && item.arguments)).toEqual([
    JSON.stringify(weather.input),
    '{}',
  ])
  const format = {
    type: 'json_schema' as const,
    name: 'days',
    strict: true,
    schema: { type: 'object', properties: { days: { type: 'array' } } },
  }
  set.provider.next({ tokens: ['{"days":', '[1]}'] })
  const shaped = await set.openai.responses.parse({ model: 'city', input: 'days?', text: { format } })
  expect(shaped.output_parsed).toEqual({ days: [1] })
  expect(set.provider.requests.at(-1)?.body.response_format).toMatchObject({
    type: 'json_schema',
    json_schema: { name: 'days', strict: true, schema: format.schema },
  })
  await set.openai.responses.create({
    model: 'city',
    input: 'x',
    include: ['message.output_text.logprobs'],
    top_logprobs: 2,
  })
  expect(set.provider.requests.at(-1)?.body).toMatchObject({ logprobs: true, top_logprobs: 2 })
})

test('Anthropic’s client gathers a stream of words and several tools, and is told of their inputs as they come', async () => {
  await using set = await city()
  const tools = [{ name: 'weather', input_schema: { type: 'object' as const } }]
  const asked = { model: 'city', max_tokens: 50, messages: [{ role: 'user' as const, content: 'weather?' }] }
  set.provider.next({ tokens: ['Let me', ' look.'], calls: [weather, clock] })
  const stream = set.anthropic().messages.stream({ ...asked, tools })
  let json = ''
  stream.on('inputJson', (part) => {
    json += part
  })
  const { content, stop_reason } = await stream.finalMessage()
  expect(stop_reason).toBe('tool_use')
  expect(content).toMatchObject([
    { type: 'text', text: 'Let me look.' },
    { type: 'tool_use', id: 'call_0', ...weather },
    { type: 'tool_use', id: 'call_1', ...clock },
  ])
  expect(json).toBe(`${JSON.stringify(weather.input)}{}`)
})

test('texts become vectors by the city’s own model, in both encodings', async () => {
  await using set = await city()
  const own = createNgrams()
  const [expected] = await own.embed(['слово'], { kind: 'passage' })
  const packed = await set.openai.embeddings.create({ model: 'city', input: 'слово' })
  const plain = await set.openai.embeddings.create({
    model: own.model,
    input: ['слово'],
    encoding_format: 'float',
  })
  expect(packed.data[0]?.embedding).toHaveLength(own.dimensions)
  expect(Float32Array.from(packed.data[0]?.embedding ?? [])).toEqual(expected)
  expect(plain.data[0]?.embedding).toEqual([...(expected ?? [])])
  const unknown = set.openai.embeddings.create({ model: 'gpt-0', input: 'x' })
  await expect(unknown).rejects.toMatchObject({ status: 404 })
})

test.skipIf(!OPENAI_PYTHON)('the official Python client works unchanged', async () => {
  await using set = await city()
  const script = fileURLToPath(new URL('../../../test/kit/openai-chat.py', import.meta.url))
  const { stdout } = await promisify(execFile)(OPENAI_PYTHON, [script, `${set.url}/v1`, KEY], {
    timeout: 80_000,
  })
  const told = JSON.parse(stdout)
  expect(told).toMatchObject({
    whole: 'say it back',
    streamed: 'say it back',
    usage: 3,
    response: 'say it back',
    final: 'say it back',
    vector: 384,
    refused: 'llm_proxy.model_unknown',
  })
  expect(told.events.at(-1)).toBe('response.completed')
})
