import { sql } from 'kysely'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthCity, authCity, PASSWORD, type Resident } from '../../../test/kit/auth-city.ts'
import { handClock } from '../../../test/kit/clock.ts'
import { scratchPostgres } from '../../../test/kit/postgres.ts'
import { migrateUp } from '../../platform/database/migrate.ts'
import { openPostgres } from '../../platform/database/postgres.ts'
import { credentialRevoked } from './auth.events.ts'
import type { AuthTables } from './auth.tables.ts'
import { createThrottle } from './auth.throttle.ts'

const SIGN_IN = '/api/auth/sign-in/email'
const MANY = { limits: { perAccount: 1000, perAddress: 1000 } }
const NEW = 'another long password'

describe('one’s own account', () => {
  let city: AuthCity
  let owner: Resident
  beforeAll(async () => {
    city = await authCity(MANY)
    owner = await city.owner()
  })
  afterAll(() => city[Symbol.asyncDispose]())

  const signIn = (email: string, password: string, headers = {}) =>
    city.ask('POST', SIGN_IN, { body: { email, password }, headers })
  const as = (cookie: string) => ({
    get: (url: string) => city.ask('GET', `/api/auth/${url}`, { cookie }),
    post: (url: string, body: object = {}) => city.ask('POST', `/api/auth/${url}`, { cookie, body }),
    del: (url: string) => city.ask('DELETE', `/api/auth/${url}`, { cookie }),
  })
  const code = (body: { error: { code: string } }) => body.error.code
  const alive = async (cookie: string) => (await as(cookie).get('me')).status === 200

  test('sessions are listed by device and ended one by one, or all but this one, at once', async () => {
    const iryna = await city.resident('iryna@misto.example')
    const phone = await signIn(iryna.email, PASSWORD, {
      'user-agent': 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
    })
    const third = await signIn(iryna.email, PASSWORD)
    const me = as(iryna.cookie)
    const { items } = (await me.get('sessions')).body
    expect(items).toHaveLength(3)
    expect(items.filter(({ current }: { current: boolean }) => current)).toHaveLength(1)
    const android = items.find(({ phone: yes }: { phone: boolean }) => yes)
    expect(android).toMatchObject({ browser: 'Chrome', system: 'Android', address: '10.0.0.1' })

    const heard: unknown[] = []
    const deaf = city.events.listen(credentialRevoked, (data) => heard.push(data))
    // Another's session is as unknown as one that never was.
    const stranger = await as(owner.cookie).del(`sessions/${android.id}`)
    expect([stranger.status, code(stranger.body)]).toEqual([404, 'auth.session_unknown'])
    expect((await me.del(`sessions/${android.id}`)).body).toEqual({ done: true })
    expect(await alive(phone.cookie)).toBe(false)
    await expect.poll(() => heard).toEqual([{ principal: iryna.id, type: 'session', id: android.id }])
    expect((await me.del('sessions?except=current')).body).toEqual({ ended: 1 })
    expect([await alive(third.cookie), await alive(iryna.cookie)]).toEqual([false, true])
    expect((await me.del('sessions')).body).toEqual({ ended: 1 })
    expect(await alive(iryna.cookie)).toBe(false)
    await expect.poll(() => heard.length).toBe(3)
    deaf()
  })

  test('a password changes with the old one; every other session ends', async () => {
    const petro = await city.resident('petro@misto.example')
    const other = await signIn(petro.email, PASSWORD)
    const wrong = await as(petro.cookie).post('password', { old: 'not the password', password: NEW })
    expect([wrong.status, code(wrong.body)]).toEqual([403, 'auth.wrong_password'])
    expect(await alive(other.cookie)).toBe(true)
    expect((await as(petro.cookie).post('password', { old: PASSWORD, password: NEW })).status).toBe(200)
    expect([await alive(other.cookie), await alive(petro.cookie)]).toEqual([false, true])
    expect((await signIn(petro.email, PASSWORD)).status).toBe(401)
    expect((await signIn(petro.email, NEW)).status).toBe(200)
  })

  test('no key touches what guards an account, whatever it may otherwise', async () => {
    const { key } = await city.client.makeKey({ name: 'k' }, { principal: owner })
    for (const [method, url, body] of [
      ['POST', 'password', { old: PASSWORD, password: NEW }],
      ['POST', 'totp', { password: PASSWORD }],
      ['POST', 'passkeys/options', {}],
      ['POST', 'links', { provider: 'telegram' }],
      ['DELETE', 'sessions', undefined],
    ] as const) {
      const answer = await city.ask(method, `/api/auth/${url}`, { bearer: key, ...(body && { body }) })
      expect([url, answer.status]).toEqual([url, 403])
    }
    await expect(city.client.endSessions({}, { principal: owner })).rejects.toMatchObject({
      code: 'auth.session_needed',
    })
    expect(await alive(owner.cookie)).toBe(true)
  })

  test('the second step: each code once, a recovery code once, its secret sealed', async () => {
    const olha = await city.resident('olha@misto.example')
    const me = as(olha.cookie)
    expect(code((await me.post('totp', { password: 'wrong' })).body)).toBe('auth.wrong_password')
    const { secret, uri } = (await me.post('totp', { password: PASSWORD })).body
    expect(uri).toContain('otpauth://totp/')
    const digits = (secondsFromNow = 0) =>
      new TOTP({ secret: OtpSecret.fromBase32(secret) }).generate({
        timestamp: city.clock.now() + secondsFromNow * 1000,
      })
    // Until its first code it asks nothing of anybody.
    expect((await signIn(olha.email, PASSWORD)).body.id).toBe(olha.id)
    expect(code((await me.post('totp/confirm', { code: '000000' })).body)).toBe('auth.code_refused')
    const { recoveryCodes } = (await me.post('totp/confirm', { code: digits() })).body
    expect(new Set(recoveryCodes).size).toBe(10)
    expect(code((await me.post('totp', { password: PASSWORD })).body)).toBe('auth.totp_on')
    const stored = await sql<{ secret: string }>`select secret from auth.totp`.execute(city.database.kysely)
    expect(stored.rows[0]?.secret).not.toContain(secret)

    const first = await signIn(olha.email, PASSWORD)
    expect([first.body, first.cookie]).toEqual([{ next: 'totp', ticket: expect.any(String) }, ''])
    const { ticket } = first.body
    const step = (given: string, by = ticket) =>
      city.ask('POST', '/api/auth/sign-in/totp', { body: { ticket: by, code: given } })
    // The code that confirmed it is spent, and so is what is older.
    expect(code((await step(digits())).body)).toBe('auth.wrong_code')
    await city.clock.advance(30_000)
    const entered = await step(digits())
    expect([entered.status, entered.body.id]).toEqual([200, olha.id])
    expect(await alive(entered.cookie)).toBe(true)
    expect(code((await step(digits(30))).body)).toBe('auth.step_over')

    const again = async () => (await signIn(olha.email, PASSWORD)).body.ticket
    const spare = recoveryCodes[3].toUpperCase().replaceAll('-', ' ')
    expect((await step(spare, await again())).status).toBe(200)
    expect(code((await step(spare, await again())).body)).toBe('auth.wrong_code')
    expect((await me.get('security')).body.totp).toMatchObject({ recoveryCodesLeft: 9 })
    const late = await again()
    await city.clock.advance(5 * 60_000)
    expect(code((await step(digits(), late)).body)).toBe('auth.step_over')
    expect(code((await step(digits(), `${late}x`)).body)).toBe('auth.step_over')
    expect((await me.post('totp/remove', { password: PASSWORD })).status).toBe(200)
    expect((await signIn(olha.email, PASSWORD)).body.id).toBe(olha.id)
  })

  test('two that come at once with one code: one enters', async () => {
    const twin = await city.resident('twin@misto.example')
    const { secret } = (await as(twin.cookie).post('totp', { password: PASSWORD })).body
    const now = () =>
      new TOTP({ secret: OtpSecret.fromBase32(secret) }).generate({ timestamp: city.clock.now() })
    await as(twin.cookie).post('totp/confirm', { code: now() })
    await city.clock.advance(60_000)
    const tickets = await Promise.all(
      [1, 2, 3].map(async () => (await signIn(twin.email, PASSWORD)).body.ticket),
    )
    const answers = await Promise.all(
      tickets.map((ticket) => city.ask('POST', '/api/auth/sign-in/totp', { body: { ticket, code: now() } })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401])
  })

  test('an account elsewhere is linked by a code, once, within ten minutes', async () => {
    const links = as(owner.cookie)
    const make = async () => (await links.post('links', { provider: 'telegram' })).body.code
    const claim = (given: string, externalId = '4242') =>
      city.client.claimLink({ provider: 'telegram', code: given, externalId, label: '@olena' })
    const given = await make()
    expect(given).toMatch(/^[0-9a-z]{4}-[0-9a-z]{4}$/)
    await expect(claim('0000-0000')).rejects.toMatchObject({ code: 'auth.link_code_refused' })
    expect((await claim(given.toUpperCase().replace('-', ''))).id).toBe(owner.id)
    await expect(claim(given)).rejects.toMatchObject({ code: 'auth.link_code_refused' })
    const { principal } = await city.client.linked({ provider: 'telegram', externalId: '4242' })
    expect(principal?.id).toBe(owner.id)
    expect((await links.get('links')).body.items).toMatchObject([
      { provider: 'telegram', externalId: '4242', label: '@olena' },
    ])
    // Another's claim of the same account is refused, and uses their code up in nothing.
    const thief = await city.resident('thief@misto.example')
    const theirs = (await as(thief.cookie).post('links', { provider: 'telegram' })).body.code
    await expect(claim(theirs)).rejects.toMatchObject({ code: 'auth.identity_taken' })
    const late = await make()
    await city.clock.advance(10 * 60_000)
    await expect(claim(late)).rejects.toMatchObject({ code: 'auth.link_code_refused' })
    expect((await links.del('links/telegram')).body).toEqual({ done: true })
    expect((await city.client.linked({ provider: 'telegram', externalId: '4242' })).principal).toBeNull()
    const claimed = await city.ask('POST', '/api/auth/links/claim', { body: {}, cookie: owner.cookie })
    expect(claimed.status).toBe(404)
  })

  test('passkeys need a domain: a number is told where they work', async () => {
    const ask = (origin: string) =>
      city.ask('POST', '/api/auth/sign-in/passkey/options', { body: {}, headers: { origin } })
    const refused = await ask('http://127.0.0.1:7400')
    expect([refused.status, code(refused.body)]).toEqual([409, 'auth.passkey_needs_domain'])
    expect(refused.body.error.params).toEqual({ link: 'http://localhost:7400' })
    const asked = await ask('http://localhost:7400')
    expect(asked.body.options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
  })
})

describe.skipIf(!process.env.TEST_DATABASE_URL)('attempts over PostgreSQL', () => {
  test('are counted by all processes together, and none slips through at once', async () => {
    await using scratch = await scratchPostgres(process.env.TEST_DATABASE_URL ?? '')
    await using database = await openPostgres({ url: scratch.url })
    await migrateUp(database)
    const clock = handClock()
    const db = database.kysely.withTables<AuthTables>()
    const limits = { perAccount: 7, perAddress: 100 }
    const processes = [1, 2, 3].map(() => createThrottle(db, clock, limits))
    const tries = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => processes[i % 3]?.account('ada@misto.example')),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
    await clock.advance(60_000)
    await expect(processes[0]?.account('ada@misto.example')).resolves.toBeUndefined()
    // One IPv6 network is one address.
    const six = Array.from({ length: 101 }, (_, i) =>
      processes[1]?.address(`2001:db8:0:1::${i.toString(16)}`),
    )
    const held = await Promise.allSettled(six)
    expect(held.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  })
})
