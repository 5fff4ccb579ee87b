import { createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Transcript } from '../../engines/stt/stt.ts'
import { Scope } from '../../kernel/scope.ts'
import type { Identity } from '../../platform/http/service.ts'
import {
  type Ground,
  ground,
  HEARD,
  type House,
  openHouse,
  PERSON,
  scripted,
  stt,
  until,
  WAV,
} from './gateway.fixture.ts'
import type { Job } from './jobs.contract.ts'
import { jobChanged } from './multimodal-gateway.events.ts'

const sound = (n: number) => Buffer.concat([WAV, Buffer.from(`job ${n}`)])
const keyed = (id: string): Identity => ({
  principal: PERSON,
  service: null,
  credential: { type: 'key', id },
})
const WHO: Readonly<Record<string, Identity>> = {
  other: { principal: { ...PERSON, id: 'person_2' }, service: null, credential: null },
  boss: { principal: { ...PERSON, id: 'person_3', role: 'owner' }, service: null, credential: null },
  limited: keyed('key_limited'),
}
const scope = new Scope()
let site: Ground
beforeAll(async () => {
  site = await ground(scope)
}, 60_000)
afterAll(() => scope[Symbol.asyncDispose]())
/** Of one test: houses on the same ground would take each other's jobs. */
let open = new Scope()
afterEach(async () => {
  await open[Symbol.asyncDispose]()
  open = new Scope()
})

const ask = (
  house: House,
  n: number,
  { fields = {}, headers = {} }: { fields?: Record<string, string>; headers?: Record<string, string> } = {},
) => {
  const body = new FormData()
  for (const [key, value] of Object.entries(fields)) body.append(key, value)
  body.append('file', new Blob([new Uint8Array(sound(n))]), 'звіт.wav')
  return fetch(`${house.url}/v1/audio/transcriptions`, { method: 'POST', body, headers })
}
const at = (house: House, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${house.url}${path}`, { method, headers })
const jsonOf = async (answer: Promise<Response>): Promise<unknown> => (await answer).json()
const ASYNC = { prefer: 'respond-async' }
const hang = (signal: AbortSignal) =>
  new Promise<Transcript>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

describe('a job', () => {
  test('goes to its end, tells how it goes, and gives what the door would have answered', async () => {
    let finish = () => {}
    const gate = new Promise<void>((resolve) => {
      finish = resolve
    })
    const slow = async () => {
      await gate
      return HEARD
    }
    const house = await openHouse(open, site, { stt: [stt(scripted(slow))], who: WHO })
    const heard: { owner?: string; state?: string }[] = []
    house.events.listen(jobChanged, ({ now }) => heard.push({ ...now }))
    const accepted = await ask(house, 1, { fields: { response_format: 'srt' }, headers: ASYNC })
    const job = (await accepted.json()) as Job
    expect([accepted.status, accepted.headers.get('preference-applied')]).toEqual([202, 'respond-async'])
    expect(accepted.headers.get('location')).toBe(`/api/multimodal/jobs/${job.id}`)
    expect(job).toMatchObject({ type: 'transcript', about: 'звіт.wav' })
    const early = await at(house, `/api/multimodal/jobs/${job.id}/result`)
    expect([early.status, await early.json()]).toMatchObject([
      409,
      { error: { code: 'gateway.job_not_done' } },
    ])
    const stream = at(house, `/api/multimodal/jobs/${job.id}/events`).then((answer) => answer.text())
    finish()
    const events = [...(await stream).matchAll(/id: (\d+)\nevent: job\ndata: (.*)\n/g)].map(
      ([, id, data = '']) => ({
        id: Number(id),
        job: JSON.parse(data) as Job,
      }),
    )
    const last = events.at(-1)
    expect(last?.job).toMatchObject({ state: 'done', progress: 1, engine: 'scripted/1' })
    // The live socket hears of each step, and whose it is.
    await until(() => heard.at(-1)?.state === 'done')
    expect(new Set(heard.map(({ owner }) => owner))).toEqual(new Set([PERSON.id]))
    expect(heard.map(({ state }) => state)).toContain('running')
    // Whoever comes back with what they saw last hears of nothing twice.
    const again = await at(house, `/api/multimodal/jobs/${job.id}/events`, {
      'last-event-id': String(last?.id),
    })
    expect(await again.text()).toBe('')
    const result = await at(house, last?.job.result ?? '')
    expect([result.headers.get('content-type'), await result.text()]).toEqual([
      'application/x-subrip; charset=utf-8',
      '1\n00:00:00,000 --> 00:00:01,500\nAsk not.\n\n',
    ])
    const other = { authorization: 'Bearer other' }
    for (const [path, method] of [
      ['', 'GET'],
      ['/result', 'GET'],
      ['/events', 'GET'],
      ['', 'DELETE'],
    ] as const) {
      const told = await at(house, `/api/multimodal/jobs/${job.id}${path}`, other, method)
      expect([told.status, await told.json()]).toMatchObject([
        404,
        { error: { code: 'gateway.job_not_found' } },
      ])
    }
    expect(await jsonOf(at(house, '/api/multimodal/jobs', other))).toEqual({ items: [] })
    expect(await jsonOf(at(house, '/api/multimodal/jobs'))).toMatchObject({ items: [{ id: job.id }] })
    // What is kept is answered at once; what is done within the wait too.
    expect((await ask(house, 1, { headers: ASYNC })).status).toBe(200)
    const waited = await ask(house, 2, { headers: { prefer: 'respond-async, wait=30' } })
    expect([waited.status, await waited.json()]).toMatchObject([200, { text: 'Ask not.' }])
  }, 60_000)

  test('is stopped down to the engine, and forgotten', async () => {
    const hear = scripted<Transcript>(hang)
    const house = await openHouse(open, site, { stt: [stt(hear)] })
    const { id } = (await (await ask(house, 3, { headers: ASYNC })).json()) as Job
    await until(() => hear.calls.length === 1)
    const path = `/api/multimodal/jobs/${id}`
    const stopped = (await (await at(house, path, {}, 'DELETE')).json()) as Job
    expect(stopped).toMatchObject({ state: 'cancelled', finishedAt: expect.any(String) })
    await until(() => hear.calls[0]?.aborted === true)
    expect(await jsonOf(at(house, path))).toMatchObject({ state: 'cancelled' })
    await at(house, path, {}, 'DELETE')
    expect((await at(house, path)).status).toBe(404)
  }, 60_000)

  test('is taken up again by the next process, and its owner is told, signed, until it is taken', async () => {
    const held = scripted<Transcript>(hang)
    const first = await openHouse(open, site, { stt: [stt(held)] })
    const webhook = 'https://listener.test/hook'
    const { id } = (await (await ask(first, 4, { fields: { webhook }, headers: ASYNC })).json()) as Job
    await until(() => held.calls.length === 1)
    await first.close()
    const told: { headers: Record<string, string>; body: string }[] = []
    const house = await openHouse(open, site, {
      open: async (url, how) => {
        told.push({ headers: { ...how?.headers }, body: String(how?.body) })
        return { url, status: told.length < 2 ? 500 : 204, headers: {}, mime: '', bytes: new Uint8Array() }
      },
    })
    await until(() => told.length === 2)
    const { secret } = (await jsonOf(at(house, '/api/multimodal/webhook-secret'))) as { secret: string }
    const [{ body, headers } = { body: '', headers: {} as Record<string, string> }] = told
    expect(JSON.parse(body)).toMatchObject({ type: 'multimodal.job.done', data: { id, state: 'done' } })
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    )
    expect(told[1]?.headers['webhook-id']).toBe(headers['webhook-id'])
  }, 60_000)
})

describe('what is used', () => {
  test('is counted, held against budgets at once, and refused where it cannot be counted', async () => {
    const house = await openHouse(open, site, { who: WHO })
    const boss = { authorization: 'Bearer boss', 'content-type': 'application/json' }
    const budget = { kind: 'key', subject: 'key_limited', unit: 'seconds', period: 'day', amount: 4 }
    const put = (items: object[]) =>
      fetch(`${house.url}/api/multimodal/budgets`, {
        method: 'PUT',
        headers: boss,
        body: JSON.stringify({ items }),
      })
    expect((await put([budget])).status).toBe(200)
    const limited = { authorization: 'Bearer limited' }
    // Each takes 1.5 s: two of six fit into four, however they come.
    const answers = await Promise.all([11, 12, 13, 14].map((n) => ask(house, n, { headers: limited })))
    const refused = answers.filter(({ status }) => status === 429)
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429])
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused[0]?.json()).toMatchObject({ error: { code: 'gateway.budget_spent' } })
    // What is kept costs nothing, and others are not kept from theirs.
    const kept = [11, 12, 13, 14][answers.findIndex(({ status }) => status === 200)] ?? 0
    expect((await ask(house, kept, { headers: limited })).headers.get('x-cache')).toBe('hit')
    expect((await ask(house, 15)).status).toBe(200)
    expect(await jsonOf(at(house, '/api/multimodal/budgets', boss))).toEqual({
      items: [{ ...budget, used: 3 }],
    })
    const usage = (await jsonOf(at(house, '/api/multimodal/usage?by=key', boss))) as {
      items: { group: string }[]
    }
    const line = usage.items.find(({ group }) => group === 'key_limited')
    expect(line).toMatchObject({ unit: 'seconds', amount: 3, requests: 3, cached: 1 })
    expect((await at(house, '/api/multimodal/usage', limited)).status).toBe(403)
    const { sql } = await import('kysely')
    await sql`alter table gateway.budget rename to budget_away`.execute(site.db.kysely)
    expect((await ask(house, 16, { headers: limited })).status).toBe(500)
    await sql`alter table gateway.budget_away rename to budget`.execute(site.db.kysely)
  }, 60_000)
})
