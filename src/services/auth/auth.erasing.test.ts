import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthCity, authCity, PASSWORD, type Resident } from '../../../test/kit/auth-city.ts'
import { residentErased } from './auth.events.ts'

describe('erasing an account', () => {
  let city: AuthCity
  let owner: Resident
  const told: unknown[] = []
  beforeAll(async () => {
    city = await authCity({ limits: { perAccount: 1000, perAddress: 1000 } })
    owner = await city.owner()
    city.events.consume({
      name: 'test.erased',
      db: city.database.kysely,
      types: [residentErased],
      handle: async ({ data }) => void told.push(data),
    })
    await city.events.start()
  })
  afterAll(() => city[Symbol.asyncDispose]())

  const erase = async (by: Resident, whom: string, password = PASSWORD) => {
    const path = `/api/auth/residents/${whom}/erase`
    const { status, body } = await city.ask('POST', path, { body: { password }, cookie: by.cookie })
    return status === 200 ? 'done' : `${status} ${body.error.code}`
  }

  test('nothing leads back in, the address is free, the name is gone, and the principal stays', async () => {
    const who = await city.resident('gone@misto.example')
    const { key } = await city.client.makeKey({ name: 'theirs' }, { principal: who })
    expect(await erase(who, who.id, 'a wrong password')).toBe('403 auth.wrong_password')
    expect(await erase(who, who.id)).toBe('done')
    for (const ask of [{ cookie: who.cookie }, { bearer: key }])
      expect((await city.ask('GET', '/api/auth/me', ask)).status).toBe(401)
    const signIn = await city.ask('POST', '/api/auth/sign-in/email', {
      body: { email: who.email, password: PASSWORD },
    })
    expect(signIn.status).toBe(401)
    const { items } = await city.client.principals({ ids: [who.id] })
    expect(items).toEqual([{ id: who.id, kind: 'person', name: 'Erased resident', role: 'resident' }])
    await expect.poll(() => told).toContainEqual({ principal: who.id, name: 'gone' })
    const again = await city.resident('gone@misto.example')
    expect(again.id).not.toBe(who.id)
    const people = await city.client.people({ limit: 200 }, { principal: owner })
    expect(people.items.map(({ id }) => id)).not.toContain(who.id)
    const back = await city.ask('PATCH', `/api/auth/residents/${who.id}`, {
      body: { disabled: false },
      cookie: owner.cookie,
    })
    expect(back.status).toBe(404)
  })

  test('the owner erases others, nobody else does, and the owner hands the city over first', async () => {
    const admin = await city.resident('adm@misto.example', 'admin')
    const who = await city.resident('other@misto.example')
    expect(await erase(admin, who.id)).toBe('403 auth.owner_only')
    expect(await erase(owner, owner.id)).toBe('409 auth.owner_stays')
    expect(await erase(owner, who.id)).toBe('done')
    expect(await erase(owner, who.id)).toBe('404 auth.resident_unknown')
  })
})
