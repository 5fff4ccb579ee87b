import { EventEmitter, once } from 'node:events'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthCity, authCity, type Resident } from '../../../test/kit/auth-city.ts'

const DAY_MS = 24 * 3600 * 1000

import { Secret } from '../../kernel/secret.ts'
import { sessionCookie } from './auth.cookie.ts'
import { createIdentify } from './auth.identify.ts'
import { createAuthStore } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'

describe('keys', () => {
  let city: AuthCity
  let owner: Resident
  beforeAll(async () => {
    city = await authCity({ limits: { perAccount: 1000, perAddress: 1000 } })
    owner = await city.owner()
  })
  afterAll(() => city[Symbol.asyncDispose]())

  test('a key works until it is revoked, and is kept by nobody', async () => {
    const made = await city.ask('POST', '/api/auth/keys', { body: { name: 'бот' }, cookie: owner.cookie })
    expect(made.status).toBe(201)
    const { id, key } = made.body
    expect(key).toMatch(/^dk_[\w-]{43}$/)
    const me = () => city.ask('GET', '/api/auth/me', { bearer: key })
    expect((await me()).body.id).toBe(owner.id)

    const { rows } = await sql<{
      row: string
    }>`select row_to_json(k)::text as row from auth.api_key k`.execute(city.database.kysely)
    for (const { row } of rows) expect(row).not.toContain(key.slice(9))

    const listed = await city.ask('GET', '/api/auth/keys', { cookie: owner.cookie })
    const mine = listed.body.items.find((item: { id: string }) => item.id === id)
    expect(mine).toMatchObject({ name: 'бот', start: key.slice(0, 9), expiresAt: null })
    expect(JSON.stringify(listed.body)).not.toContain(key)

    const revoked = await city.ask('DELETE', `/api/auth/keys/${id}`, { cookie: owner.cookie })
    expect(revoked.body).toEqual({ done: true })
    const after = await me()
    expect([after.status, after.body.error.code]).toEqual([401, 'auth.bad_credential'])
    const twice = await city.ask('DELETE', `/api/auth/keys/${id}`, { cookie: owner.cookie })
    expect([twice.status, twice.body.error.code]).toEqual([404, 'auth.key_unknown'])
  })

  test('a key ends on its day', async () => {
    const { key } = await city.client.makeKey({ name: 'short', expiresInDays: 1 }, { principal: owner })
    expect(await city.client.identify({ bearer: key })).not.toBeNull()
    await city.clock.advance(DAY_MS)
    expect(await city.client.identify({ bearer: key })).toBeNull()
  })

  test('notes when a key was last used, once a minute at most', async () => {
    const { id, key } = await city.client.makeKey({ name: 'seen' }, { principal: owner })
    const used = async () => {
      const { items } = await city.client.keys({}, { principal: owner })
      return items.find((item) => item.id === id)?.lastUsedAt ?? null
    }
    expect(await used()).toBeNull()
    await city.client.identify({ bearer: key })
    await expect.poll(used).not.toBeNull()
    const first = await used()
    await city.clock.advance(30_000)
    await city.client.identify({ bearer: key })
    await city.auth.stop?.()
    expect(await used()).toBe(first)
    await city.clock.advance(30_000)
    await city.client.identify({ bearer: key })
    await expect.poll(used).not.toBe(first)
    await city.auth.start?.()
  })

  test('a key that is revoked while it is looked up is not remembered', async () => {
    const { id, key } = await city.client.makeKey({ name: 'raced' }, { principal: owner })
    const store = createAuthStore(city.database.kysely.withTables<AuthTables>())
    const gate = new EventEmitter()
    const { identify, forget } = createIdentify({
      // The real store, whose answer is late.
      store: {
        ...store,
        async keyByHash(hash) {
          const found = await store.keyByHash(hash)
          gate.emit('found')
          await once(gate, 'go on')
          return found
        },
      },
      clock: city.clock,
      secret: new Secret('not used for keys'),
      cookie: sessionCookie('http://127.0.0.1'),
    })
    const looking = identify({ bearer: key })
    await once(gate, 'found')
    await city.client.revokeKey({ key: id }, { principal: owner })
    forget()
    gate.emit('go on')
    expect(await looking).not.toBeNull()
    const again = identify({ bearer: key })
    await once(gate, 'found')
    gate.emit('go on')
    expect(await again).toBeNull()
  })

  test.each(['', 'dk_', 'dk_unknown', 'sk_whatever', 'x'.repeat(5000)])(
    'nobody holds the key %j',
    async (bearer) => {
      expect(await city.client.identify({ bearer })).toBeNull()
    },
  )

  test('keys are limited, and another’s key is as unknown as none', async () => {
    const other = await city.resident('keeper@misto.example')
    const keys = await Promise.all(
      Array.from({ length: 100 }, (_, i) => city.client.makeKey({ name: `k${i}` }, { principal: other })),
    )
    await expect(city.client.makeKey({ name: 'more' }, { principal: other })).rejects.toMatchObject({
      code: 'auth.too_many_keys',
    })
    const url = `/api/auth/keys/${keys[0]?.id}`
    const answer = await city.ask('DELETE', url, { cookie: owner.cookie })
    expect([answer.status, answer.body.error.code]).toEqual([404, 'auth.key_unknown'])
  })

  describe('scopes', () => {
    const make = async (of: Resident, body: object) =>
      (await city.ask('POST', '/api/auth/keys', { body: { name: 'scoped', ...body }, cookie: of.cookie }))
        .body
    const asks = async (bearer: string, method: 'GET' | 'POST' | 'DELETE', url: string, body?: object) => {
      const { status, body: told } = await city.ask(method, url, { bearer, ...(body && { body }) })
      return status < 400 ? status : `${status} ${told.error.code} ${told.error.params?.right ?? ''}`.trim()
    }

    test('a key does what it was made for, and is told by name what it was made without', async () => {
      const { key, scopes } = await make(owner, { scopes: ['auth.resident.*', 'auth.account.read'] })
      expect(scopes).toEqual(['auth.resident.*', 'auth.account.read'])
      expect(await asks(key, 'GET', '/api/auth/residents')).toBe(200)
      expect(await asks(key, 'GET', '/api/auth/me')).toBe(200)
      expect(await asks(key, 'GET', '/api/auth/audit')).toBe('403 auth.out_of_scope auth.audit.read')
      expect(await asks(key, 'GET', '/api/auth/keys')).toBe('403 auth.out_of_scope auth.credential.read')
      const listed = await city.client.keys({}, { principal: owner })
      expect(listed.items[0]?.scopes).toEqual(scopes)
    })

    test('a key without scopes does all that its owner may, but nothing with credentials', async () => {
      const { key, scopes } = await make(owner, {})
      expect(scopes).toBeNull()
      expect(await asks(key, 'GET', '/api/auth/people')).toBe(200)
      for (const [method, url, right] of [
        ['GET', '/api/auth/keys', 'auth.credential.read'],
        ['POST', '/api/auth/keys', 'auth.credential.open'],
        ['DELETE', '/api/auth/keys/key_x', 'auth.credential.remove'],
      ] as const)
        expect(await asks(key, method, url)).toBe(`403 auth.out_of_scope ${right}`)
      const guest = await city.resident('less@misto.example')
      const theirs = await make(guest, {})
      expect(await asks(theirs.key, 'GET', '/api/auth/people')).toBe('403 auth.forbidden')
    })

    test('a key makes none that holds more than itself', async () => {
      const { key } = await make(owner, { scopes: ['auth.credential.open', 'auth.*.read'] })
      const name = 'child'
      const wish = (scopes?: string[]) =>
        asks(key, 'POST', '/api/auth/keys', { name, ...(scopes && { scopes }) })
      expect(await wish(['auth.audit.read'])).toBe(201)
      expect(await wish(['auth.credential.open', 'auth.*.read'])).toBe(201)
      for (const more of [
        undefined,
        ['*.*.*'],
        ['auth.audit.*'],
        ['auth.credential.*'],
        ['auth.credential.read'],
      ])
        expect(await wish(more), String(more)).toBe('403 auth.scope_too_wide')
    })

    test.each(['', '*', 'auth.*', 'auth.*.read.more', 'Auth.key.read', 'auth..read', '**.*.*'])(
      'the scope %j is none',
      async (scope) => {
        const answer = await make(owner, { scopes: [scope] })
        expect(answer.error.code).toBe('input.invalid')
      },
    )

    test('a key ends at its moment, and none is made that has ended', async () => {
      const at = (ms: number) => new Date(city.clock.now() + ms).toISOString()
      const { key, expiresAt } = await make(owner, { expiresAt: at(60_000) })
      expect(expiresAt).toBe(at(60_000))
      expect(await asks(key, 'GET', '/api/auth/me')).toBe(200)
      await city.clock.advance(60_000)
      expect(await asks(key, 'GET', '/api/auth/me')).toBe('401 auth.bad_credential')
      expect((await make(owner, { expiresAt: at(-1) })).error.code).toBe('auth.expiry_past')
    })
  })

  test('the machine’s operator makes keys for the owner', async () => {
    const principal = { id: 'service_operator', kind: 'service', name: 'operator', role: 'owner' } as const
    const { key } = await city.client.makeKey({ name: 'cli' }, { principal })
    expect((await city.client.identify({ bearer: key }))?.principal.id).toBe(owner.id)
  })
})
