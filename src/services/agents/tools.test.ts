import { afterAll, beforeAll, expect, test } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { testDatabase } from '../../../test/kit/database.ts'
import { eventually } from '../../../test/kit/eventually.ts'
import type { Database } from '../../platform/database/database.ts'
import { type HouseOptions, mayor, olia, openHouse, petro } from './agents.fixture.ts'
import { calculate } from './tools/calculate.ts'

let shared: Database
beforeAll(async () => {
  shared = await testDatabase()
})
afterAll(() => shared[Symbol.asyncDispose]())

const AGENT = { agent: 'daarwizz' }
const BOARD = { id: 'room_2', name: 'Board', visibility: 'private' } as const
const WAIT = 60_000

/** A house where DAARWIZZ may write; what waits an hour does not settle, so its events are not waited for. */
async function allowed(options: Partial<HouseOptions> = {}) {
  const set = await openHouse({ shared, db: shared, ...options })
  await set.client.setMandate({ ...AGENT, mandate: { effects: ['post_message'] } }, { principal: mayor })
  return set
}
type House = Awaited<ReturnType<typeof allowed>>

const saying = (text: string) => ({ calls: [{ name: 'post_message', input: { text } }] })

/** Opens a run that wants to write, and waits until it asks. */
async function asking(set: House, more: Parameters<House['ask']>[0] = {}) {
  const request = set.ask({ room: BOARD, ...more })
  await set.client.start(request)
  let approval: Awaited<ReturnType<House['client']['approvals']>>['items'][number] | undefined
  await eventually(async () => {
    const { items } = await set.client.approvals({ run: request.run }, { principal: olia })
    approval = items.at(-1)
    expect(approval?.state).toBe('waiting')
  }, WAIT)
  if (!approval) throw new Error('nothing waits')
  return { run: request.run, approval }
}
const over = (set: House, run: string) =>
  eventually(() => expect(set.finished.map((end) => end.run)).toContain(run), WAIT)

test('the model calls tools, reads what they give, and every step is kept with its cost', async () => {
  await using set = await openHouse({ shared })
  set.provider.next(
    {
      calls: [
        { name: 'calculate', input: { expression: '12 * 500' } },
        { name: 'fly', input: {} },
      ],
    },
    { tokens: ['A year is 6000 [1].'] },
  )
  const run = await set.answered()
  expect(run).toMatchObject({ state: 'done', text: 'A year is 6000 [1].', tokensIn: 14 })
  expect(run.steps.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    'retrieve done',
    'model done',
    'tool done',
    'tool failed',
    'model done',
  ])
  expect(run.steps[2]?.detail).toMatchObject({ tool: 'calculate', output: '12 * 500 = 6000' })
  expect(run.steps[3]?.detail).toMatchObject({ code: 'agents.tool_unknown' })
  const [first, second] = set.provider.requests
  expect(first?.body.tools).toContainEqual(
    expect.objectContaining({ function: expect.objectContaining({ name: 'calculate' }) }),
  )
  const messages = JSON.stringify(second?.body.messages)
  expect(messages).toContain('12 * 500 = 6000')
  expect(messages).toContain('There is no tool fly.')
})

test('a model that knows no tools is asked without them', async () => {
  await using set = await openHouse({ shared })
  set.provider.next({ status: 400 }, { tokens: ['The rent is 500 [1].'] })
  const run = await set.answered()
  expect(run).toMatchObject({ state: 'done', steps: [{}, { detail: { toolless: true } }] })
  expect(set.provider.requests[1]?.body).not.toHaveProperty('tools')
})

test('limits end a run and say which: the last step answers with what there is, tokens fail it', async () => {
  await using set = await openHouse({ shared, db: shared })
  const settings = { tools: ['calculate'], limits: { steps: 2 } }
  await set.client.changeAgent({ ...AGENT, settings }, { principal: mayor })
  set.provider.always({ tokens: ['x'], calls: [{ name: 'calculate', input: { expression: '1' } }] })
  const run = await set.answered()
  expect(run).toMatchObject({ error: null, state: 'done', stopped: 'steps' })
  expect(set.provider.requests.map(({ body }) => body.tool_choice)).toEqual(['auto', 'none'])
  await set.client.changeAgent(
    { ...AGENT, settings: { tools: ['calculate'], limits: { tokens: 500 } } },
    { principal: mayor },
  )
  set.provider.always({
    tokens: Array.from({ length: 600 }, () => 'x '),
    calls: [{ name: 'calculate', input: { expression: '1' } }],
  })
  expect(await set.answered()).toMatchObject({
    state: 'failed',
    stopped: 'tokens',
    error: { code: 'agents.over_tokens' },
  })
  await set.client.changeAgent(
    { ...AGENT, settings: { tools: ['calculate', 'remember'] } },
    { principal: mayor },
  )
})

test('nothing with an effect happens before the asker says so; then it happens once, as it was shown', async () => {
  await using set = await allowed()
  set.provider.next(saying('The rent is due.'), { tokens: ['Done.'] })
  const { run, approval } = await asking(set)
  expect(set.posted).toEqual([])
  expect(approval).toMatchObject({ tool: 'post_message', input: { text: 'The rent is due.' }, mine: true })
  expect((await set.client.approvals({}, { principal: olia })).items.map(({ id }) => id)).toContain(
    approval.id,
  )
  const decide = (decision: 'approve' | 'refuse' | 'always', principal = olia) =>
    set.client.decide({ approval: approval.id, decision }, { principal })
  await expect(decide('approve', petro)).rejects.toMatchObject({ code: 'agents.approval_not_found' })
  expect(await decide('approve')).toMatchObject({ state: 'approved', mine: false })
  await over(set, run)
  await expect(decide('refuse')).rejects.toMatchObject({ code: 'agents.approval_decided' })
  expect(set.posted).toEqual([
    { room: 'room_2', author: 'agent_daarwizz', clientId: `${run}_0_0`, text: 'The rent is due.' },
  ])
  const seen = await set.client.run({ run }, { principal: olia })
  expect(seen).toMatchObject({ state: 'done', text: 'Done.' })
  expect(seen.steps.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    'retrieve done',
    'model done',
    'approval done',
    'tool done',
    'model done',
  ])
})

test('a run waits over a restart, and goes on where it was', async () => {
  await using db = await testDatabase()
  let waiting: Awaited<ReturnType<typeof asking>>
  {
    await using set = await allowed({ db })
    set.provider.next(saying('Later.'))
    waiting = await asking(set)
    await set.service.stop?.()
    await set.events.stop()
  }
  await using set = await allowed({ db })
  set.provider.next({ tokens: ['Said.'] })
  await set.client.decide({ approval: waiting.approval.id, decision: 'approve' }, { principal: olia })
  await over(set, waiting.run)
  expect(set.posted.map(({ text }) => text)).toEqual(['Later.'])
  expect(set.provider.requests).toHaveLength(1)
})

test('what is refused, cancelled or left undecided does not happen', async () => {
  const time = handClock(Date.now())
  await using db = await testDatabase()
  await using set = await allowed({ db, clock: time })
  set.provider.next(saying('No.'), { tokens: ['Then not.'] })
  const refused = await asking(set)
  await set.client.decide({ approval: refused.approval.id, decision: 'refuse' }, { principal: olia })
  await over(set, refused.run)
  set.provider.next(saying('No.'))
  const cancelled = await asking(set)
  await set.client.cancel({ run: cancelled.run }, { principal: olia })
  await expect(
    set.client.decide({ approval: cancelled.approval.id, decision: 'approve' }, { principal: olia }),
  ).rejects.toMatchObject({ code: 'agents.approval_decided', params: { state: 'cancelled' } })
  set.provider.next(saying('No.'), { tokens: ['Nobody said.'] })
  const late = await asking(set)
  await time.advance(61 * 60_000)
  await over(set, late.run)
  expect((await set.client.run({ run: late.run }, { principal: olia })).text).toBe('Nobody said.')
  expect(set.posted).toEqual([])
})

test('once for all is for who keeps the room, and counts only for what the asker alone may have wanted', async () => {
  await using db = await testDatabase()
  const knowledge = {
    search: async () => ({ items: [], engine: 'e5', unread: [] }),
    page: async () => Promise.reject(new Error('not asked')),
  }
  await using set = await allowed({ db, knowledge })
  set.provider.next(saying('One.'), { tokens: ['ok'] })
  const first = await asking(set)
  expect(first.approval.always).toBe(true)
  await set.client.decide({ approval: first.approval.id, decision: 'always' }, { principal: olia })
  await over(set, first.run)
  set.provider.next(saying('Two.'), { tokens: ['ok'] })
  const second = set.ask({ room: BOARD })
  await set.client.start(second)
  await over(set, second.run)
  expect(set.posted.map(({ text }) => text)).toEqual(['One.', 'Two.'])
  // Words of another lie before the model: it asks again.
  set.provider.next(saying('Three.'))
  const history = [
    {
      message: 'msg_0',
      author: { id: petro.id, kind: 'person' as const, name: 'Petro' },
      at: new Date().toISOString(),
      text: 'DAARWIZZ, post Three.',
    },
  ]
  await asking(set, { history })
  expect(set.posted).toHaveLength(2)
})

test('outside the mandate, after it and while prompts are tried, effects are refused', async () => {
  await using db = await testDatabase()
  await using set = await allowed({ db })
  const outcome = async (mandate: object, prompts?: Record<string, string>) => {
    await set.client.setMandate({ ...AGENT, mandate }, { principal: mayor })
    set.provider.next(saying('No.'), { tokens: ['ok'] })
    const run = await set.answered({ room: BOARD, ...(prompts && { prompts }) })
    return run.steps.find(({ kind }) => kind === 'tool')?.detail.code
  }
  expect(await outcome({})).toBe('agents.tool_refused')
  expect(await outcome({ effects: ['create_poll'] })).toBe('agents.tool_refused')
  expect(await outcome({ effects: ['post_message'], rooms: ['room_1'] })).toBe('agents.tool_refused')
  const past = new Date(Date.now() - 1000).toISOString()
  expect(await outcome({ effects: ['post_message'], until: past })).toBe('agents.tool_refused')
  expect(await outcome({ effects: ['post_message'] }, { core: 'Try.' })).toBe('agents.tool_refused')
  expect(set.posted).toEqual([])
})

test('a crash in the middle of a tool’s turn makes nothing twice', async () => {
  await using db = await testDatabase()
  let run = ''
  {
    await using set = await allowed({ db })
    set.provider.next(saying('Once.'), { tokens: ['half'], holdAfter: 1 })
    const { approval, run: id } = await asking(set)
    run = id
    await set.client.decide({ approval: approval.id, decision: 'approve' }, { principal: olia })
    await eventually(() => expect(set.deltas.length).toBeGreaterThan(0), WAIT)
    expect(set.posted).toHaveLength(1)
    await set.service.stop?.()
    await set.events.stop()
  }
  await using set = await allowed({ db })
  set.provider.next({ tokens: ['whole'] })
  await over(set, run)
  expect(set.posted).toEqual([])
  expect((await set.client.run({ run }, { principal: olia })).text).toBe('whole')
})

test.each([
  ['2 + 3 * 4', 14],
  ['2^3^2', 512],
  ['-2^2', -4],
  ['(1 + 2) × 3 ÷ 4', 2.25],
  ['20% * 50', 10],
  ['round(10 / 3; 2)', 3.33],
  ['max(1, 2, avg(3, 5))', 4],
  ['1_000 * .5', 500],
])('%s is %d', (expression, value) => expect(calculate(expression)).toBeCloseTo(value, 10))

test.each(['', '1 +', 'process.exit()', '1/0', '(1', 'alert(1)', '9^9^9', '('.repeat(200), 'constructor(1)'])(
  '%s is not calculated',
  (expression) => {
    expect(() => calculate(expression)).toThrow(expect.objectContaining({ code: 'agents.expression' }))
  },
)
