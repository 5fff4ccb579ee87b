import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Doomed } from '../../../../test/kit/agents.child.ts'
import { bundled } from '../../../../test/kit/bundled.ts'
import { testCluster } from '../../../../test/kit/database.ts'
import { eventually } from '../../../../test/kit/eventually.ts'
import { openAiServer, type ScriptedAnswer } from '../../../../test/kit/openai-server.ts'
import { openPglite } from '../../../platform/database/pglite.ts'
import { olia, openHouse } from '../agents.fixture.ts'

const WAIT = 60_000
const CHILD = join(import.meta.dirname, '../../../../test/kit/agents.child.ts')

const told = (body: Readonly<Record<string, unknown>>) => JSON.stringify(body.messages)

/** Both lives answer alike; the first one never ends what it was asked second. */
function answer(body: Readonly<Record<string, unknown>>, hold: boolean): ScriptedAnswer {
  const asked = told(body)
  const held = hold ? { holdAfter: 1 } : {}
  if (asked.includes('Announce it')) {
    if (asked.includes('"role":"tool"')) return { tokens: ['Announced.'] }
    const input = { text: 'The hall is open.', at: '2027-01-31T09:00:00Z' }
    const name = asked.includes('Announce it later') ? 'schedule_message' : 'post_message'
    return { calls: [{ name, input }] }
  }
  if (asked.includes('The task, from'))
    return asked.includes('Quick piece')
      ? { tokens: ['Quick done.'] }
      : { tokens: ['Slow ', 'done.'], ...held }
  if (asked.includes('Quick done')) return { tokens: ['Joined.'] }
  if (asked.includes('Split it'))
    return {
      calls: [
        { name: 'delegate', input: { agent: 'librarian', task: 'Quick piece' } },
        { name: 'delegate', input: { agent: 'translator', task: 'Slow piece' } },
      ],
    }
  if (asked.includes('"role":"tool"')) return { tokens: ['It is ', '14.'], ...held }
  return { tokens: ['Counting. '], calls: [{ name: 'calculate', input: { expression: '2+3*4' } }] }
}

/** Rooms that take what they are told and never answer: whoever told them does not learn that it is done. */
async function mute() {
  const told: { what: string; clientId: string }[] = []
  const server = createServer(async (request) => {
    let body = ''
    for await (const bytes of request) body += String(bytes)
    told.push(JSON.parse(body))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    told,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('killed in the middle of a second step, runs go on from the last finished one, and nothing is asked or done twice', {
  timeout: 180_000,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'daarion-agents-'))
  try {
    await (await openPglite({ dataDir, image: await testCluster() }))[Symbol.asyncDispose]()
    const board = { id: 'room_2', name: 'Board', visibility: 'private' as const }
    const request = (run: string, agent: string, text: string, room: typeof board | null = null) => ({
      run,
      agent,
      asker: olia,
      room,
      message: null,
      text,
      parts: [],
      history: [],
    })
    const runs = [
      request('run_plain', 'daarwizz', 'What is 2+3*4?'),
      request('run_split', 'orchestrator', 'Split it'),
      request('run_post', 'daarwizz', 'Announce it', board),
      request('run_later', 'daarwizz', 'Announce it later', board),
    ]
    await using first = await openAiServer()
    await using rooms = await mute()
    first.by((body) => answer(body, true))
    const doomed: Doomed = {
      dataDir,
      llm: first.url,
      agents: ['orchestrator', 'librarian', 'translator'],
      runs,
      rooms: rooms.url,
    }
    using bundle = await bundled(CHILD)
    const child = spawn(process.execPath, [bundle.path, JSON.stringify(doomed)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let finished = 0
    child.stdout.on('data', (said: Buffer) => {
      finished += said.toString().match(/finished run_/g)?.length ?? 0
    })
    try {
      // Both of the second steps have begun to speak, and the quick piece is over.
      await eventually(() => {
        expect(first.requests).toHaveLength(7)
        expect(new Set(rooms.told.map(({ what }) => what))).toEqual(new Set(['post', 'schedule']))
        expect(first.sent()).toBe(4)
        expect(finished).toBe(1)
      }, WAIT)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }

    await using database = await openPglite({ dataDir })
    await using set = await openHouse({ shared: database, knowledge: { search: none, page: none } })
    set.provider.by((body) => answer(body, false))
    await eventually(
      () =>
        expect(set.finished.map(({ run }) => run)).toEqual(
          expect.arrayContaining(runs.map(({ run }) => run)),
        ),
      WAIT,
    )
    const plain = await set.client.run({ run: 'run_plain' }, { principal: olia })
    expect(plain).toMatchObject({ state: 'done', text: 'Counting.\n\nIt is 14.' })
    expect(plain.steps.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'model done',
      'tool done',
      'model failed',
      'model done',
    ])
    const split = await set.client.run({ run: 'run_split' }, { principal: olia })
    expect(split).toMatchObject({ state: 'done', text: 'Joined.' })
    expect(split.children).toHaveLength(2)
    expect(split.steps.filter(({ kind }) => kind === 'delegate').map(({ state }) => state)).toEqual([
      'done',
      'done',
    ])
    // What was answered before is not asked again: the two that were cut off, the joining, and the end of each announcement.
    expect(set.provider.requests).toHaveLength(5)
    expect(
      set.provider.requests.some(
        ({ body }) => told(body).includes('Quick piece') && !told(body).includes('Split it'),
      ),
    ).toBe(false)

    // What was done and not heard of is done again under the same key, which the city takes once; what has none is not done again.
    const [posted] = rooms.told.filter(({ what }) => what === 'post')
    expect(set.posted.map(({ clientId }) => clientId)).toEqual([posted?.clientId])
    const stepsOf = async (run: string) => {
      const { state, steps } = await set.client.run({ run }, { principal: olia })
      expect(state).toBe('done')
      return steps.map(
        ({ kind, state, detail }) => `${kind} ${state} ${detail.code ?? detail.interrupted ?? ''}`,
      )
    }
    const begun = ['retrieve done ', 'model done ', 'tool failed true']
    expect(await stepsOf('run_post')).toEqual([...begun, 'tool done ', 'model done '])
    expect(await stepsOf('run_later')).toEqual([
      ...begun,
      'tool failed agents.outcome_unknown',
      'model done ',
    ])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

const none = async () => {
  throw new Error('No room is asked in')
}
