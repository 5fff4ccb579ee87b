import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { openTestCity, people, type Someone, type TestCity } from '../../../../test/kit/city-service.ts'
import { type HandClock, handClock } from '../../../../test/kit/clock.ts'
import { eventually } from '../../../../test/kit/eventually.ts'
import { type PushServer, startPushServer } from '../../../../test/kit/push-server.ts'
import { AppError } from '../../../kernel/errors.ts'
import { Secret } from '../../../kernel/secret.ts'
import { createSafeFetch } from '../../../platform/fetch/fetch.ts'
import { runFinished } from '../../agents/agents.events.ts'
import { credentialRevoked } from '../../auth/auth.events.ts'
import { digestReady } from '../city.events.ts'
import type { CityTables } from '../city.tables.ts'
import { roomEvent } from '../live/channels.ts'

const MINUTE_MS = 60_000

describe('notifications', () => {
  let city: TestCity
  let pushes: PushServer
  let clock: HandClock
  let n = 0
  const digests: { principal: string; rooms: { name: string; unread: number }[] }[] = []
  const secret = new Secret('a secret of at least thirty-two letters')

  beforeAll(async () => {
    pushes = await startPushServer()
    // Five minutes before the morning of a digest.
    clock = handClock(Date.UTC(2026, 4, 1, 7, 55))
    const send = createSafeFetch({ internal: [pushes.url] })
    city = await openTestCity({
      clock,
      before: ({ events, db }) =>
        events.consume<CityTables, typeof digestReady>({
          name: 'test.digest',
          db,
          types: [digestReady],
          handle: async ({ data }) => void digests.push(data),
        }),
      push: { secret, send, contact: 'mailto:city@example.org' },
    })
  })
  afterAll(async () => {
    // Whoever sleeps by the clock wakes up to see that it is over.
    const turning = setInterval(() => void clock.advance(3_000), 20)
    await city?.[Symbol.asyncDispose]()
    clearInterval(turning)
    await pushes?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    pushes.woken.length = 0
    pushes.asked.count = 0
    pushes.status = 201
    for (const who of ['olena', 'taras', 'iryna'] as const) {
      await city.as(who).unsubscribePush({})
      await city.as(who).readNotifications({})
      await city.as(who).changeNotificationSettings({
        level: 'mentions',
        quiet: null,
        doNotDisturbUntil: null,
        words: false,
        push: true,
      })
    }
  })

  /** Turns the clock until something holds. */
  const soon = async (check: () => unknown, step = 500) =>
    await eventually(async () => {
      await clock.advance(step)
      await check()
    })
  const room = async (...members: Someone[]) => {
    const { id } = await city.as('olena').openRoom({ name: `Рада ${++n}`, visibility: 'private' })
    for (const who of members)
      await city.as('olena').setMember({ room: id, principal: people[who].id, role: 'member' })
    return id
  }
  const say = async (who: Someone, id: string, text: string, more: object = {}) =>
    await city.as(who).post({ room: id, clientId: `c${++n}`, text, ...more })
  const told = async (who: Someone, id: string) =>
    (await city.as(who).notifications({ limit: 100 })).items.filter((item) => item.room.id === id)
  const kinds = async (who: Someone, id: string) => (await told(who, id)).map(({ kind }) => kind)
  /** Resolves when everything that was said in a room was looked through. */
  const through = async (id: string) =>
    await soon(async () => {
      const { seq } = await city.as('olena').room({ room: id })
      const mark = await city.db
        .selectFrom('city.notify_mark')
        .select('seq')
        .where('room', '=', id)
        .executeTakeFirst()
      expect(Number(mark?.seq)).toBe(seq)
    })

  /** Events on their way; the next mornings of digests are among them. */
  const waiting = async () => {
    const { outbox, pending } = await city.events.state()
    return outbox + pending
  }

  it('come together in the morning, as long as they are wanted', async () => {
    const id = await room('taras', 'iryna')
    await city.as('taras').changeNotificationSettings({ digest: 'weekly', zone: 'UTC' })
    await city.as('taras').changeNotificationSettings({ digest: 'daily' })
    await city.as('iryna').changeNotificationSettings({ digest: 'daily' })
    await city.as('iryna').changeNotificationSettings({ digest: 'off' })
    await say('olena', id, '@room раз')
    await say('olena', id, '@Тарас два')
    await through(id)
    expect(new Date(clock.now()).toISOString() < '2026-05-01T08:00').toBe(true)
    expect(digests).toEqual([])
    await soon(() => expect(digests).toHaveLength(1), 30_000)
    const { name } = await city.as('olena').room({ room: id })
    expect(digests).toEqual([{ principal: people.taras.id, rooms: [{ name, unread: 2 }] }])
    await city.as('taras').changeNotificationSettings({ digest: 'off' })
  })

  it('tell of what is meant for one, once, and never of one’s own', async () => {
    const id = await room('taras', 'iryna')
    const first = await say('olena', id, 'Збори о шостій, @Тарас')
    await say('taras', id, 'Буду', { replyTo: first.id })
    await say('olena', id, 'Просто слово')
    await say('iryna', id, '@room хто візьме ключі?')
    await say('taras', id, '@Тарас @Олена', { replyTo: first.id })
    await through(id)
    expect(await kinds('taras', id)).toEqual(['room', 'mention'])
    expect(await kinds('olena', id)).toEqual(['mention', 'room', 'reply'])
    expect(await kinds('iryna', id)).toEqual([])
    const [, mine] = await told('taras', id)
    expect(mine).toMatchObject({ message: first.id, text: 'Збори о шостій, @Тарас', read: false })
    // The log is gone through again, as after a crash: nothing is told twice.
    await city.db.updateTable('city.notify_mark').set({ seq: 0 }).where('room', '=', id).execute()
    city.events.broadcast(roomEvent, { room: id, seq: 5 })
    await through(id)
    expect(await kinds('olena', id)).toEqual(['mention', 'room', 'reply'])
  })

  it('tell whom an edit calls, once, also where they read it as it was', async () => {
    const id = await room('taras', 'iryna')
    const said = await city.as('olena').post({ room: id, clientId: `edit${n++}`, text: 'Хто прийде?' })
    await city.as('taras').read({ room: id, seq: said.seq })
    await city.as('olena').edit({ message: said.id, text: 'Хто прийде? @Тарас' })
    const told = async (who: Someone) =>
      (await city.as(who).notifications({})).items.filter(({ message }) => message === said.id)
    await soon(async () => expect(await told('taras')).toMatchObject([{ kind: 'mention' }]))
    await city.as('olena').edit({ message: said.id, text: 'Хто ж прийде? @Тарас @Олена' })
    await city.as('olena').edit({ message: said.id, text: 'Хто прийде? @Тарас @Ірина' })
    await soon(async () => expect(await told('iryna')).toHaveLength(1))
    expect(await told('taras')).toHaveLength(1)
    expect(await told('olena')).toEqual([])
  })

  it('keep to the level of the person and of the room', async () => {
    const id = await room('taras', 'iryna')
    await city.as('taras').changeNotificationSettings({ level: 'all' })
    await city.as('iryna').changeNotificationSettings({ level: 'none' })
    await say('olena', id, 'Просто слово')
    await say('olena', id, 'Ірино! @Ірина')
    await through(id)
    expect(await kinds('taras', id)).toEqual(['message', 'message'])
    expect(await kinds('iryna', id)).toEqual([])
    await city.as('taras').preferRoom({ room: id, notify: 'mentions' })
    await say('olena', id, 'Ще слово')
    await say('olena', id, 'А це для @Тарас')
    await through(id)
    expect(await kinds('taras', id)).toEqual(['mention', 'message', 'message'])
    await city.as('taras').preferRoom({ room: id, notify: 'none' })
    await say('olena', id, '@Тарас ти де')
    await through(id)
    expect(await kinds('taras', id)).toHaveLength(3)
    const direct = await city.as('olena').openTalk({ people: [people.taras.id] })
    await say('olena', direct.id, 'Лише тобі')
    await through(direct.id)
    expect(await kinds('taras', direct.id)).toEqual(['direct'])
  })

  it('tell of an agent’s answer', async () => {
    const id = await room('taras')
    const asked = await say('taras', id, '@daarwizz котра година?')
    const run = asked.runs[0]?.id ?? ''
    await city.db.transaction().execute((tx) =>
      city.events.append(tx, {
        type: runFinished,
        principal: null,
        data: {
          run,
          room: id,
          message: asked.id,
          agent: { id: 'agent_daarwizz', slug: 'daarwizz', name: 'DAARWIZZ' },
          state: 'done',
          text: 'Опівдні.',
          citations: [],
          engine: 'fake',
        } as never,
      }),
    )
    await soon(async () => expect(await kinds('taras', id)).toEqual(['answer']))
  })

  it('count what was seen where it was said as seen, and reach every open page', async () => {
    const id = await room('taras')
    const socket = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, {
      headers: { authorization: 'Bearer taras' },
    })
    const heard: { type: string; unread?: number }[] = []
    socket.on('message', (data) => heard.push(JSON.parse(String(data))))
    await new Promise((open) => socket.once('open', open))
    const bell = () => heard.filter(({ type }) => type === 'notifications').map(({ unread }) => unread)
    const first = await say('olena', id, '@Тарас раз')
    const second = await say('olena', id, '@Тарас два')
    await soon(() => expect(bell().at(-1)).toBe(2))
    await city.as('taras').read({ room: id, seq: first.seq })
    expect((await city.as('taras').notifications({})).unread).toBe(1)
    const [last] = await told('taras', id)
    expect(last).toMatchObject({ message: second.id, read: false })
    expect(await city.as('iryna').readNotifications({ ids: [last?.id ?? ''] })).toEqual({ unread: 0 })
    expect((await city.as('taras').notifications({})).unread).toBe(1)
    expect(await city.as('taras').readNotifications({ ids: [last?.id ?? ''] })).toEqual({ unread: 0 })
    await soon(() => expect(bell().at(-1)).toBe(0))
    // Who has the room before their eyes is told nothing.
    socket.send(JSON.stringify({ type: 'presence', state: 'here', room: id }))
    await soon(async () => {
      const { people: here } = await city.as('olena').presence({ principals: [people.taras.id] })
      expect(here).toContainEqual({ principal: people.taras.id, state: 'here' })
    }, 1_000)
    await say('olena', id, '@Тарас три')
    await through(id)
    expect(await told('taras', id)).toHaveLength(2)
    socket.terminate()
  })

  it('wake a browser, without words unless they are wanted', async () => {
    const id = await room('taras')
    await city.as('taras').subscribePush({ ...pushes.browser('/t1'), locale: 'uk' })
    await say('olena', id, 'Ключ під килимом, @Тарас')
    await soon(() => expect(pushes.woken).toHaveLength(1))
    const [first] = pushes.woken
    expect(first?.payload).toMatchObject({
      title: expect.stringMatching(/^Вас згадали: Рада/),
      body: '',
      lang: 'uk',
    })
    expect(JSON.stringify(first?.payload)).not.toMatch(/килим|Олена/)
    expect(first?.headers).toMatchObject({ ttl: '43200', 'content-encoding': 'aes128gcm' })
    const token = /t=([^,]+)/.exec(String(first?.headers.authorization))?.[1]?.split('.')[1] ?? ''
    expect(JSON.parse(Buffer.from(token, 'base64url').toString())).toMatchObject({
      aud: pushes.url,
      sub: 'mailto:city@example.org',
    })
    await city.as('taras').changeNotificationSettings({ words: true })
    await say('olena', id, 'Другий ключ, @Тарас')
    await soon(() => expect(pushes.woken).toHaveLength(2))
    expect(pushes.woken[1]?.payload.body).toBe('Другий ключ, @Тарас')
    // The private key is nowhere in the open.
    const kept = await city.db.selectFrom('city.push_key').selectAll().executeTakeFirstOrThrow()
    expect(kept.public_key).toBe((await city.as('taras').push({})).key)
    expect(Buffer.from(kept.private_key, 'base64url').length).toBeGreaterThan(32 + 16)
  })

  it('let a browser sleep once what it came in by has ended, heard or not', async () => {
    const id = await room('taras')
    const subscribe = (path: string, headers: Record<string, string>) =>
      fetch(`${city.url}/api/city/push`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(pushes.browser(path)),
      })
    const left = async () =>
      (await city.db.selectFrom('city.push_subscription').select('credential').execute()).map(
        (row) => row.credential,
      )
    const by = { authorization: 'Bearer taras' }
    expect((await subscribe('/k1', by)).status).toBe(200)
    expect(await left()).toEqual(['cred_taras'])
    const gone = { principal: 'p_taras', type: 'session' as const }
    city.events.broadcast(credentialRevoked, { ...gone, id: 'another' })
    city.events.broadcast(credentialRevoked, { ...gone, type: 'role' })
    await say('olena', id, '@Тарас')
    await soon(() => expect(pushes.woken).toHaveLength(1))
    city.events.broadcast(credentialRevoked, { ...gone, id: 'cred_taras' })
    await soon(async () => expect(await left()).toEqual([]))
    expect((await subscribe('/k2', by)).status).toBe(200)
    city.ended.add('cred_taras')
    await say('olena', id, '@Тарас ще раз')
    await soon(async () => expect(await left()).toEqual([]))
    city.ended.clear()
    expect(pushes.woken).toHaveLength(1)
    expect((await subscribe('/k3', {})).status).toBe(401)
  })

  it('try again where a push service is away, and forget a browser that is gone', async () => {
    const id = await room('taras')
    await city.as('taras').subscribePush(pushes.browser('/t2'))
    pushes.status = 503
    await say('olena', id, '@Тарас')
    await soon(() => expect(pushes.asked.count).toBeGreaterThan(1), 5_000)
    pushes.status = 201
    await soon(() => expect(pushes.woken).toHaveLength(1), 5_000)
    pushes.status = 410
    await say('olena', id, '@Тарас')
    const left = async () =>
      (await city.db.selectFrom('city.push_subscription').select('id').execute()).length
    await soon(async () => expect(await left()).toBe(0))
    expect(await city.events.dead(10)).toEqual([])
  })

  it('wait for the morning, and then tell the newest of each room', async () => {
    const before = await waiting()
    const id = await room('taras')
    await city.as('taras').subscribePush(pushes.browser('/t3'))
    const time = (ms: number) => new Date(ms).toISOString().slice(11, 16)
    const morning = clock.now() + 10 * MINUTE_MS
    const quiet = { from: time(clock.now()), to: time(morning), zone: 'UTC' }
    await city.as('taras').changeNotificationSettings({ quiet })
    await say('olena', id, '@Тарас раз')
    const last = await say('olena', id, '@Тарас два')
    await through(id)
    expect(await told('taras', id)).toHaveLength(2)
    await clock.advance(5 * MINUTE_MS)
    await through(id)
    expect(pushes.asked.count).toBe(0)
    await soon(() => expect(pushes.woken).toHaveLength(1), MINUTE_MS)
    expect(clock.now()).toBeGreaterThanOrEqual(morning - MINUTE_MS)
    await soon(async () => expect(await waiting()).toBe(before))
    expect(pushes.woken.map(({ payload }) => payload.url)).toEqual([
      expect.stringContaining(`message=${last.id}`),
    ])
  })

  it('tell nothing of a room that was lost meanwhile', async () => {
    const before = await waiting()
    const id = await room('taras', 'iryna')
    await city.as('taras').subscribePush(pushes.browser('/t4'))
    await city.as('iryna').subscribePush(pushes.browser('/i4'))
    const doNotDisturbUntil = new Date(clock.now() + 5 * MINUTE_MS).toISOString()
    for (const who of ['taras', 'iryna'] as const)
      await city.as(who).changeNotificationSettings({ doNotDisturbUntil })
    await say('olena', id, '@room таємниця')
    await through(id)
    expect(await told('taras', id)).toHaveLength(1)
    await city.as('olena').leave({ room: id, principal: people.taras.id })
    expect(await told('taras', id)).toEqual([])
    expect((await city.as('taras').notifications({})).unread).toBe(0)
    await soon(() => expect(pushes.woken).toHaveLength(1), MINUTE_MS)
    await soon(async () => expect(await waiting()).toBe(before))
    expect(pushes.woken.map(({ path }) => path)).toEqual(['/i4'])
  })

  it('refuse what no browser would send, and keep ten of them', async () => {
    const good = pushes.browser('/x')
    const refused = async (body: object) =>
      await city
        .as('taras')
        .subscribePush(body as typeof good)
        .then(
          () => 'taken',
          (failure) => AppError.from(failure).code,
        )
    expect(await refused({ ...good, endpoint: 'file:///etc/passwd' })).toBe('city.push_invalid')
    expect(await refused({ ...good, keys: { ...good.keys, p256dh: good.keys.auth } })).toBe(
      'city.push_invalid',
    )
    const off = Buffer.alloc(65, 4).toString('base64url')
    expect(await refused({ ...good, keys: { ...good.keys, p256dh: off } })).toBe('city.push_invalid')
    expect(await refused(good)).toBe('taken')
    const thief = { ...good, keys: pushes.browser('/thief').keys }
    const stolen = await city
      .as('iryna')
      .subscribePush(thief)
      .catch((failure) => AppError.from(failure).code)
    expect(stolen).toBe('city.push_taken')
    for (let i = 0; i < 12; i++) await city.as('taras').subscribePush(pushes.browser(`/many${i}`))
    const kept = await city.db
      .selectFrom('city.push_subscription')
      .select('endpoint')
      .where('principal', '=', people.taras.id)
      .execute()
    expect(kept).toHaveLength(10)
    expect(kept.map(({ endpoint }) => endpoint)).not.toContain(good.endpoint)
    const zone = { quiet: { from: '22:00', to: '07:00', zone: 'Mars/Olympus' } }
    const answer = await city
      .as('taras')
      .changeNotificationSettings(zone)
      .catch((failure) => AppError.from(failure).code)
    expect(answer).toBe('input.invalid')
  })
})
