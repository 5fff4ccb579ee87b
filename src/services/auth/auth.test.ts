import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuthCity,
  authCity,
  countRows as count,
  PASSWORD,
  type Resident,
} from '../../../test/kit/auth-city.ts'
import { Secret } from '../../kernel/secret.ts'
import { residentJoined } from './auth.events.ts'

const WELCOME = '/api/auth/welcome'
const SIGN_IN = '/api/auth/sign-in/email'
const ada = { email: 'Ada@Misto.example', password: PASSWORD, name: 'Ада' }

describe('the first account', () => {
  test('is made by the one-time token, once', async () => {
    await using city = await authCity()
    const joined: string[] = []
    city.events.consume({
      name: 'test.joined',
      db: city.database.kysely,
      types: [residentJoined],
      handle: async ({ data }) => void joined.push(data.principal.name),
    })
    expect((await city.ask('GET', '/api/auth/door')).body).toEqual({
      city: 'Тестове',
      owned: false,
      residents: 0,
      signUp: 'invitation',
      mail: false,
    })
    const token = (await city.auth.welcomeToken())?.reveal() ?? ''
    expect(token).toMatch(/^[\w-]{43}$/)

    const wrong = await city.ask('POST', WELCOME, { body: { ...ada, token: `${token}x` } })
    expect([wrong.status, wrong.body.error.code]).toEqual([403, 'auth.welcome_refused'])

    const made = await city.ask('POST', WELCOME, {
      body: { ...ada, token },
      headers: { 'accept-language': 'uk-UA,uk;q=0.9,en;q=0.8' },
    })
    expect(made.status).toBe(201)
    const { id } = made.body
    expect(made.body).toEqual({
      id: expect.stringMatching(/^person_/),
      kind: 'person',
      name: 'Ада',
      role: 'owner',
      email: 'ada@misto.example',
      locale: 'uk',
    })
    expect((await city.ask('GET', '/api/auth/me', { cookie: made.cookie })).body.id).toBe(id)
    expect(await city.auth.welcomeToken()).toBeNull()

    const again = await city.ask('POST', WELCOME, { body: { ...ada, token, email: 'eve@misto.example' } })
    expect([again.status, again.body.error.code]).toEqual([409, 'auth.welcome_used'])
    expect((await city.ask('GET', '/api/auth/door')).body).toMatchObject({ owned: true, residents: 1 })

    await city.events.start()
    await expect.poll(() => joined, { timeout: 5000 }).toEqual(['Ада'])
  })

  test('two that come at once make one owner', async () => {
    await using city = await authCity()
    const token = (await city.auth.welcomeToken())?.reveal() ?? ''
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        city.ask('POST', WELCOME, { body: { ...ada, token, name, email: `${name}@misto.example` } }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409])
    expect(await count(city, 'auth.principal')).toBe(1)
    expect(await count(city, 'auth.user')).toBe(1)
  })

  test('the token is the same after a restart, and another under another secret', async () => {
    await using city = await authCity()
    const token = (await city.auth.welcomeToken())?.reveal()
    expect((await city.again({}).welcomeToken())?.reveal()).toBe(token)
    const other = city.again({ secret: new Secret('another secret, as long as the first one was') })
    expect((await other.welcomeToken())?.reveal()).not.toBe(token)
    const stored = await sql<{ nonce: string }>`select nonce from auth.welcome`.execute(city.database.kysely)
    expect(stored.rows[0]?.nonce).not.toBe(token)
  })

  test('can be made unattended; the setting is ignored afterwards', async () => {
    const owner = { email: 'Boss@misto.example', password: new Secret(PASSWORD) }
    await using city = await authCity({ owner })
    expect(await city.auth.welcomeToken()).toBeNull()
    await city.auth.start?.()
    await city.again({ owner: { ...owner, email: 'second@misto.example' } }).start?.()
    expect(await count(city, 'auth.principal')).toBe(1)
    const signed = await city.ask('POST', SIGN_IN, {
      body: { email: 'boss@misto.example', password: PASSWORD },
    })
    expect(signed.body).toMatchObject({ name: 'Boss', role: 'owner' })
  })

  test.each([
    ['a short password', { password: 'nine char' }],
    ['no e-mail', { email: 'ada' }],
    ['a blank name', { name: '  ' }],
    ['no token', { token: undefined }],
  ])('is refused with %s', async (_what, fault) => {
    await using city = await authCity()
    const token = (await city.auth.welcomeToken())?.reveal()
    const answer = await city.ask('POST', WELCOME, { body: { ...ada, token, ...fault } })
    expect([answer.status, answer.body.error.code]).toEqual([400, 'input.invalid'])
    expect(await count(city, 'auth.principal')).toBe(0)
  })
})

describe('an owned city', () => {
  let city: AuthCity
  let owner: Resident
  beforeAll(async () => {
    city = await authCity({ limits: { perAccount: 1000, perAddress: 1000 } })
    owner = await city.owner()
  })
  afterAll(() => city[Symbol.asyncDispose]())

  test.each([
    ['a forged signature', (cookie: string) => cookie.replace(/\.[^.]*$/, `.${'A'.repeat(43)}%3D`)],
    ['no signature', (cookie: string) => cookie.slice(0, cookie.lastIndexOf('.'))],
    ['broken letters', () => 'daarion.session=%E0%A4%A'],
    ['nothing in it', () => 'daarion.session='],
  ])('refuses a cookie with %s', async (_what, spoil) => {
    const answer = await city.ask('GET', '/api/auth/me', { cookie: spoil(owner.cookie) })
    expect([answer.status, answer.body.error.kind]).toEqual([401, 'unauthenticated'])
  })

  test('agents are principals, made once and renamed', async () => {
    const made = await city.client.enrolAgent({ id: 'agent_daarwizz', name: 'DAARWIZZ' })
    expect(made).toEqual({ id: 'agent_daarwizz', kind: 'agent', name: 'DAARWIZZ', role: 'resident' })
    await city.client.enrolAgent({ id: 'agent_daarwizz', name: 'Дарвіз' })
    const { items } = await city.client.principals({ ids: ['agent_daarwizz', 'unknown', owner.id] })
    expect(items.map(({ name }) => name).sort()).toEqual(['owner', 'Дарвіз'].sort())
    await expect(city.client.enrolAgent({ id: owner.id, name: 'thief' })).rejects.toMatchObject({
      code: 'auth.id_taken',
    })
    const residents = await city.client.residents({}, { principal: owner })
    expect(residents.items.some(({ kind }) => kind !== 'person')).toBe(false)
  })

  test('residents come in pages, in the order they joined', async () => {
    for (const name of ['p1', 'p2', 'p3']) await city.resident(`${name}@misto.example`)
    const all = (await city.client.residents({}, { principal: owner })).items
    const paged: string[] = []
    let after: string | undefined
    do {
      const page = await city.client.residents({ limit: 2, ...(after && { after }) }, { principal: owner })
      expect(page.items.length).toBeLessThanOrEqual(2)
      paged.push(...page.items.map(({ id }) => id))
      after = page.next
    } while (after)
    expect(paged).toEqual(all.map(({ id }) => id))
    expect(all[0]?.id).toBe(owner.id)
  })

  test('whoever is disabled is nobody, by session, key and password', async () => {
    const gone = await city.resident('gone@misto.example')
    const { key } = await city.client.makeKey({ name: 'k' }, { principal: gone })
    await sql`update auth.principal set disabled_at = now() where id = ${gone.id}`.execute(
      city.database.kysely,
    )
    expect((await city.ask('GET', '/api/auth/me', { cookie: gone.cookie })).status).toBe(401)
    expect((await city.ask('GET', '/api/auth/keys', { bearer: key })).status).toBe(401)
    const body = { email: gone.email, password: PASSWORD }
    const answer = await city.ask('POST', SIGN_IN, { body })
    expect([answer.status, answer.body.error.code]).toEqual([401, 'auth.bad_credentials'])
  })

  test('the audit log takes entries and gives none back', async () => {
    const { id } = await city.client.makeKey({ name: 'brief' }, { principal: owner })
    await city.client.revokeKey({ key: id }, { principal: owner })
    const invited = await city.client.invite({}, { principal: owner })
    await city.client.revokeInvitation({ invitation: invited.id }, { principal: owner })
    const log = await sql<{ action: string }>`select distinct action from auth.audit`.execute(
      city.database.kysely,
    )
    expect(log.rows.map(({ action }) => action).sort()).toEqual([
      'agent.enrolled',
      'invitation.made',
      'invitation.revoked',
      'key.made',
      'key.revoked',
      'owner.made',
      'resident.made',
    ])
    for (const change of [
      sql`delete from auth.audit`,
      sql`update auth.audit set actor = null`,
      sql`truncate auth.audit`,
    ])
      await expect(change.execute(city.database.kysely)).rejects.toThrow('append-only')
  })
})
