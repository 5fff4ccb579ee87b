import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { openAiCompatible } from '../../engines/llm/openai-compatible.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import { invoke } from '../../kernel/contract.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { llmProxyContract } from '../llm-proxy/llm-proxy.contract.ts'
import { createLlmProxy } from '../llm-proxy/llm-proxy.ts'
import { routerV1Contract } from '../router-v1/router-v1.contract.ts'
import { createRouterV1 } from '../router-v1/router-v1.ts'
import { routerV2Contract } from '../router-v2/router-v2.contract.ts'
import { createRouterV2 } from '../router-v2/router-v2.ts'
import { compare, type Outcome } from './compare.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const DOCUMENT = join(ROOT, 'docs/ROUTER_V2_MIGRATION.md')
const BEGIN = '<!-- compatibility: made by src/services/router/compatibility.test.ts -->'
const END = '<!-- /compatibility -->'

interface Case {
  readonly group: string
  readonly request: Readonly<Record<string, unknown>>
  readonly who?: 'service' | 'operator' | 'resident'
  readonly at?: string
  /** What the provider answers with instead. */
  readonly status?: number
}

const RULES = `
timezone: Europe/Kyiv
agents:
  base: {model: scripted-1, temperature: 0.2}
  helper: {prompt: You help. Be brief., agent: base}
  devtools: {prompt: You write code., maxTokens: 500}
  alias: {agent: helper}
rules:
  - name: night
    priority: 50
    when: {time: {from: '22:00', to: '06:00', days: [mon, tue, wed, thu, fri]}, mode: chat}
    use: {agent: devtools}
  - name: rent
    priority: 20
    when: {text: {any: ['rent', 'оренд'], none: ['free']}}
    use: {agent: helper}
  - name: secret
    priority: 30
    when: {text: {all: ['code|секрет', '\\d{4}|секрет']}}
    use: {model: city}
  - name: far
    when: {mode: far, metadata: {tier: [gold, 2]}}
    use: {provider: daarion}
  - name: community
    priority: -5
    when: {metadata: {dao_id: dao-1}}
    use: {agent: alias}
  - name: tools
    when: {agent: [devtools]}
    use: {agent: devtools, model: scripted-1}
defaults: {model: city, temperature: 0.7}
`

const PEOPLE: Readonly<Record<string, Principal>> = {
  resident: { id: 'usr_olia', kind: 'person', name: 'Olia', role: 'resident' },
  operator: { id: 'usr_admin', kind: 'person', name: 'Ada', role: 'admin' },
}

test('every request of v1 has the same answer from v2, field by field; the document says so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'compatibility-'))
  const database = await testDatabase()
  const events = testEvents(database)
  const provider = await openAiServer()
  try {
    const rules = join(folder, 'rules.yaml')
    await writeFile(rules, RULES)
    let now = Date.parse('2026-11-23T12:00:00Z')
    const clock = { now: () => now, sleep: systemClock.sleep }
    const ids = createIds(systemClock)
    const config = { url: provider.url, key: null, model: 'scripted-1', retryForMs: 0 }
    const llm = createLlmProxy({
      engines: [openAiCompatible(config, { clock: systemClock, random: Math.random })],
    })
    const models = local(llmProxyContract, llm.handlers, 'router')
    const v1 = createRouterV1({ llm, models, clock, rules })
    const nobody = async () => expect.fail('v1’s requests need no agent')
    const v2 = createRouterV2({
      db: database.kysely,
      llm,
      models,
      agents: { start: nobody, run: nobody, cancel: nobody },
      artefacts: { transcribe: nobody, read: nobody, parse: nobody },
      events,
      clock,
      ids,
      rules,
    })
    await v1.start?.()
    await v2.start?.()
    expect(await v1.checks?.()).toEqual([{ name: 'rules', state: 'ok' }])

    const cases: readonly Case[] = JSON.parse(
      await readFile(join(ROOT, 'test/fixtures/router-v1-corpus.json'), 'utf8'),
    )
    expect(cases.length).toBeGreaterThanOrEqual(200)
    const groups = new Map<string, { requests: number; same: number; outcomes: Set<string> }>()
    const differing: unknown[] = []
    for (const { group, request, who = 'resident', at, status } of cases) {
      now = Date.parse(at ?? '2026-11-23T12:00:00Z')
      provider.always(status === undefined ? {} : { status })
      const call = {
        principal: PEOPLE[who] ?? PEOPLE.resident ?? null,
        service: who === 'service' ? 'telegram-gateway' : null,
        requestId: 'req_1',
        signal: AbortSignal.timeout(60_000),
      }
      const asked = provider.requests.length
      const one = await outcomeOf(invoke(routerV1Contract.route, v1.handlers.route as never, request, call))
      const two = await outcomeOf(invoke(routerV2Contract.route, v2.handlers.route as never, request, call))
      const [first, second] = provider.requests.slice(asked).map(({ body }) => body)
      // A provider that just failed is left alone for a while by the proxy, whoever asks.
      const sent = status === undefined ? compare({ value: first }, { value: second }) : []
      const fields = [...compare(one, two), ...sent]
      if (fields.length > 0) differing.push({ group, request, fields })
      const row = groups.get(group) ?? { requests: 0, same: 0, outcomes: new Set() }
      row.requests++
      if (fields.length === 0) row.same++
      row.outcomes.add('value' in one ? 'answered' : String(Object(one.failure).code))
      groups.set(group, row)
    }
    expect(differing).toEqual([])
    await events.settled()
    await v1.stop?.()
    await v2.stop?.()

    const rows = [...groups].map(
      ([group, { requests, same, outcomes }]) =>
        `| ${group} | ${requests} | ${same} | ${[...outcomes].sort().join(', ')} |`,
    )
    const table = [
      BEGIN,
      `| Requests of v1 | How many | The same from v2 | What came of them |`,
      '|---|--:|--:|---|',
      ...rows,
      `| **All** | **${cases.length}** | **${cases.length - differing.length}** | |`,
      END,
    ].join('\n')
    const document = await readFile(DOCUMENT, 'utf8')
    const [before = '', rest = ''] = document.split(BEGIN)
    const [, after = ''] = rest.split(END)
    // Stale? `npx vitest run src/services/router/compatibility.test.ts --update` writes it anew.
    await expect(`${before}${table}${after}`).toMatchFileSnapshot(DOCUMENT)
  } finally {
    await provider[Symbol.asyncDispose]()
    await events[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}, 180_000)

const outcomeOf = (asking: Promise<unknown>): Promise<Outcome> =>
  asking.then(
    (value) => ({ value }),
    (failure: unknown) => ({ failure }),
  )
