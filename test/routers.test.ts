import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from './kit/ask.ts'
import { type RunningCity, startCity, temporaryFolder } from './kit/city.ts'
import { eventually } from './kit/eventually.ts'
import { openAiServer } from './kit/openai-server.ts'
import { freePort } from './kit/ports.ts'
import { type ScratchPostgres, scratchPostgres } from './kit/postgres.ts'
import { firstOwner, newcomer, type Resident } from './kit/resident.ts'
import { type SearchServer, startSearchServer } from './kit/search-server.ts'

const { TEST_DATABASE_URL = '' } = process.env
const SOON = { timeout: 60_000 }

describe.skipIf(!TEST_DATABASE_URL)('the routers of a whole city', { timeout: 180_000 }, () => {
  const folder = temporaryFolder()
  let provider: Awaited<ReturnType<typeof openAiServer>>
  let web: SearchServer
  let database: ScratchPostgres
  let env: Record<string, string>
  let city: RunningCity
  let owner: Resident

  beforeAll(async () => {
    provider = await openAiServer()
    web = await startSearchServer()
    database = await scratchPostgres(TEST_DATABASE_URL)
    env = {
      DATA_DIR: folder.path,
      PORT: String(await freePort()),
      DATABASE_URL: database.url.reveal(),
      LLM_URL: provider.url,
      LLM_MODEL: 'scripted-1',
      SEARXNG_URL: web.url,
      SEARCH_ENGINES: 'searxng',
    }
    city = await startCity(env)
    owner = await firstOwner(city)
  }, 240_000)
  afterAll(async () => {
    await city?.stop()
    await database?.[Symbol.asyncDispose]()
    await web?.[Symbol.asyncDispose]()
    await provider?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  }, 120_000)

  /** All that a model was told, the last time it was asked. */
  const told = () => JSON.stringify(provider.requests.at(-1)?.body.messages)

  test('a stored file and a search of the internet are answered as they go by an agent, whose session knows of it later', async () => {
    const stored = await owner.uploadBytes(
      Buffer.from('The rent of the hall is 500 a month.'),
      'lease.txt',
      'text/plain',
    )
    const { id: file } = stored.body as { id: string }
    const parts = [
      { type: 'text', text: 'What is the rent of the hall?' },
      { type: 'file', file },
      { type: 'file', file: 'file_00000000000000000000000000' },
      { type: 'search', query: 'кабель', where: 'web' },
    ]
    provider.next({ tokens: ['The rent ', 'is 500 ', '[1].'], delayMs: 50 })
    const { status, text } = await ask(city.url, 'POST /api/router/v2/route', {
      key: owner.key,
      json: { parts, session: 'desk' },
      headers: { accept: 'text/event-stream' },
    })
    expect(status).toBe(200)
    const events = [...text.matchAll(/^event: (.+)\ndata: (.+)$/gm)].map(([, name = '', data = '{}']) => ({
      name,
      data: JSON.parse(data),
    }))
    const named = (name: string) => events.flatMap((event) => (event.name === name ? [event.data] : []))
    const [done] = named('done')
    expect(events[0]).toEqual({ name: 'accepted', data: { run: done.run } })
    expect(done).toMatchObject({
      engine: 'scripted-1',
      parts: [
        { type: 'file', name: 'lease.txt', state: 'done', document: { pages: { read: 1 } } },
        { type: 'file', state: 'failed', error: { code: 'city.file_not_found' } },
        {
          type: 'search',
          state: 'done',
          found: [{ title: 'Кабель & дріт', url: expect.stringContaining('dovidka.example') }, {}],
        },
      ],
    })
    expect(done.text).toContain('The rent is 500')
    expect(named('text')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'lease.txt', text: 'The rent of the hall is 500 a month.' }),
      ]),
    )
    // The words of the run came as they were written, none twice and none left out.
    const deltas = named('delta')
    expect(deltas.length).toBeGreaterThan(1)
    expect(deltas.map((delta) => delta.text).join('')).toBe(done.text)
    expect(named('step').map(({ kind }) => kind)).toEqual(expect.arrayContaining(['part', 'model']))
    expect(named('citation')).toEqual(done.citations)
    expect(done.citations).toMatchObject([{ title: 'lease.txt' }])
    expect(told()).toContain('The rent of the hall is 500 a month.')
    expect(told()).toContain('Кабель мідний.')

    const later = { parts: [{ type: 'text', text: 'And twice that?' }], session: 'desk' }
    provider.next({ tokens: ['1000.'] })
    expect((await ask(city.url, 'POST /api/route', { key: owner.key, json: later })).body).toMatchObject({
      router: 'v2',
      text: '1000.',
    })
    expect(told()).toMatch(/What is the rent of the hall\?.*The rent is 500.*And twice that\?/s)

    // A session is its asker's own, and so is a file that was shown to nobody.
    const marta = await newcomer(owner, 'Марта')
    provider.next({ tokens: ['Of what?'] })
    const hers = { ...later, parts: [...later.parts, { type: 'file', file }] }
    const answer = await ask(city.url, 'POST /api/route', { key: marta.key, json: hers })
    expect(answer.body.parts).toMatchObject([{ state: 'failed', error: { code: 'city.file_not_found' } }])
    expect(told()).not.toContain('rent')
  })

  test('killed in the middle of a request and of calls of rooms, it answers each once and loses none', async () => {
    provider.always({ tokens: ['Once ', 'only.'], holdAfter: 1 })
    const held = provider.requests.length
    const json = { parts: [{ type: 'text', text: 'Held in the middle?' }], session: 'killed' }
    const route = () =>
      ask(city.url, 'POST /api/route', { key: owner.key, json, headers: { 'idempotency-key': 'k-killed' } })
    const cut = route().then(
      () => 'answered',
      () => 'cut',
    )
    const [own, square] = [await owner.ownRoom(), 'square']
    const talked = await owner.say(square, '@daarwizz are you there?')
    await eventually(() => expect(provider.requests.length - held).toBe(2), SOON.timeout)
    // Its message stands, its call may be anywhere between the two services.
    const fresh = await owner.say(own, 'And here?')
    await city.kill()
    expect(await cut).toBe('cut')
    // A minute goes by as far as whoever died is concerned.
    await sql(`update router.once set lease_until = now(); update router_v2.once set lease_until = now()`)
    provider.always({ tokens: ['Once ', 'only.'] })
    provider.release()
    city = await startCity(env)

    const answers = await Promise.all([route(), route()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers[0]?.body).toMatchObject({ text: 'Once only.', router: 'v2' })
    expect(answers[1]?.body).toEqual(answers[0]?.body)
    for (const [room, asked] of [
      [square, talked],
      [own, fresh],
    ] as const) {
      const settled = await owner.settled(room, asked.id)
      expect(settled.runs).toMatchObject([{ state: 'done' }])
      await owner.answer(room, asked.id)
      const { items } = await owner.city.messages({ room, limit: 200 })
      expect(items.filter(({ replyTo }) => replyTo === asked.id)).toHaveLength(1)
    }
    const { run } = answers[0]?.body ?? {}
    expect(await sql(`select count(*)::int as n from agents.run where id = '${run}'`)).toEqual([{ n: 1 }])
    expect(await sql(`select asked, answered from router_v2.turn where session = 'killed'`)).toEqual([
      { asked: 'Held in the middle?', answered: 'Once only.' },
    ])
    expect(
      await sql(`select count(*)::int as n from agents.run where state in ('queued', 'running')`),
    ).toEqual([{ n: 0 }])
  })

  async function sql(statement: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: database.url.reveal() })
    await client.connect()
    try {
      return (await client.query(statement)).rows
    } finally {
      await client.end()
    }
  }
})
