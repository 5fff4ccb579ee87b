import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { peerVariable, SERVICES, type ServiceName } from '../src/config.ts'
import { connect } from '../src/kernel/client.ts'
import { multimodalGatewayContract } from '../src/services/multimodal-gateway/multimodal-gateway.contract.ts'
import { startCity, temporaryFolder } from './kit/city.ts'
import { freePort } from './kit/ports.ts'
import { scratchPostgres } from './kit/postgres.ts'
import { firstOwner, newcomer, type Resident, until } from './kit/resident.ts'

const { TEST_DATABASE_URL, TEST_NATS_URL, TEST_REDIS_URL, FIXTURES_DIR, MODELS_DIR } = process.env
const servers = TEST_DATABASE_URL && TEST_NATS_URL && TEST_REDIS_URL
const models = MODELS_DIR ? { MODELS_DIR } : {}

interface Shape extends AsyncDisposable {
  readonly urls: Readonly<Record<ServiceName, string>>
  readonly welcome: string | undefined
}

/** Every service in one process, on embedded parts. */
async function together(): Promise<Shape> {
  const folder = temporaryFolder()
  const city = await startCity({ DATA_DIR: folder.path, ...models })
  const urls = Object.fromEntries(SERVICES.map((service) => [service, city.url])) as Shape['urls']
  return {
    urls,
    welcome: city.welcome,
    async [Symbol.asyncDispose]() {
      await city.stop()
      folder[Symbol.dispose]()
    },
  }
}

/** Every service in a process of its own, over PostgreSQL, JetStream and Redis; each knows the others by address alone. */
async function apart(): Promise<Shape> {
  await using opened = new AsyncDisposableStackLike()
  const folder = temporaryFolder()
  opened.defer(() => folder[Symbol.dispose]())
  const database = await scratchPostgres(TEST_DATABASE_URL ?? '')
  opened.defer(() => database[Symbol.asyncDispose]())
  const ports = new Map<ServiceName, number>()
  for (const service of SERVICES) ports.set(service, await freePort())
  const at = (service: ServiceName) => `http://127.0.0.1:${ports.get(service)}`
  const shared = {
    DATA_DIR: folder.path,
    DATABASE_URL: database.url.reveal(),
    NATS_URL: TEST_NATS_URL ?? '',
    REDIS_URL: TEST_REDIS_URL ?? '',
    CITY_SPACE: `apart_${process.pid}_${Date.now()}`,
    CITY_SECRET: 'a secret of thirty-two characters or more',
    ...models,
  }
  const cities = await Promise.all(
    SERVICES.map(async (service) => {
      const peers = SERVICES.filter((peer) => peer !== service).map((peer) => [peerVariable(peer), at(peer)])
      const city = await startCity(
        { ...shared, ...Object.fromEntries(peers), RUN: service, PORT: String(ports.get(service)) },
        120_000,
      )
      opened.defer(() => city.stop())
      return city
    }),
  )
  const urls = Object.fromEntries(SERVICES.map((service) => [service, at(service)])) as Shape['urls']
  const welcome = cities.find((city) => city.welcome)?.welcome
  const held = opened.move()
  return { urls, welcome, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() }
}

const connectedTo = (url: string, { authorization }: Resident) =>
  connect(url, multimodalGatewayContract, { authorize: () => ({ authorization }) })

/** What Node 20 lacks of AsyncDisposableStack, as far as this file needs it. */
class AsyncDisposableStackLike implements AsyncDisposable {
  #closers: (() => unknown)[] = []
  defer(close: () => unknown): void {
    this.#closers.push(close)
  }
  move(): AsyncDisposableStackLike {
    const moved = new AsyncDisposableStackLike()
    moved.#closers = this.#closers.splice(0)
    return moved
  }
  async [Symbol.asyncDispose](): Promise<void> {
    // Services end at once: one that waits for a peer gone before it would wait out its deadline.
    const closers = this.#closers.splice(0).reverse()
    const services = closers.slice(0, -2)
    await Promise.all(services.map((close) => close()))
    for (const close of closers.slice(-2)) await close()
  }
}

describe.each([
  ['in one process', together, true],
  ['each service in a process of its own', apart, Boolean(servers)],
] as const)('the city %s', (_name, start, can) => {
  describe.skipIf(!can)('walks', () => {
    let shape: Shape
    let owner: Resident
    beforeAll(async () => {
      shape = await start()
      owner = await firstOwner({ urls: shape.urls, welcome: shape.welcome })
    }, 180_000)
    afterAll(async () => {
      await shape?.[Symbol.asyncDispose]()
    }, 60_000)

    test('a text that calls the agent is answered in the room, by one message', async () => {
      await owner.say('square', 'Воду вимкнуть у суботу з 9:00 до 13:00.')
      const asked = await owner.say('square', '@daarwizz коли вимкнуть воду?')
      const answer = await owner.answer('square', asked.id)
      expect(answer.text).toContain('суботу')
      expect(answer.engine).toMatch(/librarian/)
      const settled = await owner.settled('square', asked.id)
      expect(settled.runs).toMatchObject([{ agent: 'daarwizz', state: 'done' }])
      const run = await owner.agents.run({ run: settled.runs[0]?.id ?? '' })
      expect(run.steps.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['retrieve', 'model']))
    })

    test('the same send again is the same message; another body under its id is refused', async () => {
      const first = await owner.send('square', { clientId: 'once', text: 'раз' })
      const again = await owner.send('square', { clientId: 'once', text: 'раз' })
      const other = await owner.send('square', { clientId: 'once', text: 'два' })
      expect([first.status, again.status, other.status]).toEqual([201, 200, 409])
      expect((again.body as { id: string }).id).toBe((first.body as { id: string }).id)
    })

    test('a room one may not see answers like one that is not there', async () => {
      const stranger = await newcomer(owner, 'Марта')
      const secret = await owner.city.openRoom({ name: 'Правління' })
      const told = async (room: string) =>
        stranger.city.room({ room }).then(
          () => 'seen',
          (error: { toJSON(): object }) => JSON.stringify(error.toJSON()),
        )
      expect(await told(secret.id)).toBe(await told('room_00000000000000000000000000'))
      await expect(stranger.city.messages({ room: secret.id })).rejects.toMatchObject({ kind: 'not_found' })
      await expect(
        stranger.knowledge.search({ query: 'рішення', rooms: [secret.id] }).then(({ items }) => items),
      ).resolves.toEqual([])
    })

    test('everybody has a room of their own, where everything is answered', async () => {
      const room = await owner.ownRoom()
      const asked = await owner.say(room, 'Привіт!')
      expect((await owner.answer(room, asked.id)).author).toMatchObject({ kind: 'agent', name: 'DAARWIZZ' })
    })

    /** How every service and an open socket answer somebody, and how long it takes until all of them answer otherwise: measured here, on whatever machine this runs. */
    const toldOf = (ask: () => Promise<unknown>) =>
      ask().then(
        () => 'let in',
        (error: { code: string }) => error.code,
      )
    const everywhereTells = (resident: Resident) =>
      Promise.all(
        [
          () => resident.auth.me({}),
          () => resident.city.rooms({}),
          () => resident.agents.agents({}),
          () => resident.knowledge.search({ query: 'вода', rooms: ['square'] }),
          () => connectedTo(shape.urls['multimodal-gateway'], resident).engines({}),
        ].map(toldOf),
      )
    async function untilRefused(what: string, resident: Resident, act: () => Promise<unknown>) {
      const line = new WebSocket(new URL('/api/city/live', shape.urls.city.replace('http', 'ws')), {
        headers: { authorization: resident.authorization },
      })
      const closed = new Promise<number>((resolve) => line.on('close', () => resolve(performance.now())))
      await new Promise((resolve, reject) => line.once('open', resolve).once('error', reject))
      expect(await everywhereTells(resident)).toEqual(Array(5).fill('let in'))
      await act()
      const since = performance.now()
      await until(
        () => everywhereTells(resident),
        (told) => told.every((code) => code === 'auth.bad_credential'),
        `${what} to be refused everywhere`,
        20_000,
      )
      const refusedMs = Math.round(performance.now() - since)
      const closedMs = Math.round((await closed) - since)
      console.info(
        `${what}: refused by every service after ${refusedMs} ms, its socket closed after ${closedMs} ms`,
      )
    }

    test('a revoked key, an ended session and a ban are refused by every service, on open sockets too', async () => {
      const byKey = await newcomer(owner, 'Тарас')
      const { items } = await byKey.auth.keys({})
      await untilRefused('a key', byKey, () => byKey.auth.revokeKey({ key: items[0]?.id ?? '' }))

      const email = `${crypto.randomUUID()}@city.test`
      const account = { email, password: 'a long enough password', name: 'Марія' }
      const { code } = await owner.auth.invite({})
      const headers = { 'content-type': 'application/json' }
      const joined = await fetch(new URL('/api/auth/sign-up', shape.urls.auth), {
        ...{ method: 'POST', headers },
        body: JSON.stringify({ code, ...account }),
      })
      const cookie = joined.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      const asks = ['auth', 'city', 'agents'] as const
      const paths = { auth: '/api/auth/me', city: '/api/city/rooms', agents: '/api/agents' }
      const statuses = () =>
        Promise.all(
          asks.map(
            async (name) =>
              (await fetch(new URL(paths[name], shape.urls[name]), { headers: { cookie } })).status,
          ),
        )
      expect(await statuses()).toEqual([200, 200, 200])
      const out = await fetch(new URL('/api/auth/sign-out', shape.urls.auth), {
        ...{ method: 'POST', body: '{}' },
        headers: { ...headers, cookie },
      })
      expect(out.status).toBe(200)
      const since = performance.now()
      await until(statuses, (all) => all.every((status) => status === 401), 'the session to be over', 20_000)
      console.info(`a session: refused by every service after ${Math.round(performance.now() - since)} ms`)

      const banned = await newcomer(owner, 'Назар')
      const { id: principal } = await banned.auth.me({})
      const disabled = { principal, disabled: true, reason: 'перевірка' }
      await untilRefused('a person', banned, () => owner.auth.changeResident(disabled))
    }, 120_000)

    test('a role and a ban bite everywhere at once, on open sockets too', async () => {
      const resident = await newcomer(owner, 'Богдан')
      const { id: principal } = await resident.auth.me({})
      const line = new WebSocket(new URL('/api/city/live', shape.urls.city.replace('http', 'ws')), {
        headers: { authorization: resident.authorization },
      })
      const closed = new Promise<number>((resolve) => line.on('close', resolve))
      await new Promise((resolve, reject) => line.once('open', resolve).once('error', reject))
      const operates = () => toldOf(() => connectedTo(shape.urls['multimodal-gateway'], resident).models({}))
      expect(await operates()).toBe('auth.forbidden')
      await owner.auth.changeResident({ principal, role: 'admin' })
      await until(operates, (told) => told === 'let in', 'the new role to count', 20_000)
      // What they came in as is over: the socket is told to come back.
      expect(await closed).toBe(1012)
      const room = (await owner.city.openRoom({ name: 'Рада' })).id
      const member = await newcomer(owner, 'Ганна')
      const { id: subject } = await member.auth.me({})
      await owner.city.addMember({ room, principal: subject })
      await until(
        async () => (await owner.auth.audit({ subject })).items.map(({ action }) => action),
        (actions) => actions.includes('room.member'),
        'the city’s change to stand in the audit log',
      )
    }, 60_000)

    describe.skipIf(!FIXTURES_DIR || !MODELS_DIR)('with real recordings, images and documents', () => {
      test('a photo is read, a voice note heard, a document taken in and cited at its page', async () => {
        const fixture = (path: string) => join(FIXTURES_DIR ?? '', path)
        const voice = await owner.post('square', 'audio', fixture('speech/en-jfk.ogg'))
        const photo = await owner.post('square', 'image', fixture('images/uk-notice.jpg'))
        const paper = await owner.post('square', 'file', fixture('documents/tracemonkey.pdf'))
        const [heard, read, taken] = await Promise.all(
          [voice, photo, paper].map(({ id }) => owner.settled('square', id, 180_000)),
        )
        expect(heard?.parts[0]?.transcript).toMatchObject({ language: 'en', speech: true })
        expect(heard?.parts[0]?.transcript?.text.toLowerCase()).toContain('ask not what your country')
        expect(read?.parts[0]?.ocr?.text).toContain('не буде води')
        expect(taken?.parts[0]?.document?.pages).toEqual({ read: 14, ocr: 0, empty: 0, failed: 0, total: 14 })
        const asked = await owner.say('square', '@daarwizz what are trace trees?')
        const { citations = [] } = await owner.answer('square', asked.id)
        const cited = citations.find(({ document }) => document === taken?.parts[0]?.document?.id)
        expect(cited?.page).toBeGreaterThan(0)
        const page = await owner.knowledge.page({ document: cited?.document ?? '', page: cited?.page ?? 0 })
        expect(page.text.replace(/\s+/g, ' ')).toContain(cited?.quote.replace(/\s+/g, ' ').slice(0, 60))
      }, 240_000)
    })
  })
})
