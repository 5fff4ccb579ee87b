import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../../test/kit/database.ts'
import { eventually } from '../../../../test/kit/eventually.ts'
import type { Database } from '../../../platform/database/database.ts'
import { messageErased } from '../../city/city.events.ts'
import { openHouse, petro } from '../agents.fixture.ts'
import type { AgentsTables } from '../agents.tables.ts'

const WAIT = 60_000
let shared: Database
beforeAll(async () => {
  shared = await testDatabase()
})
afterAll(() => shared[Symbol.asyncDispose]())

type House = Awaited<ReturnType<typeof openHouse>>
const room = { id: 'room_2', name: 'Board', visibility: 'private' as const }

/** Says messages until there are `count`, and answers with what an agent is handed of them. */
function talked(set: House, count: number, thread?: string) {
  const own = () => set.talk.filter((one) => one.thread === thread)
  while (own().length < count) {
    const seq = set.talk.length + 1
    set.talk.push({
      ...{
        id: `msg_${thread === undefined ? '' : 't'}${String(seq).padStart(6, '0')}`,
        room: room.id,
        seq,
        text: `word-${seq}.`,
        parts: [],
      },
      ...{ author: { id: petro.id, kind: 'person', name: 'Petro' }, replyTo: null, runs: [] },
      createdAt: '2026-05-01T12:00:00.000Z',
      ...(thread !== undefined && { thread }),
    })
  }
  const history = own()
    .slice(-50)
    .map(({ id, author, createdAt, text }) => ({ message: id, author, at: createdAt, text }))
  return { room, message: null, history }
}

/** What was asked of the model so far, apart from each other: to sum up, and to answer. */
function asked(set: House) {
  const all = set.provider.requests.map(({ body }) => JSON.stringify(body.messages))
  const sums = (text: string) => text.includes('You keep the summary')
  return { sums: all.filter(sums), answers: all.filter((text) => !sums(text)) }
}

const kept = () => shared.kysely.withTables<AgentsTables>().selectFrom('agents.summary').selectAll().execute()

test('a long talk is summed up once, gone on with when it grew, told with the answer, and forgotten with what it tells of', async () => {
  await using set = await openHouse({ shared })
  let told = 0
  set.provider.by((body) =>
    JSON.stringify(body.messages).includes('You keep the summary')
      ? { tokens: [`SUM-${++told}: the hall was let.`] }
      : { tokens: ['Fine.'] },
  )
  const first = await set.answered(talked(set, 60))
  expect(first.steps.map(({ kind, state }) => `${kind} ${state}`)).toContain('summary done')
  // The last thirty are read word by word; the summary goes to their middle.
  const { sums, answers } = asked(set)
  expect(sums).toHaveLength(1)
  expect(sums[0]).toContain('word-1.')
  expect(sums[0]).toContain('word-45.')
  expect(sums[0]).not.toContain('word-46.')
  expect(answers[0]).toContain('SUM-1: the hall was let.')
  expect(answers[0]).toContain('Summary of 45 earlier messages since 2026-05-01')
  expect(first.tokensIn).toBe(14)

  await set.answered(talked(set, 70))
  expect(asked(set).sums).toHaveLength(1)
  expect(asked(set).answers.at(-1)).toContain('SUM-1')

  await set.answered(talked(set, 90))
  const grown = asked(set).sums.at(-1)
  expect(asked(set).sums).toHaveLength(2)
  expect(grown).toContain('SUM-1: the hall was let.')
  expect(grown).toContain('word-46.')
  expect(grown).not.toContain('word-45.')
  expect(await kept()).toMatchObject([
    { room: room.id, thread: '', messages: 75, text: expect.stringContaining('SUM-2') },
  ])

  // Whoever may not read the room is told nothing of it.
  const outside = await set.answered({ ...talked(set, 90), asker: petro })
  expect(outside.state).toBe('done')
  expect(asked(set).answers.at(-1)).toContain('word-90.')
  expect(asked(set).answers.at(-1)).not.toContain('SUM-2')

  const [gone] = set.talk.splice(9, 1)
  await set.database.kysely.transaction().execute((tx) =>
    set.events.append(tx, {
      type: messageErased,
      principal: petro.id,
      room: room.id,
      data: { room: room.id, message: gone?.id ?? '', by: petro.id, runs: [], roomBlobs: [], blobs: [] },
    }),
  )
  await eventually(async () => expect(await kept()).toEqual([]), WAIT)
  const runs = await shared.kysely
    .withTables<AgentsTables>()
    .selectFrom('agents.run')
    .select('context')
    .where('room', '=', room.id)
    .execute()
  expect(JSON.stringify(runs)).not.toContain('the hall was let')
  await set.answered(talked(set, 89))
  expect(asked(set).sums.at(-1)).not.toContain('word-10.')
})

test('a thread has a summary of its own; where none can be written the answer comes all the same', async () => {
  await using set = await openHouse({ shared })
  set.provider.by((body) =>
    JSON.stringify(body.messages).includes('You keep the summary')
      ? { tokens: [' '] }
      : { tokens: ['Fine.'] },
  )
  talked(set, 3)
  const root = 'msg_000001'
  const inThread = { ...talked(set, 60, root), message: 'msg_t000063' }
  const run = await set.answered(inThread)
  expect(run.state).toBe('done')
  expect(run.steps.find(({ kind }) => kind === 'summary')).toMatchObject({ state: 'failed' })
  set.provider.by(() => ({ tokens: ['Of the thread.'] }))
  const next = await set.answered(inThread)
  expect(next.steps.find(({ kind }) => kind === 'summary')).toMatchObject({ state: 'done' })
  expect(asked(set).sums.at(-1)).not.toContain('word-2.')
  expect(await kept()).toContainEqual(expect.objectContaining({ thread: root, text: 'Of the thread.' }))
})
