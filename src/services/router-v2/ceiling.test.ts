import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import { readYaml } from '../../platform/yaml-file.ts'
import { olia, openHouse } from '../agents/agents.fixture.ts'
import { llmProxyContract } from '../llm-proxy/llm-proxy.contract.ts'
import { createLlmProxy } from '../llm-proxy/llm-proxy.ts'
import { ModelsFile, NO_MODELS } from '../llm-proxy/models-file.ts'
import { providersWith } from '../llm-proxy/providers.ts'
import { routerV2Contract } from './router-v2.contract.ts'
import { createRouterV2 } from './router-v2.ts'

const RULES = 'rules: [{ name: thrifty, use: { agent: daarwizz, maxUsd: 0.015 } }]'

test('an agent’s run counts what the door to the models says it cost, and ends at the ceiling of the rule that picked it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ceiling-'))
  const provider = await openAiServer()
  const database = await testDatabase()
  const ids = createIds(systemClock)
  const read = await readYaml(
    `{ providers: { p: { url: "${provider.url}" } }, models: { dear: { provider: p, price: { input: 1000, output: 3000 } } } }`,
    ModelsFile,
    NO_MODELS,
  )
  if (!('value' in read)) throw new Error(JSON.stringify(read.faults))
  const llm = createLlmProxy({
    engines: [librarian({ clock: systemClock, ids })],
    file: { current: () => read.value, problem: () => null, stop: () => {} },
    open: providersWith(() => null),
  })
  const house = await openHouse({ shared: database, more: { llm } })
  const events = testEvents(database)
  const rules = join(folder, 'rules.yaml')
  await writeFile(rules, RULES)
  const unused = async () => expect.fail('there is no file to read')
  const router = createRouterV2({
    db: database.kysely,
    llm,
    models: local(llmProxyContract, llm.handlers, 'router-v2'),
    agents: house.client,
    artefacts: { transcribe: unused, read: unused, parse: unused },
    events,
    clock: systemClock,
    ids,
    rules,
  })
  const client = local(routerV2Contract, router.handlers, 'test')
  try {
    await router.start?.()
    const route = (text: string) =>
      client.route({ parts: [{ type: 'text', text }] }, { principal: olia, timeoutMs: 90_000 })
    provider.next({ tokens: ['Thursday.'] })
    // 7 tokens in and 1 out, at a tenth and three tenths of a cent.
    expect(await route('When?')).toMatchObject({ rule: 'thrifty', engine: 'dear', costUsd: 0.01 })
    provider.always({ calls: [{ name: 'calculate', input: { expression: '1+1' } }], tokens: ['a', 'b'] })
    await expect(route('How much?')).rejects.toMatchObject({ code: 'agents.over_cost' })
  } finally {
    await router.stop?.()
    await events[Symbol.asyncDispose]()
    await house[Symbol.asyncDispose]()
    await llm.stop?.()
    await provider[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}, 120_000)
