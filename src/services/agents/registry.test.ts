import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../test/kit/database.ts'
import type { Database } from '../../platform/database/database.ts'
import { mayor, olia, openHouse } from './agents.fixture.ts'
import { diffLines } from './diff.ts'

let shared: Database
beforeAll(async () => {
  shared = await testDatabase()
})
afterAll(() => shared[Symbol.asyncDispose]())

const by = { principal: mayor }
const anyone = { principal: olia }

test('an agent is made from a template, tried as a draft, made active, paused and archived', async () => {
  await using set = await openHouse({ shared })
  const { items: templates } = await set.client.templates({}, anyone)
  expect(templates.map(({ slug }) => slug)).toEqual([
    'daarwizz',
    'librarian',
    'secretary',
    'translator',
    'orchestrator',
    'moderators-helper',
  ])
  const given = { template: 'translator', slug: 'tlumach', name: 'Тлумач' }
  await expect(set.client.makeAgent(given, { principal: null })).rejects.toMatchObject({
    code: 'auth.required',
  })
  const made = await set.client.makeAgent(given, by)
  expect(made).toMatchObject({ state: 'draft', template: 'translator', about: templates[3]?.about })
  await expect(set.client.makeAgent(given, by)).rejects.toMatchObject({ code: 'agents.slug_taken' })
  await expect(set.client.makeAgent({ ...given, slug: 'runs' }, by)).rejects.toMatchObject({
    kind: 'conflict',
  })
  const agent = made.slug

  const hidden = await set.client.agent({ agent }, anyone).catch((cause: unknown) => cause)
  expect(hidden).toEqual(await set.client.agent({ agent: 'nobody' }, anyone).catch((cause: unknown) => cause))
  const open = { agent, parts: [{ type: 'text' as const, text: 'Добрий день' }] }
  await expect(set.client.open(open, anyone)).rejects.toMatchObject({ code: 'agents.agent_not_found' })
  expect((await set.client.agents({ all: true }, anyone)).items.map(({ slug }) => slug)).not.toContain(agent)
  expect((await set.client.agents({ all: true }, by)).items.map(({ slug }) => slug)).toContain(agent)

  await set.client.changeAgent({ agent, state: 'active', languages: ['uk'] }, by)
  expect(await set.client.agent({ agent }, anyone)).toMatchObject({ state: 'active', settings: null })
  await set.client.changeAgent({ agent, state: 'paused' }, by)
  await expect(set.client.open(open, anyone)).rejects.toMatchObject({ code: 'agents.agent_not_active' })
  await set.client.changeAgent({ agent, state: 'archived' }, by)
  await expect(set.client.changeAgent({ agent, state: 'active' }, by)).rejects.toMatchObject({
    code: 'agents.archived',
  })
  await expect(
    set.client.changeAgent({ agent: 'daarwizz', settings: { tools: ['fly'] } }, by),
  ).rejects.toMatchObject({ code: 'agents.tool_unknown' })
})

test('prompts are versions: a newer one there is a conflict, an older one comes back as a new one', async () => {
  await using set = await openHouse({ shared })
  const prompt = { agent: 'daarwizz', kind: 'core' as const }
  const second = await set.client.setPrompt({ ...prompt, text: 'One\nTwo', base: 1 }, by)
  expect(second).toMatchObject({ version: 2, author: mayor.id })
  await expect(set.client.setPrompt({ ...prompt, text: 'Three', base: 1 }, by)).rejects.toMatchObject({
    code: 'agents.changed_meanwhile',
    params: { version: 2 },
  })
  await set.client.setPrompt({ ...prompt, text: 'One\nThree', base: 2 }, by)
  expect((await set.client.diffPrompt({ ...prompt, from: 2, to: 3 }, by)).lines).toEqual([
    { op: 'same', text: 'One' },
    { op: 'removed', text: 'Two' },
    { op: 'added', text: 'Three' },
  ])
  const back = await set.client.rollbackPrompt({ ...prompt, version: 2 }, by)
  expect(back).toMatchObject({ version: 4, text: 'One\nTwo', restores: 2 })
  await set.answered()
  expect(JSON.stringify(set.provider.requests[0]?.body.messages)).toContain('One\\nTwo')
  const { items } = await set.client.prompts({ agent: 'daarwizz' }, by)
  expect(items.filter(({ kind }) => kind === 'core').map(({ version }) => version)).toEqual([4, 3, 2, 1])
})

test('prompts are tried out by those who run the city, without changing anything', async () => {
  await using set = await openHouse({ shared })
  const request = {
    agent: 'daarwizz',
    parts: [{ type: 'text' as const, text: 'Hi' }],
    prompts: { core: 'Talk like a clerk.' },
  }
  await expect(set.client.open(request, anyone)).rejects.toMatchObject({ code: 'agents.prompts_are_kept' })
  const { run } = await set.client.open(request, by)
  await expect.poll(async () => (await set.client.run({ run }, by)).state, { timeout: 60_000 }).toBe('done')
  expect(JSON.stringify(set.provider.requests[0]?.body.messages)).toContain('Talk like a clerk.')
})

test('a mandate is said anew, never changed', async () => {
  await using set = await openHouse({ shared })
  expect(await set.client.mandate({ agent: 'daarwizz' }, by)).toMatchObject({ version: 0, earlier: [] })
  const set1 = { agent: 'daarwizz', mandate: { effects: ['post_message'] }, base: 0 }
  expect(await set.client.setMandate(set1, by)).toMatchObject({ version: 1, mandate: { rooms: 'own' } })
  await expect(set.client.setMandate(set1, by)).rejects.toMatchObject({ code: 'agents.changed_meanwhile' })
  await set.client.setMandate({ agent: 'daarwizz', mandate: {} }, by)
  expect(await set.client.mandate({ agent: 'daarwizz' }, by)).toMatchObject({
    version: 2,
    mandate: { effects: [] },
    earlier: [{ version: 1 }],
  })
})

test('without a language model the secretary keeps minutes by rules and the translator says that it needs one', async () => {
  await using set = await openHouse({ shared, more: { hasModel: async () => false } })
  for (const template of ['secretary', 'translator']) {
    await set.client.makeAgent({ template, slug: `own-${template}`, name: template }, by)
    await set.client.changeAgent({ agent: `own-${template}`, state: 'active' }, by)
  }
  const said = (message: string, text: string) => ({
    message,
    author: { id: 'usr_petro', kind: 'person' as const, name: 'Петро' },
    at: new Date().toISOString(),
    text,
  })
  const history = [
    said('msg_a', 'Вирішили фарбувати паркан. Сонце світить.'),
    said('msg_b', 'Я візьму фарбу до п’ятниці.'),
    said('msg_c', 'А хто має щітки?'),
  ]
  const run = await set.answered({ agent: 'own-secretary', text: 'Що вирішили?', history })
  expect(run).toMatchObject({ state: 'done', engine: 'rules', steps: [{}, { kind: 'rules' }] })
  expect(run.text).toMatch(/Рішення.*фарбувати паркан.*Завдання.*візьму фарбу.*Запитання.*щітки/s)
  expect(run.text).not.toContain('Сонце')
  expect(run.citations.map(({ message }) => message)).toEqual(['msg_a', 'msg_b', 'msg_c'])
  expect(await set.answered({ agent: 'own-translator', text: 'Добрий день' })).toMatchObject({
    state: 'failed',
    error: { code: 'agents.needs_model' },
  })
  expect(set.provider.requests).toHaveLength(0)
})

test('a difference of long texts stays bounded', () => {
  const long = (word: string) => Array.from({ length: 5_000 }, (_, i) => `${word} ${i}`).join('\n')
  expect(diffLines(long('a'), long('b'))).toHaveLength(10_000)
  expect(diffLines('a\nb\nc\nd', 'a\nx\nc\nd\ne').map(({ op }) => op)).toEqual([
    'same',
    'removed',
    'added',
    'same',
    'same',
    'added',
  ])
})
