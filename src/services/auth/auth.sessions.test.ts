import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuthCity,
  authCity,
  countRows as count,
  PASSWORD,
  type Resident,
} from '../../../test/kit/auth-city.ts'
import { credentialRevoked } from './auth.events.ts'

const DAY_MS = 24 * 3600 * 1000
const WELCOME = '/api/auth/welcome'
const SIGN_IN = '/api/auth/sign-in/email'
const ada = { email: 'Ada@Misto.example', password: PASSWORD, name: 'Ада' }

describe('sessions', () => {
  let city: AuthCity
  let owner: Resident
  beforeAll(async () => {
    city = await authCity({ limits: { perAccount: 1000, perAddress: 1000 } })
    owner = await city.owner()
  })
  afterAll(() => city[Symbol.asyncDispose]())

  test('signs in by whatever case the e-mail is written in', async () => {
    const body = { email: ' OWNER@misto.example ', password: PASSWORD }
    const answer = await city.ask('POST', SIGN_IN, { body })
    expect(answer.status).toBe(200)
    expect(answer.body.id).toBe(owner.id)
    expect(answer.headers['set-cookie']).toMatch(
      /^daarion\.session=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test('does not tell a wrong password from an unknown e-mail', async () => {
    const asks = [
      { email: owner.email, password: 'wrong horse battery' },
      { email: 'nobody@misto.example', password: PASSWORD },
      { email: 'not an e-mail', password: PASSWORD },
      { email: owner.email, password: '' },
    ]
    for (const body of asks) {
      const answer = await city.ask('POST', SIGN_IN, { body })
      expect(answer.status).toBe(401)
      expect(answer.cookie).toBe('')
      expect(answer.body).toEqual({
        error: {
          kind: 'unauthenticated',
          code: 'auth.bad_credentials',
          message: 'The e-mail or the password is wrong.',
        },
      })
    }
  })

  test('a signed-out session is gone at once, for every socket too', async () => {
    const { cookie } = await city.ask('POST', SIGN_IN, { body: { email: owner.email, password: PASSWORD } })
    expect((await city.ask('GET', '/api/auth/me', { cookie })).status).toBe(200)
    const heard: unknown[] = []
    const deaf = city.events.listen(credentialRevoked, (data) => heard.push(data))
    const out = await city.ask('POST', '/api/auth/sign-out', { body: {}, cookie })
    expect(out.headers['set-cookie']).toBe('daarion.session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax')
    const after = await city.ask('GET', '/api/auth/me', { cookie })
    expect([after.status, after.body.error.code]).toEqual([401, 'auth.bad_credential'])
    await expect
      .poll(() => heard)
      .toEqual([{ principal: owner.id, type: 'session', id: expect.stringMatching(/^session_/) }])
    deaf()
    expect((await city.ask('POST', '/api/auth/sign-out', { body: {}, cookie })).body).toEqual({ done: true })
    expect((await city.ask('GET', '/api/auth/me', { cookie: owner.cookie })).status).toBe(200)
  })

  test('asks nobody in without a credential', async () => {
    for (const ask of [{}, { cookie: 'theme=dark; other.session=1' }]) {
      const answer = await city.ask('GET', '/api/auth/me', ask)
      expect([answer.status, answer.body.error.code]).toEqual([401, 'auth.required'])
    }
  })

  test('refuses what another site sends, whatever cookie comes with it', async () => {
    const from = (origin: string) =>
      city.ask('POST', '/api/auth/keys', {
        body: { name: 'mine' },
        cookie: owner.cookie,
        headers: { origin },
      })
    expect((await from('https://evil.example')).status).toBe(403)
    expect((await from('http://localhost:7400')).status).toBe(201)
  })
})
describe('sessions in time', () => {
  test('last thirty days from the last visit', async () => {
    await using city = await authCity()
    const { cookie } = await city.owner()
    const me = () => city.ask('GET', '/api/auth/me', { cookie })
    expect((await me()).cookie).toBe('')
    await city.clock.advance(2 * DAY_MS)
    const renewed = await me()
    expect(renewed.cookie).toBe(cookie)
    expect(renewed.headers['set-cookie']).toContain('Max-Age=2592000')
    await city.clock.advance(29 * DAY_MS)
    expect((await me()).status).toBe(200)
    await city.clock.advance(30 * DAY_MS)
    expect((await me()).status).toBe(401)
    expect(await count(city, 'auth.session')).toBe(1)
    await city.again({}).start?.()
    expect(await count(city, 'auth.session')).toBe(0)
  })

  test('over https the cookie is Secure and says so in its name', async () => {
    await using city = await authCity({ publicUrl: 'https://misto.example' })
    const { cookie } = await city.owner()
    expect(cookie).toMatch(/^__Secure-daarion\.session=/)
    const signed = await city.ask('POST', SIGN_IN, {
      body: { email: 'owner@misto.example', password: PASSWORD },
    })
    expect(signed.headers['set-cookie']).toMatch(/; HttpOnly; (Secure; SameSite=Lax|SameSite=Lax; Secure)$/)
    expect((await city.ask('GET', '/api/auth/me', { cookie: signed.cookie })).status).toBe(200)
  })
})

describe('guessing', () => {
  test('is slowed for an account, also from many addresses and all at once', async () => {
    await using city = await authCity({ limits: { perAccount: 3, perAddress: 100 } })
    const owner = await city.owner()
    const guess = (password: string, i: number) =>
      city.ask('POST', SIGN_IN, { body: { email: owner.email, password }, address: `10.0.1.${i}` })
    const answers = await Promise.all([1, 2, 3, 4, 5].map((i) => guess('wrong horse battery', i)))
    expect(answers.map(({ status }) => status).sort()).toEqual([401, 401, 401, 429, 429])
    const right = await guess(PASSWORD, 6)
    expect([right.status, right.body.error.code, right.cookie]).toEqual([429, 'auth.throttled', ''])
    expect(Number(right.headers['retry-after'])).toBe(60)
    expect(right.body.error.params).toEqual({ seconds: 60 })
    await city.clock.advance(60_000)
    expect((await guess(PASSWORD, 7)).status).toBe(200)
    for (let i = 0; i < 5; i++) expect((await guess(PASSWORD, 8)).status).toBe(200)
  })

  test('is slowed for an address, at every door', async () => {
    await using city = await authCity({ limits: { perAccount: 100, perAddress: 3 } })
    const body = { ...ada, token: 'wrong', code: 'wrong' }
    const statuses: number[] = []
    for (const url of [WELCOME, '/api/auth/sign-up', SIGN_IN, WELCOME, SIGN_IN])
      statuses.push((await city.ask('POST', url, { body })).status)
    expect(statuses).toEqual([403, 403, 401, 429, 429])
    expect((await city.ask('POST', SIGN_IN, { body, address: '10.0.0.2' })).status).toBe(401)
  })
})
