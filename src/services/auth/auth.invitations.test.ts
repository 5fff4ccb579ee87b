import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthCity, authCity, countRows, PASSWORD, type Resident } from '../../../test/kit/auth-city.ts'
import { deadline } from '../../kernel/deadline.ts'
import { residentJoined } from './auth.events.ts'

const DAY_MS = 24 * 3600 * 1000
const SIGN_UP = '/api/auth/sign-up'

describe('invitations', () => {
  let city: AuthCity
  let owner: Resident
  beforeAll(async () => {
    city = await authCity({ limits: { perAccount: 1000, perAddress: 1000 } })
    owner = await city.owner()
  })
  afterAll(() => city[Symbol.asyncDispose]())

  const invite = (wish: object = {}) =>
    city.ask('POST', '/api/auth/invitations', { body: wish, cookie: owner.cookie })
  const inDays = (days: number) => new Date(city.clock.now() + days * DAY_MS).toISOString()
  const look = (code: string) => city.ask('POST', '/api/auth/invitation', { body: { code } })
  const come = (code: string, email: string) =>
    city.ask('POST', SIGN_UP, { body: { code, email, password: PASSWORD, name: 'Гість' } })

  test('let somebody in, in the role they name', async () => {
    const { status, body } = await invite({ role: 'admin', expiresAt: inDays(3) })
    expect(status).toBe(201)
    expect(body).toMatchObject({ role: 'admin', uses: 0, maxUses: 1, room: null, expiresAt: inDays(3) })
    expect(body.link).toBe(`http://127.0.0.1:7400/invitation#${body.code}`)
    expect(body.code).toMatch(/^[\w-]{43}$/)
    expect((await look(body.code)).body).toEqual({
      city: 'Тестове',
      role: 'admin',
      expiresAt: body.expiresAt,
      by: 'owner',
    })
    const made = await come(body.code, 'admin@misto.example')
    expect([made.status, made.body.role]).toEqual([201, 'admin'])
    expect((await city.ask('GET', '/api/auth/me', { cookie: made.cookie })).body.email).toBe(
      'admin@misto.example',
    )
    const again = await come(body.code, 'more@misto.example')
    expect([again.status, again.body.error.code]).toEqual([403, 'auth.invitation_refused'])
  })

  test('are never used more often than they allow, however many come at once', async () => {
    const { body } = await invite({ uses: 3 })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => come(body.code, `crowd${i}@misto.example`)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 403, 403, 403, 403, 403])
    const { rows } = await sql<{
      uses: number
    }>`select uses from auth.invitation where id = ${body.id}`.execute(city.database.kysely)
    expect(rows).toEqual([{ uses: 3 }])
  })

  test('a taken e-mail uses nothing up and leaves nothing behind', async () => {
    const { body } = await invite()
    const before = await countRows(city, 'auth.principal')
    const taken = await come(body.code, 'OWNER@misto.example')
    expect([taken.status, taken.body.error.code]).toEqual([409, 'auth.email_taken'])
    expect(await countRows(city, 'auth.principal')).toBe(before)
    expect((await come(body.code, 'not-taken@misto.example')).status).toBe(201)
  })

  test('an account whose event cannot be written is not made at all', async () => {
    const { body } = await invite()
    const before = await countRows(city, 'auth.principal')
    const broken = city.again({
      events: { ...city.events, append: () => Promise.reject(new Error('the outbox is gone')) },
    })
    const signUp = broken.handlers.signUp(
      { code: body.code, email: 'half@misto.example', password: PASSWORD, name: 'Half' },
      { principal: null, service: null, requestId: 'req_test', signal: deadline(5000) },
    )
    await expect(signUp).rejects.toThrow('the outbox is gone')
    for (const [table, left] of [
      ['auth.principal', before],
      ['auth.user', before],
      ['auth.identity', before],
    ] as const)
      expect(await countRows(city, table)).toBe(left)
    expect((await come(body.code, 'half@misto.example')).status).toBe(201)
  })

  test('end on their day', async () => {
    const { body } = await invite({ expiresAt: inDays(2) })
    await city.clock.advance(2 * DAY_MS - 1)
    expect((await look(body.code)).status).toBe(200)
    await city.clock.advance(1)
    const gone = await look(body.code)
    expect([gone.status, gone.body.error.code]).toEqual([404, 'auth.invitation_unknown'])
    expect((await come(body.code, 'late@misto.example')).status).toBe(403)
    for (const expiresAt of [inDays(-1), inDays(91)])
      expect((await invite({ expiresAt })).body.error.code).toBe('auth.expiry_wrong')
  })

  test('can be withdrawn, once', async () => {
    const { body } = await invite()
    const withdraw = () => city.ask('DELETE', `/api/auth/invitations/${body.id}`, { cookie: owner.cookie })
    const listed = async () => {
      const { items } = (await city.ask('GET', '/api/auth/invitations', { cookie: owner.cookie })).body
      return items.some(({ id }: { id: string }) => id === body.id)
    }
    expect(await listed()).toBe(true)
    expect((await withdraw()).body).toEqual({ done: true })
    expect(await listed()).toBe(false)
    expect((await come(body.code, 'withdrawn@misto.example')).status).toBe(403)
    expect((await withdraw()).status).toBe(404)
  })

  test('an unknown token is answered like a used one', async () => {
    const used = (await invite()).body.code
    await come(used, 'last@misto.example')
    for (const token of [used, 'never-was', '']) {
      expect((await look(token)).body.error.code).toBe('auth.invitation_unknown')
      expect((await come(token, 'nobody@misto.example')).body.error.code).toBe('auth.invitation_refused')
    }
  })

  test('are made by operators alone, and never make an owner', async () => {
    const resident = await city.resident('plain@misto.example')
    const denied = await city.ask('POST', '/api/auth/invitations', { body: {}, cookie: resident.cookie })
    expect([denied.status, denied.body.error.code]).toEqual([403, 'auth.forbidden'])
    expect((await city.ask('GET', '/api/auth/invitations', { cookie: resident.cookie })).status).toBe(403)
    expect((await city.ask('POST', '/api/auth/invitations', { body: {} })).status).toBe(401)
    expect((await invite({ role: 'owner' })).status).toBe(400)
    const admin = await city.resident('second-admin@misto.example', 'admin')
    const made = await city.ask('POST', '/api/auth/invitations', { body: {}, cookie: admin.cookie })
    expect(made.status).toBe(201)
  })

  test('everybody who came is announced once', async () => {
    const joined: string[] = []
    city.events.consume({
      name: 'test.joined',
      db: city.database.kysely,
      types: [residentJoined],
      handle: async ({ data }) => void joined.push(data.principal.id),
    })
    await city.events.start()
    const people = await countRows(city, 'auth.principal')
    await expect.poll(() => joined.length, { timeout: 10_000 }).toBe(people)
    expect(new Set(joined).size).toBe(people)
  })
})
