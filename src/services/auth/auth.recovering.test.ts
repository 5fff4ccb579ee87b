import { sql } from 'kysely'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuthCity,
  authCity,
  countRows as count,
  PASSWORD,
  type Resident,
} from '../../../test/kit/auth-city.ts'
import { type SmtpServer, smtpServer } from '../../../test/kit/smtp-server.ts'
import { Secret } from '../../kernel/secret.ts'
import { smtpMail } from '../../platform/mail/smtp.ts'
import { digestReady } from '../city/city.events.ts'
import type { AuthTables } from './auth.tables.ts'

const SIGN_IN = '/api/auth/sign-in/email'
const MANY = { limits: { perAccount: 1000, perAddress: 1000 } }
const NEW = 'another long password'

describe('a city that sends no mail', () => {
  let city: AuthCity
  let owner: Resident
  let admin: Resident
  beforeAll(async () => {
    city = await authCity({ ...MANY, signUp: 'open' })
    owner = await city.owner()
    admin = await city.resident('admin@misto.example', 'admin')
  })
  afterAll(() => city[Symbol.asyncDispose]())

  const asOwner = (method: 'GET' | 'POST' | 'DELETE', url: string, body?: object) =>
    city.ask(method, `/api/auth/${url}`, { cookie: owner.cookie, ...(body && { body }) })
  const signUp = (email: string) =>
    city.ask('POST', '/api/auth/sign-up', { body: { email, password: PASSWORD, name: 'Новий' } })

  test('whoever asks is answered alike, waits, and is let in or turned away', async () => {
    const asked = [
      await signUp('new@misto.example'),
      await signUp(owner.email),
      await signUp('NEW@misto.example'),
    ]
    for (const { status, body, cookie } of asked)
      expect([status, body, cookie]).toEqual([202, { waitsFor: 'approval' }, ''])
    const early = await city.ask('POST', SIGN_IN, {
      body: { email: 'new@misto.example', password: PASSWORD },
    })
    expect(early.status).toBe(401)
    const { items } = (await asOwner('GET', 'sign-ups')).body
    expect(items.map(({ email }: { email: string }) => email)).toEqual(['new@misto.example'])
    expect((await asOwner('POST', `sign-ups/${items[0].id}/approve`, {})).body.role).toBe('resident')
    const twice = await asOwner('POST', `sign-ups/${items[0].id}/approve`, {})
    expect([twice.status, twice.body.error.code]).toEqual([404, 'auth.sign_up_unknown'])
    const come = await city.ask('POST', SIGN_IN, { body: { email: 'new@misto.example', password: PASSWORD } })
    expect(come.status).toBe(200)
    expect((await city.ask('GET', '/api/auth/sign-ups', { cookie: come.cookie })).status).toBe(403)

    await signUp('rude@misto.example')
    const [rude] = (await asOwner('GET', 'sign-ups')).body.items
    expect((await asOwner('DELETE', `sign-ups/${rude.id}`)).body).toEqual({ done: true })
    expect((await asOwner('GET', 'sign-ups')).body.items).toEqual([])
    const bare = await city.ask('POST', '/api/auth/sign-up', {
      body: { email: 'bare@misto.example', name: 'Без пароля' },
    })
    expect([bare.status, bare.body.error.code]).toEqual([400, 'auth.password_missing'])
  })

  test('is closed unless the setting opens it', async () => {
    const closed = city.again({ signUp: 'invitation' })
    const call = { principal: null, service: null, requestId: 'req_test', signal: AbortSignal.timeout(5000) }
    const account = { email: 'x@misto.example', password: PASSWORD, name: 'X' }
    await expect(closed.handlers.signUp(account, call)).rejects.toMatchObject({ code: 'auth.sign_up_closed' })
  })

  test('a forgotten password: an admin hands the link over, by rank; it works once and ends all sessions', async () => {
    const lost = await city.resident('lost@misto.example')
    const forget = (email: string) => city.ask('POST', '/api/auth/password/forgotten', { body: { email } })
    const before = await count(city, 'auth.one_time')
    const answers = [
      await forget(lost.email),
      await forget('nobody@misto.example'),
      await forget('no address'),
    ]
    for (const { status, body } of answers) expect([status, body]).toEqual([202, { by: 'admin' }])
    expect(await count(city, 'auth.one_time')).toBe(before + 3)
    await forget(owner.email)
    const list = async (cookie: string) =>
      (await city.ask('GET', '/api/auth/resets', { cookie })).body.items as { id: string; person: Resident }[]
    const seen = await list(admin.cookie)
    expect(seen.map(({ person }) => person.id)).toEqual([lost.id])
    const all = await list(owner.cookie)
    const owners = all.find(({ person }) => person.id === owner.id)
    // An admin takes no owner's account.
    const { key } = await city.client.makeKey({ name: 'k' }, { principal: owner })
    const byKey = await city.ask('POST', `/api/auth/resets/${seen[0]?.id}/link`, { bearer: key, body: {} })
    expect([byKey.status, byKey.body.error.code]).toEqual([403, 'auth.out_of_scope'])
    const above = await city.ask('POST', `/api/auth/resets/${owners?.id}/link`, {
      cookie: admin.cookie,
      body: {},
    })
    expect([above.status, above.body.error.code]).toEqual([404, 'auth.reset_unknown'])
    const { link } = (
      await city.ask('POST', `/api/auth/resets/${seen[0]?.id}/link`, { cookie: admin.cookie, body: {} })
    ).body
    const token = /\/new-password#(\S+)$/.exec(link)?.[1] ?? ''
    const reset = (by: string, password = NEW) =>
      city.ask('POST', '/api/auth/password/reset', { body: { token: by, password } })
    for (const bad of [`${token}x`, token.replace('once_', 'once_0'), '', 'a.b'])
      expect((await reset(bad)).body.error.code).toBe('auth.link_refused')
    expect((await reset(token)).body).toEqual({ done: true })
    expect((await city.ask('GET', '/api/auth/me', { cookie: lost.cookie })).status).toBe(401)
    expect((await city.ask('POST', SIGN_IN, { body: { email: lost.email, password: NEW } })).status).toBe(200)
    expect((await reset(token, PASSWORD)).body.error.code).toBe('auth.link_refused')
    const log = await sql<{
      actor: string
    }>`select actor from auth.audit where action = 'reset.shown'`.execute(city.database.kysely)
    expect(log.rows).toEqual([{ actor: admin.id }])
  })

  test('the machine’s own operator gives an account back; nobody else can ask', async () => {
    const refused = await city.ask('POST', '/api/auth/recoveries', { cookie: owner.cookie, body: {} })
    expect(refused.status).toBe(404)
    await expect(city.client.recover({})).rejects.toMatchObject({ code: 'http.not_found' })
    const call = { principal: null, service: 'cli', requestId: 'req_cli', signal: AbortSignal.timeout(5000) }
    const made = await city.auth.handlers.recover({}, call)
    expect(made.email).toBe(owner.email)
    const token = made.link.split('#')[1] ?? ''
    await city.clock.advance(3600_000)
    const late = await city.ask('POST', '/api/auth/password/reset', { body: { token, password: NEW } })
    expect(late.body.error.code).toBe('auth.link_refused')
    const again = (await city.auth.handlers.recover({ email: owner.email }, call)).link.split('#')[1] ?? ''
    const { secret } = (await asOwner('POST', 'totp', { password: PASSWORD })).body
    const digits = new TOTP({ secret: OtpSecret.fromBase32(secret) })
    await asOwner('POST', 'totp/confirm', { code: digits.generate({ timestamp: city.clock.now() }) })
    const reset = await city.ask('POST', '/api/auth/password/reset', {
      body: { token: again, password: NEW },
    })
    expect(reset.status).toBe(200)
    // The second step went with what was lost.
    const come = await city.ask('POST', SIGN_IN, { body: { email: owner.email, password: NEW } })
    expect(come.body.id).toBe(owner.id)
    expect(await count(city, 'auth.totp')).toBe(0)
  })
})

describe('a city that sends mail', () => {
  let server: SmtpServer
  let city: AuthCity
  beforeAll(async () => {
    server = await smtpServer()
    const mail = smtpMail(new Secret(server.url), 'city@misto.example')
    city = await authCity({ ...MANY, signUp: 'open', mail })
    await city.events.start()
  })
  afterAll(async () => {
    await city[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  const letterTo = async (to: string, after = 0) => {
    await expect
      .poll(() => server.letters.filter((letter) => letter.to === to).length, { timeout: 10_000 })
      .toBeGreaterThan(after)
    return server.letters.filter((letter) => letter.to === to).at(-1)?.text ?? ''
  }
  const tokenIn = (text: string, page: string) => new RegExp(`/${page}#(\\S+)`).exec(text)?.[1] ?? ''

  test('an address proves itself, and whoever proves it sets the password; one that lives here is told so in its own mail alone', async () => {
    const owner = await city.owner()
    const email = 'myla@misto.example'
    const ask = (address: string, name: string, password?: string) =>
      city.ask('POST', '/api/auth/sign-up', {
        body: { email: address, name, ...(password !== undefined && { password }) },
        headers: { 'accept-language': 'uk' },
      })
    const confirm = (body: object) => city.ask('POST', '/api/auth/sign-up/confirm', { body })
    const enter = (password: string) => city.ask('POST', SIGN_IN, { body: { email, password } })
    // Somebody else asks first, with a password of their own; then the one whose address it is.
    const answers = [await ask(email, 'Не Мила', PASSWORD), await ask(owner.email, 'Не власник', PASSWORD)]
    answers.push(await ask(email, 'Мила'))
    for (const { status, body } of answers) expect([status, body]).toEqual([202, { waitsFor: 'address' }])
    expect(await letterTo(owner.email)).toMatch(/уже є/)
    const token = tokenIn(await letterTo(email), 'confirm')
    expect((await confirm({ token })).body.error.code).toBe('input.invalid')
    expect((await confirm({ token, password: NEW })).body).toEqual({ done: true })
    expect((await confirm({ token, password: NEW })).body.error.code).toBe('auth.link_refused')
    expect((await enter(PASSWORD)).status).toBe(401)
    const { cookie, status, body: mine } = await enter(NEW)
    expect([status, mine.name]).toEqual([200, 'Мила'])
    expect((await city.ask('GET', '/api/auth/security', { cookie })).body.emailVerified).toBe(true)

    await city.ask('POST', '/api/auth/email/verification', { body: {}, cookie: owner.cookie })
    const proof = tokenIn(await letterTo(owner.email, 1), 'verify')
    await city.ask('POST', '/api/auth/email/verify', { body: { token: proof } })
    const { body } = await city.ask('GET', '/api/auth/security', { cookie: owner.cookie })
    expect(body.emailVerified).toBe(true)
  })

  test('whoever holds an invitation learns by it of nobody who lives here', async () => {
    const principal = await city.auth.owner()
    const lives = await city.resident('lives@misto.example')
    const { code } = await city.client.invite({ role: 'admin' }, { principal })
    const come = (email: string, by = code) =>
      city.ask('POST', '/api/auth/sign-up', { body: { code: by, email, password: PASSWORD, name: 'Мила' } })
    const answers = [await come('invited@misto.example'), await come(lives.email)]
    for (const { status, body, cookie } of answers)
      expect([status, body, cookie]).toEqual([202, { waitsFor: 'address' }, ''])
    expect(await letterTo(lives.email)).toMatch(/You have one; sign in/)
    const token = tokenIn(await letterTo('invited@misto.example'), 'confirm')
    const confirm = () =>
      city.ask('POST', '/api/auth/sign-up/confirm', { body: { token, password: PASSWORD } })
    expect((await confirm()).status).toBe(200)
    const { body } = await city.ask('POST', SIGN_IN, {
      body: { email: 'invited@misto.example', password: PASSWORD },
    })
    expect(body.role).toBe('admin')
    // The invitation is used up by that, and not before.
    const late = await come('late@misto.example')
    expect([late.status, late.body.error.code]).toEqual([403, 'auth.invitation_refused'])
    expect((await come('late@misto.example', 'x'.repeat(43))).body).toEqual(late.body)
  })

  test('what somebody has not seen comes by mail to a proven address alone', async () => {
    const proven = await city.resident('digest@misto.example')
    const unproven = await city.resident('elsewhere@misto.example')
    const db = city.database.kysely.withTables<AuthTables>()
    await db
      .updateTable('auth.user')
      .set({ email_verified: true })
      .where('email', '=', proven.email)
      .execute()
    const data = (principal: string) => ({ principal, rooms: [{ name: 'Площа', unread: 3 }] })
    await db
      .transaction()
      .execute((tx) =>
        city.events.append(
          tx,
          { type: digestReady, principal: null, data: data(unproven.id) },
          { type: digestReady, principal: null, data: data(proven.id) },
        ),
      )
    const letter = await letterTo(proven.email)
    expect(letter).toContain('Площа: 3')
    expect(letter).toContain('/account/notifications')
    await expect.poll(async () => (await city.events.state()).pending).toBe(0)
    expect(server.letters.filter(({ to }) => to === unproven.email)).toEqual([])
  })

  test('a link to a new password goes by mail; one that cannot be delivered becomes an admin’s', async () => {
    const olena = await city.resident('olena@misto.example')
    const forget = () => city.ask('POST', '/api/auth/password/forgotten', { body: { email: olena.email } })
    expect((await forget()).body).toEqual({ by: 'mail' })
    const token = tokenIn(await letterTo(olena.email), 'new-password')
    const reset = await city.ask('POST', '/api/auth/password/reset', { body: { token, password: NEW } })
    expect(reset.status).toBe(200)
    const owner = await city.auth.owner()
    const waiting = async () => (await city.client.resets({}, { principal: owner })).items.length
    expect(await waiting()).toBe(0)
    server.answer('550 no such box')
    await forget()
    await expect.poll(waiting).toBe(1)
    // So does an address that no letter reaches: once let in, its holder is handed a link to a first password.
    const email = 'far@misto.example'
    await city.ask('POST', '/api/auth/sign-up', { body: { email, name: 'Далека', password: PASSWORD } })
    const asking = async () => (await city.client.signUps({}, { principal: owner })).items
    await expect.poll(asking).toMatchObject([{ email }])
    server.answer('250 ok')
    const [{ id: signUp = '' } = {}] = await asking()
    const { id: far } = await city.client.approveSignUp({ signUp }, { principal: owner })
    const enter = (password: string) => city.ask('POST', SIGN_IN, { body: { email, password } })
    expect((await enter(PASSWORD)).status).toBe(401)
    const { items } = await city.client.resets({}, { principal: owner })
    const handed = items.find(({ person }) => person.id === far)?.id ?? ''
    const { link } = await city.client.resetLink({ reset: handed }, { principal: owner })
    const first = { token: link.split('#')[1], password: NEW }
    expect((await city.ask('POST', '/api/auth/password/reset', { body: first })).status).toBe(200)
    expect((await enter(NEW)).status).toBe(200)
    const kept = await sql<{
      all: string
    }>`select string_agg(envelope::text, '') as all from events.delivery`.execute(city.database.kysely)
    expect(kept.rows[0]?.all).toContain('auth.letter_due')
    expect(kept.rows[0]?.all).not.toContain(token.split('.')[1])
  })
})
