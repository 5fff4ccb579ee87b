import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canRecite, reciter } from '../../../../test/kit/reciter.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { createIds } from '../../../kernel/ids.ts'
import { collect, llmConformance, textOf } from '../llm.conformance.ts'
import type { ChatChunk, ChatRequest } from '../llm.ts'
import { createLlama, type LlamaModels } from './llama.ts'

const { LLAMA_LIBRARY } = process.env
const GENEROUS_MS = 120_000

test('without the library it is said how to install it', async () => {
  await using folder = await temporary()
  const llama = open(folder.path, '/nowhere')
  expect(await llama.missing()).toMatchObject({ code: 'engine.program_missing' })
  await expect(collect(llama, asking('x.gguf'))).rejects.toMatchObject({
    code: 'engine.program_missing',
    params: { command: expect.stringContaining('node-llama-cpp@3.21.1') },
  })
})

describe.skipIf(!canRecite)('models in files', { timeout: GENEROUS_MS }, () => {
  let folder: Awaited<ReturnType<typeof temporary>>
  let llama: LlamaModels
  beforeAll(async () => {
    folder = await temporary()
    await reciter(join(folder.path, 'greeter.gguf'), '▁Вітаю', '▁з', '▁Площі', '.')
    await reciter(join(folder.path, 'caller.gguf'), '||call:', '▁search')
    llama = open(folder.path)
    await Promise.all(llama.models().map(({ id }) => collect(llama, asking(id), patient())))
  }, GENEROUS_MS)
  afterAll(async () => {
    await llama.close()
    await folder[Symbol.asyncDispose]()
  })

  llmConformance('llama.cpp', async () => ({ llm: llama, [Symbol.asyncDispose]: async () => {} }))

  test('several are answered at once, each streamed whole, with what it took', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => collect(llama, asking('greeter.gguf'), patient())))
    expect(all.map(textOf)).toEqual(Array(4).fill('Вітаю з Площі.'))
    for (const chunks of all) {
      expect(finish(chunks)).toBe('stop')
      expect(chunks.at(-1)).toMatchObject({
        usage: { prompt_tokens: expect.any(Number), completion_tokens: 5 },
      })
    }
  })

  test('a limit of tokens cuts the answer and says so', async () => {
    const chunks = await collect(llama, { ...asking('greeter.gguf'), max_tokens: 2 }, patient())
    expect(finish(chunks)).toBe('length')
  })

  test('JSON is held to its schema', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' }, open: { type: 'boolean' } } }
    const request = {
      ...asking('greeter.gguf'),
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    }
    const text = textOf(await collect(llama, request, patient()))
    expect(JSON.parse(text)).toEqual({ city: expect.any(String), open: expect.any(Boolean) })
  })

  const tools = [
    {
      type: 'function',
      function: {
        name: 'search',
        description: 'Searches.',
        parameters: { type: 'object', properties: { query: { type: 'string' } } },
      },
    },
  ]

  test('a tool is called with arguments of its shape, and its result is read', async () => {
    const request = { ...asking('caller.gguf'), tools }
    const chunks = await collect(llama, request, patient())
    expect(finish(chunks)).toBe('tool_calls')
    const [call] = calls(chunks)
    expect(call).toMatchObject({ id: expect.stringMatching(/^call_/), function: { name: 'search' } })
    expect(JSON.parse(call?.function.arguments ?? '')).toEqual({ query: expect.any(String) })
    const messages = [
      ...request.messages,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: call?.id, content: 'Площа тут.' },
    ]
    const after = await collect(llama, { model: 'greeter.gguf', messages, temperature: 0 }, patient())
    expect(textOf(after)).toContain('Вітаю')
  })

  test('a tool that must be called is called, whatever the model would say', async () => {
    const choice = { type: 'function', function: { name: 'search' } }
    const chunks = await collect(llama, { ...asking('greeter.gguf'), tools, tool_choice: choice }, patient())
    expect(textOf(chunks)).toBe('')
    expect(JSON.parse(calls(chunks)[0]?.function.arguments ?? '')).toEqual({ query: expect.any(String) })
  })

  test('what it cannot take, and what it cannot hold, is refused by name', async () => {
    const picture = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }]
    const seeing = { model: 'greeter.gguf', messages: [{ role: 'user', content: picture }] }
    await expect(collect(llama, seeing, patient())).rejects.toMatchObject({
      code: 'engine.cannot',
      params: { what: 'image_url' },
    })
    const long = { model: 'greeter.gguf', messages: [{ role: 'user', content: 'слово '.repeat(3000) }] }
    await expect(collect(llama, long, patient())).rejects.toMatchObject({ code: 'engine.context_full' })
    await expect(collect(llama, asking('../greeter.gguf'))).rejects.toMatchObject({
      code: 'engine.unreachable',
    })
    await expect(collect(llama, asking('none.gguf'))).rejects.toMatchObject({ code: 'engine.unreachable' })
  })

  test('a model that rests gives way to the next one', async () => {
    const one = open(folder.path, LLAMA_LIBRARY, 1)
    await collect(one, asking('greeter.gguf'), patient())
    await collect(one, { ...asking('caller.gguf'), max_tokens: 1 }, patient())
    expect(one.loaded()).toEqual(['caller.gguf'])
    await one.close()
    expect(one.loaded()).toEqual([])
  })
})

const open = (folder: string, library = LLAMA_LIBRARY ?? '/nowhere', loaded = 2): LlamaModels =>
  createLlama({
    folder,
    libraries: [library],
    contextTokens: 4096,
    parallel: 2,
    loaded,
    gpu: false,
    threads: 1,
    clock: systemClock,
    ids: createIds(systemClock),
  })

const patient = () => deadline(GENEROUS_MS)

const asking = (model: string): ChatRequest => ({
  model,
  messages: [
    { role: 'system', content: 'You are of the city.' },
    { role: 'user', content: 'Хто ти?' },
  ],
  temperature: 0,
})

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'daarion-llama-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

interface Choice {
  readonly delta: {
    readonly tool_calls?: readonly {
      readonly id: string
      readonly function: { readonly name: string; readonly arguments: string }
    }[]
  }
  readonly finish_reason: string | null
}
// The engine under test promises OpenAI's chunk shape.
const choices = (chunks: readonly ChatChunk[]) =>
  chunks.flatMap(({ choices }) => choices as readonly Choice[])
const finish = (chunks: readonly ChatChunk[]) =>
  choices(chunks).findLast((choice) => choice.finish_reason)?.finish_reason
const calls = (chunks: readonly ChatChunk[]) => choices(chunks).flatMap(({ delta }) => delta.tool_calls ?? [])
