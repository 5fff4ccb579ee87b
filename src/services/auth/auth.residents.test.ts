import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthCity, authCity, type Resident } from '../../../test/kit/auth-city.ts'
import { credentialRevoked, rightsChanged } from './auth.events.ts'

describe('those who run the city', () => {
  let city: AuthCity
  let owner: Resident
  let admin: Resident
  beforeAll(async () => {
    city = await authCity({ limits: { perAccount: 1000, perAddress: 1000 } })
    owner = await city.owner()
    admin = await city.resident('admin@misto.example', 'admin')
    await city.events.start()
  })
  afterAll(() => city[Symbol.asyncDispose]())

  const patch = async (by: Resident, whom: string, body: object) => {
    const answer = await city.ask('PATCH', `/api/auth/residents/${whom}`, { body, cookie: by.cookie })
    return answer.status === 200 ? answer.body : `${answer.status} ${answer.body.error.code}`
  }
  const enters = async (ask: { cookie?: string; bearer?: string }) =>
    (await city.ask('GET', '/api/auth/me', ask)).status
  let count = 0
  const newcomer = (role?: 'admin') => city.resident(`n${count++}@misto.example`, role)

  test('somebody disabled is out at once, by every credential, and comes back when they are let in', async () => {
    const who = await newcomer()
    const { key } = await city.client.makeKey({ name: 'theirs' }, { principal: who })
    expect([await enters(who), await enters({ bearer: key })]).toEqual([200, 200])
    const heard: unknown[] = []
    const stop = city.events.listen(credentialRevoked, (said) => heard.push(said))
    const told = await patch(admin, who.id, { disabled: true, reason: 'Реклама' })
    stop()
    expect(told.disabled).toEqual({ at: expect.any(String), reason: 'Реклама' })
    expect(heard).toEqual([{ principal: who.id, type: 'all' }])
    expect([await enters(who), await enters({ bearer: key })]).toEqual([401, 401])
    expect(await patch(admin, who.id, { disabled: false })).toMatchObject({ disabled: null })
    // The session is gone for good; the key was only stopped.
    expect([await enters(who), await enters({ bearer: key })]).toEqual([401, 200])
  })

  test('a role bites at once, for keys too', async () => {
    const who = await newcomer('admin')
    const { key } = await city.client.makeKey({ name: 'theirs' }, { principal: who })
    const people = async () => (await city.ask('GET', '/api/auth/people', { bearer: key })).status
    expect(await people()).toBe(200)
    expect(await patch(owner, who.id, { role: 'resident' })).toMatchObject({ role: 'resident' })
    expect(await people()).toBe(403)
  })

  test('nobody changes themselves, the owner, or who stands as high as they', async () => {
    const other = await newcomer('admin')
    expect(await patch(admin, admin.id, { role: 'resident' })).toBe('409 auth.not_yourself')
    expect(await patch(admin, owner.id, { disabled: true })).toBe('409 auth.owner_stays')
    expect(await patch(owner, owner.id, { role: 'admin' })).toBe('409 auth.not_yourself')
    expect(await patch(admin, other.id, { disabled: true })).toBe('403 auth.owner_only')
    expect(await patch(owner, other.id, { disabled: true })).toMatchObject({ role: 'admin' })
    expect(await patch(await newcomer(), other.id, { role: 'resident' })).toBe('403 auth.forbidden')
    expect(await patch(owner, 'person_nobody', { role: 'admin' })).toBe('404 auth.resident_unknown')
    expect(await patch(owner, other.id, { role: 'owner' })).toBe('400 input.invalid')
  })

  test('the city is handed over by its owner alone, and has one owner at every moment', async () => {
    const heir = await newcomer()
    const handOver = async (by: Resident, to: string) => {
      const answer = await city.ask('POST', '/api/auth/owner', { body: { principal: to }, cookie: by.cookie })
      return answer.status === 200 ? answer.body.role : `${answer.status} ${answer.body.error.code}`
    }
    expect(await handOver(admin, heir.id)).toBe('403 auth.owner_only')
    expect(await handOver(owner, 'person_nobody')).toBe('404 auth.resident_unknown')
    const out = await newcomer()
    await patch(owner, out.id, { disabled: true })
    expect(await handOver(owner, out.id)).toBe('409 auth.heir_disabled')
    expect(await handOver(owner, heir.id)).toBe('owner')
    const owners = await city.client.people({ role: 'owner' }, { principal: { ...heir, role: 'owner' } })
    expect(owners.items.map(({ id }) => id)).toEqual([heir.id])
    expect(await handOver(owner, owner.id)).toBe('403 auth.owner_only')
    expect(await handOver(heir, owner.id)).toBe('owner')
  })

  test('people are found by a piece of a name or an address, by role and by state', async () => {
    const who = await newcomer()
    await patch(owner, who.id, { disabled: true })
    const found = async (question: object) =>
      (await city.client.people(question, { principal: owner })).items.map(({ id }) => id)
    expect(await found({ q: who.email.slice(0, 5).toUpperCase() })).toContain(who.id)
    expect(await found({ q: who.email, disabled: true })).toEqual([who.id])
    expect(await found({ q: who.email, disabled: false })).toEqual([])
    expect(await found({ q: '%' })).toEqual([])
    expect(await found({ role: 'owner' })).toEqual([owner.id])
    const first = await city.client.people({ limit: 1 }, { principal: owner })
    const second = await city.client.people({ limit: 1, after: first.next ?? '' }, { principal: owner })
    expect(first.items[0]?.id).not.toBe(second.items[0]?.id)
    const me = await city.client.people({ role: 'owner' }, { principal: owner })
    await expect.poll(async () => me.items[0]?.seenAt).not.toBeNull()
  })

  test('every change stands in the log, also those of other services, for owners and admins alone', async () => {
    const who = await newcomer()
    await patch(admin, who.id, { role: 'admin' })
    await patch(owner, who.id, { disabled: true, reason: 'спам' })
    await city.database.kysely.transaction().execute(async (tx) => {
      const data = { actor: admin.id, action: 'member.added', subject: who.id, detail: { room: 'room_1' } }
      await city.events.append(tx, { type: rightsChanged, principal: admin.id, data })
    })
    const log = async (question: object = {}) =>
      (await city.client.audit({ subject: who.id, ...question }, { principal: owner })).items
    await expect
      .poll(async () => (await log()).map(({ action, actor }) => [action, actor]))
      .toEqual([
        ['member.added', admin.id],
        ['resident.disabled', owner.id],
        ['role.changed', admin.id],
        ['resident.made', who.id],
      ])
    expect((await log({ action: 'role.changed' }))[0]).toMatchObject({
      actorName: admin.name,
      subjectName: who.name,
      detail: { from: 'resident', to: 'admin' },
    })
    expect(await log({ actor: who.id })).toHaveLength(1)
    const [newest, older] = await log()
    expect((await log({ after: newest?.id, limit: 1 }))[0]?.id).toBe(older?.id)
    const stranger = await newcomer()
    expect((await city.ask('GET', '/api/auth/audit', { cookie: stranger.cookie })).status).toBe(403)
    await expect(sql`delete from auth.audit`.execute(city.database.kysely)).rejects.toThrow('append-only')
  })
})
