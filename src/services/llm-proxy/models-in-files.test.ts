import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fastify from 'fastify'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { canRecite, reciter } from '../../../test/kit/reciter.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import { createLlama } from '../../engines/llm/llama/llama.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import { serve } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { readYaml } from '../../platform/yaml-file.ts'
import type { LlmTables } from './llm-proxy.tables.ts'
import { createLlmProxy } from './llm-proxy.ts'
import { ModelsFile, NO_MODELS } from './models-file.ts'
import { providersWith } from './providers.ts'

const GENEROUS_MS = 180_000

const authenticate: Authenticate = async () => ({
  principal: { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' },
  service: null,
  credential: { type: 'key', id: 'key_olia' },
})

async function cityWithModels() {
  const folder = await mkdtemp(join(tmpdir(), 'daarion-gguf-'))
  await reciter(join(folder, 'greeter.gguf'), '▁Вітаю', '▁з', '▁Площі', '.')
  await reciter(join(folder, 'caller.gguf'), '||call:', '▁search')
  const database = await testDatabase()
  const events = testEvents(database)
  const ids = createIds(systemClock)
  const read = await readYaml(
    `providers: { here: { url: "${pathToFileURL(folder)}", files: { parallel: 2, loaded: 2, threads: 1 } } }
models:
  greeter: { provider: here, name: greeter.gguf }
  caller: { provider: here, name: caller.gguf }
  gone: { provider: here, name: gone.gguf }
aliases:
  whoever: { use: [gone, greeter] }`,
    ModelsFile,
    NO_MODELS,
  )
  if (!('value' in read)) throw new Error('the file is wrong')
  const proxy = createLlmProxy({
    engines: [librarian({ clock: systemClock, ids })],
    file: { current: () => read.value, problem: () => null, stop: () => {} },
    open: providersWith(
      () => null,
      async (folder, { context, loaded, parallel, threads }) =>
        createLlama({
          folder,
          libraries: [process.env.LLAMA_LIBRARY ?? ''],
          contextTokens: context,
          parallel,
          loaded,
          threads,
          gpu: false,
          clock: systemClock,
          ids,
        }),
    ),
    books: { db: database.kysely.withTables<LlmTables>(), ids, events, folder: null },
  })
  const app = fastify({ forceCloseConnections: true })
  serve(app, proxy, authenticate)
  proxy.routes?.(app, authenticate)
  await proxy.start?.()
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await events.start()
  return {
    openai: new OpenAI({ apiKey: 'dk_olia', baseURL: `${url}/v1`, maxRetries: 0, timeout: GENEROUS_MS }),
    async [Symbol.asyncDispose]() {
      await app.close()
      await proxy.stop?.()
      await events[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

describe.skipIf(!canRecite)('models in files', { timeout: GENEROUS_MS }, () => {
  test('the openai client talks with a model of this machine: whole, streamed, by tools, by the next one where a file is gone', async () => {
    await using set = await cityWithModels()
    const { chat, responses } = set.openai
    const messages = [{ role: 'user' as const, content: 'Хто ти?' }]
    const whole = await chat.completions.create({ model: 'greeter', messages, temperature: 0 })
    expect(whole.choices[0]).toMatchObject({ message: { content: 'Вітаю з Площі.' }, finish_reason: 'stop' })
    expect(whole.usage).toMatchObject({ completion_tokens: 5 })

    const stream = await chat.completions.create({ model: 'whoever', messages, temperature: 0, stream: true })
    let said = ''
    for await (const { choices } of stream) said += choices[0]?.delta.content ?? ''
    expect(said).toBe('Вітаю з Площі.')

    const called = await responses.create({
      model: 'caller',
      input: 'Хто ти?',
      temperature: 0,
      tools: [
        {
          type: 'function',
          name: 'search',
          strict: false,
          parameters: { type: 'object', properties: { query: { type: 'string' } } },
        },
      ],
    })
    const call = called.output.find(({ type }) => type === 'function_call')
    expect(call).toMatchObject({
      type: 'function_call',
      name: 'search',
      arguments: expect.stringContaining('query'),
    })
  })
})
