import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestCity, people, type Someone, type TestCity } from '../../../../test/kit/city-service.ts'
import type { AgentCalled } from '../city.events.ts'
import { agentCalled } from '../city.events.ts'
import { MAX_TEXT, Message } from '../messages.contract.ts'

describe('saying something', () => {
  let city: TestCity
  const calls: AgentCalled[] = []
  beforeAll(async () => {
    city = await openTestCity({
      before: ({ events, db }) =>
        events.consume({
          name: 'test.calls',
          db,
          types: [agentCalled],
          handle: async ({ data }) => {
            calls.push(data)
          },
        }),
    })
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  const post = (who: Someone | null, room: string, body: unknown) =>
    city.fetch(who, `/api/city/rooms/${room}/messages`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  const code = async (response: Response) =>
    ((await response.json()) as { error: { code: string } }).error.code

  it('makes a message once, for ever, whoever asks how often at the same time', async () => {
    const body = { clientId: 'fifty', text: 'Добрий день' }
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('olena', 'square', body)))
    const statuses = answers.map((answer) => answer.status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 200)).toHaveLength(49)
    const messages = await Promise.all(answers.map(async (answer) => Message.parse(await answer.json())))
    expect(new Set(messages.map((message) => `${message.id} ${message.seq}`)).size).toBe(1)
    expect(messages[0]).toMatchObject({ text: 'Добрий день', author: { name: 'Олена' }, runs: [] })
  })

  it('answers a conflict to another body under the same clientId, and knows people apart', async () => {
    await post('olena', 'square', { clientId: 'same', text: 'one' })
    const other = await post('olena', 'square', { clientId: 'same', text: 'two' })
    expect([other.status, await code(other)]).toEqual([409, 'city.client_id_conflict'])
    expect((await post('taras', 'square', { clientId: 'same', text: 'two' })).status).toBe(201)
  })

  it('numbers what many say at once without a gap', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Many', visibility: 'public' })
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        city.as(i % 2 ? 'olena' : 'taras').post({ room, clientId: `m${i}`, text: `${i}` }),
      ),
    )
    const { items } = await city.as('olena').messages({ room, after: 0, limit: 100 })
    expect(items.map((message) => message.seq)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
    expect(await city.as('olena').room({ room })).toMatchObject({ seq: 60, unread: 30, readSeq: 0 })
  })

  it('judges alone each of those who speak at the same moment, and numbers what stands without a gap', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Moment', visibility: 'public' })
    const { id: root } = await city.as('olena').post({ room, clientId: 'root', text: 'корінь' })
    await city.as('olena').mute({
      room,
      principal: people.iryna.id,
      until: new Date(Date.now() + 3_600_000).toISOString(),
      reason: 'шум',
    })
    const poll = (options: string[]) => ({ question: '?', options, multiple: false })
    const bodies: [Parameters<typeof post>[0], object][] = [
      ['taras', { clientId: 'a', text: 'a' }],
      ['taras', { clientId: 'a', text: 'a' }],
      ['taras', { clientId: 'a', text: 'other' }],
      ['iryna', { clientId: 'i', text: 'muted' }],
      ['taras', { clientId: 'b', text: 'b', replyTo: 'msg_none' }],
      ['olena', { clientId: 'c', text: 'c', replyTo: root, thread: root }],
      ['olena', { clientId: 'd', text: '', poll: poll(['x', 'x']) }],
      ['olena', { clientId: 'e', text: '', poll: poll(['x', 'y']) }],
      ['taras', { clientId: 'f', text: 'f', parts: [{ type: 'file', file: 'file_no' }] }],
      ['taras', { clientId: 'g', text: 'g', thread: 'msg_none' }],
      ['taras', { clientId: 'h', text: '@Олена @room h' }],
    ]
    const answers = await Promise.all(bodies.map(([who, body]) => post(who, room, body)))
    const codes = await Promise.all(
      answers.map(async (answer) => (answer.ok ? answer.status : await code(answer))),
    )
    // Which of the three under one clientId came first is not told.
    expect(codes.slice(0, 3)).toEqual(expect.arrayContaining([201, 'city.client_id_conflict']))
    expect(codes.slice(3)).toEqual([
      ...['city.muted', 'city.reply_not_found', 201, 'city.options_alike', 201],
      ...['city.part_file', 'city.thread_not_found', 201],
    ])
    const log = await city.as('olena').events({ room, after: 1 })
    expect(log.items.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6])
    expect(log.items.map(({ type }) => type).sort()).toEqual([...Array(4).fill('message'), 'thread'])
    expect(await city.as('taras').room({ room })).toMatchObject({ seq: 6 })
    const { items } = await city.as('olena').messages({ room })
    expect(items.find(({ id }) => id === root)?.replies).toMatchObject({ replies: 1 })
    expect(items.find(({ poll }) => poll)?.poll?.options).toHaveLength(2)
  })

  it.each([
    ['nothing at all', { clientId: 'x' }, 400, 'city.message_empty'],
    ['only spaces', { clientId: 'x', text: ' \n ' }, 400, 'city.message_empty'],
    ['no clientId', { text: 'hi' }, 400, 'input.invalid'],
    ['too long a text', { clientId: 'x', text: 'я'.repeat(MAX_TEXT + 1) }, 413, 'city.text_too_long'],
    ['a text of a megabyte', { clientId: 'x', text: 'x'.repeat(1_100_000) }, 413, 'http.too_large'],
    ['a NUL', { clientId: 'x', text: 'a\0b' }, 400, 'city.text_invalid'],
    ['half a character', '{"clientId":"x","text":"\\ud800"}', 400, 'city.text_invalid'],
    ['a NUL in clientId', { clientId: '\0', text: 'a' }, 400, 'city.text_invalid'],
    ['a reply to nothing', { clientId: 'x', text: 'a', replyTo: 'msg_none' }, 400, 'city.reply_not_found'],
    ['a reply to NUL', { clientId: 'x', text: 'a', replyTo: '\0' }, 400, 'http.text_invalid'],
    ['no such file', { clientId: 'x', parts: [{ type: 'file', file: 'file_no' }] }, 400, 'city.part_file'],
    [
      'eleven parts',
      { clientId: 'x', parts: Array(11).fill({ type: 'file', file: 'f' }) },
      400,
      'input.invalid',
    ],
    ['no JSON', '{', 400, 'http.invalid'],
    ['an array', '[]', 400, 'input.invalid'],
  ])('refuses %s', async (_, body, status, expected) => {
    const response = await post('olena', 'square', body)
    expect([response.status, await code(response)]).toEqual([status, expected])
  })

  it('hides a room one may not see exactly as one that is not there', async () => {
    const { id, slug } = await city.as('olena').openRoom({ name: 'Приватна' })
    const answers = await Promise.all(
      [id, slug, 'room_unknown', 'unknown', '%00', 'x'.repeat(90)].map(async (room) => {
        const said = await post('taras', room, { clientId: 'x', text: 'hi' })
        const read = await city.fetch('taras', `/api/city/rooms/${room}/messages`)
        return [said.status, await said.text(), read.status, await read.text()]
      }),
    )
    expect(answers[0]?.[0]).toBe(404)
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect((await post(null, id, { clientId: 'x', text: 'hi' })).status).toBe(401)
  })

  it('refuses a reply into another room', async () => {
    const there = await city.as('olena').openRoom({ name: 'There' })
    const said = await city.as('olena').post({ room: there.id, clientId: 'a', text: 'a' })
    const response = await post('olena', 'square', { clientId: 'r', text: 'b', replyTo: said.id })
    expect([response.status, await code(response)]).toEqual([400, 'city.reply_not_found'])
    expect(
      await city.as('olena').post({ room: there.id, clientId: 'b', text: 'b', replyTo: said.id }),
    ).toMatchObject({ replyTo: said.id })
  })

  it('calls the agent that is mentioned, with what was said before', async () => {
    const { id: room } = await city.as('taras').openRoom({ name: 'Питання', visibility: 'public' })
    await city.as('olena').post({ room, clientId: 'a', text: 'Збори о шостій.' })
    const quiet = await city.as('taras').post({ room, clientId: 'b', text: 'Ясно' })
    expect(quiet.runs).toEqual([])
    const asked = await city.as('taras').post({ room, clientId: 'c', text: '@daarwizz коли збори?' })
    expect(asked.runs).toMatchObject([{ agent: 'daarwizz', name: 'DAARWIZZ', state: 'queued' }])
    await city.events.settled()
    const call = calls.find(({ message }) => message === asked.id)
    expect(call).toMatchObject({
      run: asked.runs[0]?.id,
      agent: 'daarwizz',
      asker: people.taras.id,
      room: { id: room, name: 'Питання', visibility: 'public' },
      text: '@daarwizz коли збори?',
    })
    expect(call?.history.map(({ text }) => text)).toEqual(['Збори о шостій.', 'Ясно'])
  })

  it('bounds what it tells of before', async () => {
    const { id: room } = await city.as('taras').openRoom({ name: 'Long' })
    for (let i = 0; i < 4; i++)
      await city.as('taras').post({ room, clientId: `m${i}`, text: `${i}`.repeat(10_000) })
    const asked = await city.as('taras').post({ room, clientId: 'c', text: 'daarwizz?' })
    await city.events.settled()
    const history = calls.find(({ message }) => message === asked.id)?.history ?? []
    expect(history.map(({ text }) => text.length)).toEqual([4000, 10_000, 10_000])
    expect(history.at(-1)?.text.startsWith('3')).toBe(true)
  })

  it('asks nobody where the policy is off, and everybody named where it is all', async () => {
    const off = await city
      .as('taras')
      .openRoom({ name: 'Off', replyPolicy: { mode: 'off', agents: ['daarwizz'] } })
    expect((await city.as('taras').post({ room: off.id, clientId: 'a', text: 'daarwizz' })).runs).toEqual([])
    const all = await city
      .as('taras')
      .changeRoom({ room: off.id, replyPolicy: { mode: 'all', agents: ['daarwizz', 'nobody'] } })
    expect(all.replyPolicy.mode).toBe('all')
    expect((await city.as('taras').post({ room: off.id, clientId: 'b', text: 'x' })).runs).toHaveLength(1)
  })

  it('pages forward, backward and around', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Pages' })
    const said = []
    for (let i = 1; i <= 10; i++)
      said.push(await city.as('olena').post({ room, clientId: `p${i}`, text: `${i}` }))
    const texts = async (query: object) => {
      const { items, next } = await city.as('olena').messages({ room, ...query })
      return [items.map(({ text }) => Number(text)), next]
    }
    expect(await texts({ limit: 3 })).toEqual([[8, 9, 10], 8])
    expect(await texts({ before: 8, limit: 3 })).toEqual([[5, 6, 7], 5])
    expect(await texts({ before: 3, limit: 3 })).toEqual([[1, 2], undefined])
    expect(await texts({ after: 0, limit: 4 })).toEqual([[1, 2, 3, 4], 4])
    expect(await texts({ after: 8, limit: 4 })).toEqual([[9, 10], undefined])
    expect(await texts({ around: '5', limit: 4 })).toEqual([[3, 4, 5, 6], undefined])
    expect(await texts({ around: said[0]?.id, limit: 4 })).toEqual([[1, 2, 3, 4], undefined])
    await expect(texts({ around: 'msg_none' })).rejects.toMatchObject({ code: 'city.message_not_found' })
  })

  it('calls nobody where no agents are deployed, and the room works on', async () => {
    await using alone = await openTestCity({ agents: null })
    const said = await alone.as('olena').post({ room: 'square', clientId: 'a', text: '@daarwizz?' })
    expect(said.runs).toEqual([])
    expect((await alone.as('olena').rooms({})).items.map((room) => room.slug)).toEqual(['square'])
  })

  it('calls by the slug alone while the agents cannot be asked', async () => {
    await using away = await openTestCity({ agents: () => Promise.reject(new Error('away')) })
    const said = await away.as('olena').post({ room: 'square', clientId: 'a', text: '@daarwizz?' })
    expect(said.runs).toMatchObject([{ agent: 'daarwizz', state: 'queued' }])
  })
})
