import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createRules, type Facts } from './decide.ts'
import { type KnownModel, rulesSchema } from './rules.ts'

const MODELS: KnownModel[] = [
  { id: 'city', provider: 'daarion', capabilities: [] },
  { id: 'big', provider: 'far', capabilities: ['tools', 'images'] },
]
const read = (version: 'v1' | 'v2', value: unknown) =>
  rulesSchema(version, async () => MODELS).safeParseAsync(value)
const issues = async (version: 'v1' | 'v2', value: unknown) =>
  (await read(version, value)).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

const asked = (text: string, more: Partial<Facts> = {}): Facts => ({
  agent: null,
  mode: null,
  text,
  metadata: {},
  // A Monday, 21:30 in Kyiv.
  now: Date.parse('2026-11-23T19:30:00Z'),
  ...more,
})

test.each(['v1', 'v2'] as const)('the example of %s that is shipped can be used', async (version) => {
  const url = new URL(`../../../config/router-${version}.example.yaml`, import.meta.url)
  expect(await issues(version, parse(await readFile(url, 'utf8')))).toBeUndefined()
})

test('what is wrong with rules is said at its place, with what would be right', async () => {
  const rule = (more: object) => ({ rules: [{ name: 'a', use: { model: 'city' }, ...more }] })
  expect(await issues('v1', rule({ use: { model: 'huge' } }))).toEqual([
    'rules.0.use.model: there is no model huge; there are city, big',
  ])
  expect(await issues('v1', rule({ use: { provider: 'nowhere' } }))).toEqual([
    'rules.0.use.provider: there is no provider nowhere; there are daarion, far',
  ])
  expect(await issues('v1', rule({ use: {} }))).toEqual([
    'rules.0.use: must name a model, a provider or an agent',
  ])
  expect(await issues('v1', rule({ use: { agent: 'x' } }))).toEqual([
    'rules.0.use.agent: there is no x under agents; there is none',
  ])
  expect(await issues('v2', rule({ use: { agent: 'daarwizz' } }))).toBeUndefined()
  expect(await issues('v1', { timezone: 'Kyiv/Now' })).toEqual([
    'timezone: must be the name of a time zone such as Europe/Kyiv',
  ])
  expect(await issues('v1', { rules: ['a', 'a'].map((name) => ({ name, use: { model: 'city' } })) })).toEqual(
    ['rules.1.name: rule 1 has the name a too'],
  )
  const circle = { agents: { a: { agent: 'b' }, b: { agent: 'c' }, c: { agent: 'a' }, d: { agent: 'a' } } }
  expect(await issues('v1', circle)).toEqual([
    'agents.a.agent: goes in a circle: a → b → c → a',
    'agents.b.agent: goes in a circle: b → c → a → b',
    'agents.c.agent: goes in a circle: c → a → b → c',
  ])
  for (const text of ['(a', 'a{1001}', '((a{40}){40}){40}', 'x'.repeat(401), '(?=look)a'])
    expect((await issues('v1', rule({ when: { text } })))?.join(), text).toMatch(/rules.0.when.text/)
  expect((await issues('v1', rule({ when: { modality: 'audio' } })))?.join()).toContain('modality')
  expect(await issues('v2', rule({ when: { modality: 'audio' } }))).toBeUndefined()
})

test('rules are tried by priority, then in their order; each says why it holds or does not', async () => {
  const file = await read('v2', {
    timezone: 'Europe/Kyiv',
    agents: { helper: { prompt: 'Help.', agent: 'base' }, base: { model: 'big', temperature: 0.1 } },
    rules: [
      { name: 'always', use: { model: 'city' } },
      {
        name: 'rent',
        priority: 5,
        when: { text: { any: ['rent', 'оренд'], none: ['free'] } },
        use: { agent: 'helper' },
      },
      { name: 'evening', priority: 9, when: { time: { from: '22:00', to: '06:00' } }, use: { model: 'big' } },
      {
        name: 'cheap',
        priority: 7,
        when: { mode: 'ask', metadata: { dao_id: ['d1', 'd2'] } },
        use: { provider: 'far' },
      },
    ],
  })
  const rules = createRules(file.data ?? expect.fail(String(file.error)))
  expect(rules.decide(asked('Яка ОРЕНДА зали?'))).toMatchObject({
    rule: 'rent',
    target: { agent: 'helper', profile: true, model: 'big', temperature: 0.1, prompt: 'Help.' },
  })
  expect(rules.decide(asked('free rent')).rule).toBe('always')
  expect(rules.decide(asked('rent', { now: Date.parse('2026-11-23T20:00:00Z') })).rule).toBe('evening')
  expect(rules.decide(asked('rent', { mode: 'ask', metadata: { dao_id: 'd2' } })).target).toMatchObject({
    model: null,
    provider: 'far',
  })
  expect(rules.explain(asked('rent')).considered).toEqual([
    expect.objectContaining({
      rule: 'evening',
      matches: false,
      conditions: [{ name: 'time', wanted: '22:00–06:00 Europe/Kyiv', got: 'mon 21:30', holds: false }],
    }),
    expect.objectContaining({ rule: 'cheap', matches: false }),
    expect.objectContaining({ rule: 'rent', matches: true, used: true }),
    expect.objectContaining({ rule: 'always', matches: true, used: false, conditions: [] }),
  ])
})

test('language, size, modality, capabilities and ceilings are looked at', async () => {
  const only = async (when: object) => {
    const { data } = await read('v2', { rules: [{ name: 'it', when, use: { model: 'city' } }] })
    return createRules(data ?? expect.fail('refused'))
  }
  const holds = async (when: object, facts: Facts) => (await only(when)).decide(facts).rule === 'it'
  const cases: [object, Facts, boolean][] = [
    [{ language: 'uk' }, asked('Привіт, world'), true],
    [{ language: 'uk' }, asked('Hello'), false],
    [{ language: ['uk', 'en'] }, asked('123'), false],
    [{ size: { minChars: 3, maxBytes: 9 } }, asked('abc', { bytes: 9 }), true],
    [{ size: { minChars: 3, maxBytes: 9 } }, asked('abc', { bytes: 10 }), false],
    [{ modality: ['image', 'audio'] }, asked('', { modalities: ['audio'] }), true],
    [{ modality: 'search' }, asked(''), false],
    [{ capabilities: ['tools'] }, asked('', { capabilities: ['tools', 'json'] }), true],
    [{ ceilingUsd: 0.01 }, asked('', { ceilingUsd: 0.01 }), true],
    [{ ceilingUsd: 0.01 }, asked('', { ceilingUsd: null }), false],
  ]
  for (const [when, facts, expected] of cases)
    expect([when, await holds(when, facts)]).toEqual([when, expected])
})

test('explaining and deciding never differ', async () => {
  const { data } = await read('v2', {
    rules: [0, 1, 2].map((priority) => ({
      name: `r${priority}`,
      priority,
      when: { mode: ['a', 'b', 'c'].slice(priority), text: '[0-9]' },
      use: { model: 'city' },
    })),
  })
  const rules = createRules(data ?? expect.fail('refused'))
  fc.assert(
    fc.property(fc.constantFrom('a', 'b', 'c', 'd', null), fc.string(), (mode, text) => {
      const facts = asked(text, { mode })
      const { rule, target, considered } = rules.explain(facts)
      expect({ rule, target }).toEqual(rules.decide(facts))
      expect(considered.find(({ used }) => used)?.rule ?? null).toBe(rule)
    }),
  )
})
