import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../../test/kit/database.ts'
import { eventually } from '../../../../test/kit/eventually.ts'
import type { ScriptedAnswer } from '../../../../test/kit/openai-server.ts'
import type { Database } from '../../../platform/database/database.ts'
import { mayor, olia, openHouse, petro } from '../agents.fixture.ts'

const WAIT = 60_000
let shared: Database
beforeAll(async () => {
  shared = await testDatabase()
})
afterAll(() => shared[Symbol.asyncDispose]())

type House = Awaited<ReturnType<typeof openHouse>>

/** A city with an orchestrator, a translator and a librarian beside DAARWIZZ. */
async function peopled(): Promise<House> {
  const set = await openHouse({ shared })
  const by = { principal: mayor }
  const { items } = await set.client.agents({}, by)
  if (items.some(({ slug }) => slug === 'orchestrator')) return set
  for (const slug of ['orchestrator', 'translator', 'librarian']) {
    await set.client.makeAgent({ slug, name: slug, template: slug }, by)
    await set.client.changeAgent({ agent: slug, state: 'active' }, by)
  }
  return set
}

const give = (agent: string, task: string, step?: number) => ({
  name: 'delegate',
  input: { agent, task, ...(step && { step }) },
})
const plan = (...agents: string[]) => ({
  name: 'make_plan',
  input: { steps: agents.map((agent) => ({ title: `Ask ${agent}`, agent })) },
})

/** Answers by what is asked rather than in an order: agents side by side ask when they come to it. */
const script = (set: House, answer: (asked: string) => ScriptedAnswer | undefined) =>
  set.provider.by((body) => answer(JSON.stringify(body.messages)))

const done = (set: House, run: string) =>
  eventually(() => expect(set.finished.map((one) => one.run)).toContain(run), WAIT)

test('an orchestrator plans, gives steps away side by side, joins what came, and pays for all of it', async () => {
  await using set = await peopled()
  script(set, (asked) => {
    if (asked.includes('The task, from')) {
      if (asked.includes('Find the rent')) return { tokens: ['It is 500 [1].'] }
      return { tokens: ['Оренда.'] }
    }
    if (asked.includes('It is 500')) return { tokens: ['The rent is 500 [3]; in Ukrainian: оренда.'] }
    if (asked.includes('The plan is kept'))
      return { calls: [give('librarian', 'Find the rent', 1), give('translator', 'Translate: rent', 2)] }
    return { calls: [plan('librarian', 'translator')] }
  })
  const run = await set.answered({ agent: 'orchestrator' })
  expect(run).toMatchObject({
    state: 'done',
    plan: [
      { n: 1, agent: 'librarian', state: 'done' },
      { n: 2, agent: 'translator', state: 'done' },
    ],
  })
  expect(run.children?.map(({ state }) => state)).toEqual(['done', 'done'])
  const given = run.steps.filter(({ kind }) => kind === 'delegate')
  expect(given).toHaveLength(2)
  for (const step of given) expect(step).toMatchObject({ state: 'done', tokensIn: 7 })
  // Three turns of its own and two of the others.
  expect(run.tokensIn).toBe(5 * 7)
  expect(run.text).toContain('оренда')
  const child = await set.client.run({ run: run.children?.[0]?.id ?? '' }, { principal: olia })
  expect(child).toMatchObject({ parent: run.id, state: 'done', asker: olia.id })
  expect(run.plan?.[0]?.run).toBe(child.id)
})

test('agents never go in a circle, no deeper than three, and never answer one another by themselves', async () => {
  await using set = await peopled()
  const by = { principal: mayor }
  const tools = ['make_plan', 'delegate']
  for (const agent of ['translator', 'librarian']) {
    const { settings } = await set.client.agent({ agent }, by)
    if (settings) await set.client.changeAgent({ agent, settings: { ...settings, tools } }, by)
  }
  const offered = new Map<string, string>()
  set.provider.by((body) => {
    const asked = JSON.stringify(body.messages)
    const told = JSON.stringify(Array.isArray(body.messages) ? body.messages[1] : null)
    const who = ['DEPTH-3', 'DEPTH-2'].find((one) => told.includes(one)) ?? 'DEPTH-1'
    offered.set(who, JSON.stringify(body.tools ?? []))
    if (asked.includes('"role":"tool"')) return { tokens: [`${who} done`] }
    if (who === 'DEPTH-1') return { calls: [give('translator', 'DEPTH-2'), give('orchestrator', 'myself')] }
    if (who === 'DEPTH-2')
      return { calls: [give('librarian', 'DEPTH-3'), give('orchestrator', 'back again')] }
    return { calls: [give('daarwizz', 'deeper')] }
  })
  const run = await set.answered({ agent: 'orchestrator' })
  expect(run.text).toBe('DEPTH-1 done')
  const refused = run.steps.filter(({ detail }) => detail.code === 'agents.nobody_to_ask')
  expect(refused).toHaveLength(1)
  expect(offered.get('DEPTH-1')).toContain('translator: ')
  expect(offered.get('DEPTH-2')).toContain('librarian: ')
  expect(offered.get('DEPTH-2')).not.toContain('orchestrator: ')
  expect(offered.get('DEPTH-3')).not.toContain('"name":"delegate"')
  const runs = await shared.kysely
    .withTables<{ 'agents.run': { id: string; chain: string[] } }>()
    .selectFrom('agents.run')
    .select('chain')
    .execute()
  expect(Math.max(...runs.map(({ chain }) => chain.length))).toBe(2)
  for (const { chain } of runs) expect(new Set(chain).size).toBe(chain.length)

  const agent = { id: 'agent_daarwizz', kind: 'agent' as const, name: 'DAARWIZZ', role: 'resident' as const }
  await expect(set.client.start(set.ask({ agent: 'translator', asker: agent }))).rejects.toMatchObject({
    code: 'agents.agents_do_not_ask',
  })
})

test('what works for another changes nothing, whatever its mandate', async () => {
  await using set = await peopled()
  const mandate = { effects: ['post_message'] }
  await set.client.setMandate({ agent: 'daarwizz', mandate }, { principal: mayor })
  script(set, (asked) => {
    if (asked.includes('The task, from'))
      return asked.includes('"role":"tool"')
        ? { tokens: ['I could not.'] }
        : {
            calls: [
              { name: 'post_message', input: { text: 'Hacked.' } },
              { name: 'remember', input: { text: 'x' } },
            ],
          }
    return asked.includes('I could not') ? { tokens: ['No.'] } : { calls: [give('daarwizz', 'Post it')] }
  })
  const room = { id: 'room_2', name: 'Board', visibility: 'private' as const }
  const run = await set.answered({ agent: 'orchestrator', room })
  const child = await set.client.run({ run: run.children?.[0]?.id ?? '' }, { principal: olia })
  expect(child.steps.filter(({ kind }) => kind === 'tool').map(({ detail }) => detail.code)).toEqual([
    'agents.tool_refused',
    'agents.tool_refused',
  ])
  expect(set.posted).toEqual([])
})

test('cancelling stops everybody under it, down to the provider; a budget that is spent stops too', async () => {
  await using set = await peopled()
  script(set, (asked) =>
    asked.includes('The task, from')
      ? { tokens: ['slow ', 'work'], holdAfter: 1 }
      : { calls: [give('librarian', 'One'), give('translator', 'Two')] },
  )
  const { run } = await set.client.start(set.ask({ agent: 'orchestrator' }))
  await eventually(() => expect(set.provider.requests).toHaveLength(3), WAIT)
  await expect(set.client.cancel({ run }, { principal: petro })).rejects.toMatchObject({
    code: 'agents.not_your_run',
  })
  await set.client.cancel({ run }, { principal: olia })
  const left = await Promise.all(set.provider.requests.slice(1).map((request) => request.left))
  expect(left).toEqual([true, true])
  const seen = await set.client.run({ run }, { principal: olia })
  expect(seen.children?.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  await set.events.settled()
  expect(set.finished.filter((one) => one.state !== 'cancelled')).toEqual([])

  const { settings } = await set.client.agent({ agent: 'orchestrator' }, { principal: mayor })
  const limits = { ...settings?.limits, tokens: 500 }
  if (settings)
    await set.client.changeAgent(
      { agent: 'orchestrator', settings: { ...settings, limits: { ...settings.limits, ...limits } } },
      { principal: mayor },
    )
  let turns = 0
  const usage = { prompt_tokens: 300, completion_tokens: 1, total_tokens: 301 }
  script(set, (asked) => {
    if (asked.includes('The task, from'))
      return { calls: [{ name: 'search_room', input: { query: `q${turns++}` } }], usage }
    return { calls: [give('daarwizz', 'Look')] }
  })
  const spent = set.ask({ agent: 'orchestrator' })
  await set.client.start(spent)
  await done(set, spent.run)
  const end = await set.client.run({ run: spent.run }, { principal: olia })
  expect(end).toMatchObject({ state: 'failed', stopped: 'tokens' })
  const child = await set.client.run({ run: end.children?.[0]?.id ?? '' }, { principal: olia })
  expect(child).toMatchObject({ state: 'failed', stopped: 'tokens' })
  expect(turns).toBe(2)
})

test('in a room only those it lists are asked; where the asker is alone with agents, whoever answers; nobody where agents are off', async () => {
  await using set = await peopled()
  const offered: string[] = []
  set.provider.by((body) => {
    const asked = JSON.stringify(body.messages)
    if (asked.includes('The task, from')) return { tokens: ['Mine.'] }
    offered.push(JSON.stringify(body.tools ?? []))
    if (asked.includes('"role":"tool"')) return { tokens: ['Joined.'] }
    return { calls: [give('translator', 'One'), give('librarian', 'Two')] }
  })
  const agents = async (id: string, visibility: 'private' | 'direct') => {
    const run = await set.answered({ agent: 'orchestrator', room: { id, name: id, visibility } })
    expect(run.state).toBe('done')
    return (run.children ?? []).map(({ agent }) => agent).sort()
  }
  const { id: librarian } = await set.client.agent({ agent: 'librarian' }, { principal: mayor })
  const { id: translator } = await set.client.agent({ agent: 'translator' }, { principal: mayor })
  expect(await agents('room_few', 'private')).toEqual([librarian])
  expect(offered[0]).toContain('librarian: ')
  expect(offered[0]).not.toContain('translator: ')
  expect(offered[0]).not.toContain('daarwizz: ')
  expect(await agents('room_own', 'direct')).toEqual([librarian, translator].sort())
  set.policy.mode = 'off'
  expect(await agents('room_own', 'direct')).toEqual([])
  // A room that the asker may not read is one without anybody to ask.
  expect(await agents('room_other', 'private')).toEqual([])
})
