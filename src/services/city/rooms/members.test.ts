import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BYTES, openTestCity, people, type TestCity, upload } from '../../../../test/kit/city-service.ts'
import { scratchPostgres } from '../../../../test/kit/postgres.ts'
import { migrateUp } from '../../../platform/database/migrate.ts'
import { openPostgres } from '../../../platform/database/postgres.ts'
import { residentJoined } from '../../auth/auth.events.ts'
import { accessChanged, personal } from '../live/channels.ts'

const refusal = (code: string) => expect.objectContaining({ code })
const { olena: Olena, taras: Taras, iryna: Iryna } = people

describe('who is in a room', () => {
  let city: TestCity
  beforeAll(async () => {
    city = await openTestCity()
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  const opened = async (wish: { visibility?: 'public' | 'private'; joining?: 'request' } = {}) =>
    (await city.as('taras').openRoom({ name: 'Гурток', ...wish })).id
  const rolesIn = async (room: string, who: 'olena' | 'taras' | 'iryna' = 'taras') =>
    Object.fromEntries(
      (await city.as(who).members({ room })).items.map(({ id, membership }) => [id, membership]),
    )

  it('may do what their role says: a guest reads, a member writes, a moderator lets in, an owner rules', async () => {
    const room = await opened()
    const [taras, iryna, olena] = [city.as('taras'), city.as('iryna'), city.as('olena')]
    await taras.setMember({ room, principal: Iryna.id, role: 'guest' })
    expect((await iryna.messages({ room })).items).toEqual([])
    await expect(iryna.post({ room, clientId: 'g', text: 'a' })).rejects.toEqual(refusal('city.guest_silent'))
    const asKeeper = [
      () => iryna.setMember({ room, principal: Olena.id, role: 'member' }),
      () => iryna.joinRequests({ room }),
      () => iryna.inviteToRoom({ room }),
      () => iryna.roomInvitations({ room }),
    ]
    for (const act of asKeeper) await expect(act()).rejects.toEqual(refusal('city.not_inviter'))
    await taras.setMember({ room, principal: Iryna.id, role: 'member' })
    expect((await iryna.post({ room, clientId: 'm', text: 'a' })).text).toBe('a')
    for (const act of asKeeper) await expect(act()).rejects.toEqual(refusal('city.not_inviter'))
    for (const act of [
      () => iryna.changeRoom({ room, topic: 'x' }),
      () => iryna.changeRoom({ room, archived: true }),
      () => iryna.handOver({ room, principal: Iryna.id }),
      () => iryna.leave({ room, principal: Taras.id }),
    ])
      await expect(act()).rejects.toEqual(refusal('city.not_manager'))

    await taras.setMember({ room, principal: Iryna.id, role: 'moderator' })
    await iryna.setMember({ room, principal: Olena.id, role: 'guest' })
    expect(await rolesIn(room)).toEqual({
      [Taras.id]: 'owner',
      [Iryna.id]: 'moderator',
      [Olena.id]: 'guest',
    })
    for (const act of [
      () => iryna.setMember({ room, principal: Olena.id, role: 'moderator' }),
      () => iryna.setMember({ room, principal: Iryna.id, role: 'owner' }),
      () => iryna.setMember({ room, principal: Taras.id, role: 'member' }),
      () => iryna.leave({ room, principal: Taras.id }),
      () => iryna.changeRoom({ room, name: 'x' }),
    ])
      await expect(act()).rejects.toEqual(refusal('city.not_manager'))
    await iryna.leave({ room, principal: Olena.id })
    // The city's owner is nobody in a room that is not public.
    for (const act of [
      () => olena.setMember({ room, principal: Olena.id, role: 'owner' }),
      () => olena.handOver({ room, principal: Olena.id }),
      () => olena.inviteToRoom({ room }),
      () => olena.joinRequests({ room }),
      () => olena.preferRoom({ room, favourite: true }),
    ])
      await expect(act()).rejects.toEqual(refusal('city.room_not_found'))
  })

  it('hand the room over, and the last owner stays', async () => {
    const room = await opened()
    const [taras, iryna] = [city.as('taras'), city.as('iryna')]
    await expect(taras.setMember({ room, principal: Taras.id, role: 'member' })).rejects.toEqual(
      refusal('city.last_owner'),
    )
    await expect(taras.handOver({ room, principal: Iryna.id })).rejects.toEqual(refusal('city.not_member'))
    await taras.setMember({ room, principal: Iryna.id, role: 'guest' })
    await taras.handOver({ room, principal: Iryna.id })
    expect(await rolesIn(room)).toEqual({ [Taras.id]: 'member', [Iryna.id]: 'owner' })
    await expect(taras.changeRoom({ room, name: 'x' })).rejects.toEqual(refusal('city.not_manager'))
    await expect(iryna.leave({ room, principal: Iryna.id })).rejects.toEqual(refusal('city.last_owner'))
    for (const role of ['owner', 'moderator'] as const)
      await expect(iryna.setMember({ room, principal: 'agent_daarwizz', role })).rejects.toEqual(
        refusal('city.agent_role'),
      )
    await iryna.setMember({ room, principal: 'agent_daarwizz', role: 'member' })
  })

  it('ask to come in where the room says so, and nowhere learn of a room that hides', async () => {
    const [taras, iryna] = [city.as('taras'), city.as('iryna')]
    const hidden = await opened()
    for (const room of [hidden, 'room_none'])
      await expect(iryna.askToJoin({ room })).rejects.toEqual(refusal('city.room_not_found'))
    const room = await opened({ joining: 'request' })
    await expect(iryna.room({ room })).rejects.toEqual(refusal('city.room_not_found'))
    const told: unknown[] = []
    const stop = city.events.listen(personal, ({ principal, frame }) => told.push([principal, frame]))
    expect(await iryna.askToJoin({ room, note: 'Я з третього поверху' })).toEqual({ state: 'pending' })
    expect(told).toEqual([[Taras.id, { type: 'room', room, change: 'requests' }]])
    stop()
    expect((await iryna.directory({ q: 'гурток' })).items.find(({ id }) => id === room)).toMatchObject({
      asked: true,
      membership: null,
      members: 1,
    })
    expect((await taras.joinRequests({ room })).items).toMatchObject([
      { person: { id: Iryna.id, name: 'Ірина' }, note: 'Я з третього поверху' },
    ])
    await taras.decideRequest({ room, principal: Iryna.id, accept: false })
    await expect(taras.decideRequest({ room, principal: Iryna.id, accept: true })).rejects.toEqual(
      refusal('city.request_not_found'),
    )
    await expect(iryna.askToJoin({ room })).rejects.toEqual(refusal('city.request_refused'))
    await city.db
      .updateTable('city.join_request')
      .set({ decided_at: new Date(Date.now() - 25 * 3600_000).toISOString() })
      .execute()
    await iryna.askToJoin({ room })
    await iryna.withdrawRequest({ room })
    expect((await taras.joinRequests({ room })).items).toEqual([])
    await iryna.askToJoin({ room })
    await taras.decideRequest({ room, principal: Iryna.id, accept: true })
    expect((await iryna.room({ room })).membership).toBe('member')
    expect(await iryna.askToJoin({ room })).toEqual({ state: 'accepted' })

    const open = await opened({ visibility: 'public' })
    expect(await iryna.askToJoin({ room: open })).toEqual({ state: 'accepted' })
    expect((await iryna.room({ room: open })).membership).toBe('member')
  })

  it('come in by a link, as often as it says, until it ends', async () => {
    const [taras, iryna, olena] = [city.as('taras'), city.as('iryna'), city.as('olena')]
    const room = await opened()
    const link = await taras.inviteToRoom({ room, role: 'guest' })
    expect(link.url).toBe(`http://127.0.0.1:7400/join#${link.code}`)
    expect(await iryna.lookAtInvitation({ code: link.code })).toMatchObject({
      name: 'Гурток',
      people: 1,
      role: 'guest',
      inside: null,
    })
    const revoked: unknown[] = []
    const stop = city.events.listen(accessChanged, (said) => revoked.push(said))
    expect(await iryna.acceptInvitation({ code: link.code })).toMatchObject({ id: room, membership: 'guest' })
    expect(revoked).toEqual([{ room, principal: Iryna.id }])
    stop()
    // Who is in goes in again; for all others it has served.
    expect((await iryna.acceptInvitation({ code: link.code })).membership).toBe('guest')
    for (const code of [link.code, 'none', ''])
      for (const act of [() => olena.acceptInvitation({ code }), () => olena.lookAtInvitation({ code })])
        await expect(act()).rejects.toEqual(refusal('city.invitation_unknown'))
    const second = await taras.inviteToRoom({ room, maxUses: 5 })
    expect((await taras.roomInvitations({ room })).items.map(({ id }) => id)).toEqual([second.id])
    await taras.revokeRoomInvitation({ room, invitation: second.id })
    const third = await taras.inviteToRoom({ room })
    await city.db
      .updateTable('city.room_invitation')
      .set({ expires_at: new Date(0).toISOString() })
      .where('id', '=', third.id)
      .execute()
    for (const { code } of [second, third])
      await expect(olena.acceptInvitation({ code })).rejects.toEqual(refusal('city.invitation_unknown'))
    const elsewhere = await opened()
    await expect(taras.revokeRoomInvitation({ room: elsewhere, invitation: third.id })).rejects.toEqual(
      refusal('city.invitation_unknown'),
    )
  })

  it('come with an invitation to the city that names a room, where its maker may let people in', async () => {
    const room = await opened()
    const own = await opened()
    await city.as('taras').setMember({ room, principal: Iryna.id, role: 'member' })
    const joins = [
      { room, invitedBy: Iryna.id },
      { room: own, invitedBy: Taras.id },
      { room: 'room_none', invitedBy: Taras.id },
      {},
    ]
    await city.db.transaction().execute(async (tx) => {
      for (const join of joins)
        await city.events.append(tx, {
          type: residentJoined,
          data: { principal: Olena, ...join },
          principal: Olena.id,
        })
    })
    await city.events.settled()
    expect(await rolesIn(own)).toMatchObject({ [Olena.id]: 'member' })
    expect(await rolesIn(room)).not.toHaveProperty(Olena.id)
  })

  it('talk, two or more, and the same people have the same talk', async () => {
    const [taras, iryna, olena] = [city.as('taras'), city.as('iryna'), city.as('olena')]
    const [one, other] = await Promise.all([
      taras.openTalk({ people: [Iryna.id] }),
      iryna.openTalk({ people: [Taras.id, Iryna.id] }),
    ])
    expect(one).toMatchObject({
      id: other.id,
      visibility: 'direct',
      name: 'Ірина',
      people: [{ id: Iryna.id }],
    })
    expect(other.name).toBe('Тарас')
    await expect(olena.room({ room: one.id })).rejects.toEqual(refusal('city.room_not_found'))
    expect((await olena.directory({})).items.map(({ id }) => id)).not.toContain(one.id)
    expect((await taras.rooms({ limit: 200 })).items.map(({ id }) => id)).toContain(one.id)
    for (const act of [
      () => taras.leave({ room: one.id, principal: Taras.id }),
      () => taras.addMember({ room: one.id, principal: Olena.id }),
      () => taras.inviteToRoom({ room: one.id }),
      () => taras.setMember({ room: one.id, principal: Olena.id, role: 'member' }),
    ])
      await expect(act()).rejects.toEqual(refusal('city.room_direct'))

    const three = await taras.openTalk({ people: [Iryna.id, Olena.id] })
    expect(three.people.map(({ name }) => name).sort()).toEqual(['Ірина', 'Олена'])
    await olena.leave({ room: three.id, principal: Olena.id })
    await expect(olena.room({ room: three.id })).rejects.toEqual(refusal('city.room_not_found'))
    expect((await taras.openTalk({ people: [Iryna.id, Olena.id] })).id).not.toBe(three.id)

    const own = (await taras.rooms({ limit: 200 })).items.find(({ name }) => name === 'DAARWIZZ')
    expect((await taras.openTalk({ people: ['agent_daarwizz'] })).id).toBe(own?.id)
    await expect(taras.openTalk({ people: [Taras.id] })).rejects.toEqual(refusal('city.talk_alone'))
    await expect(taras.openTalk({ people: ['p_nobody'] })).rejects.toEqual(refusal('city.resident_not_found'))
  })

  it('see a room’s picture wherever they see the room, and its archive reads', async () => {
    const [taras, iryna] = [city.as('taras'), city.as('iryna')]
    const room = await opened({ joining: 'request' })
    const picture = await upload(city, 'taras', BYTES.png, 'a.png')
    const foreign = await upload(city, 'iryna', BYTES.png, 'b.png')
    const text = await upload(city, 'taras', BYTES.text, 'a.txt')
    const status = async (who: 'iryna' | 'taras') =>
      (await city.fetch(who, `/api/city/files/${picture}`)).status
    expect(await status('iryna')).toBe(404)
    for (const wrong of [foreign, text, 'none'])
      await expect(taras.changeRoom({ room, picture: wrong })).rejects.toEqual(refusal('city.picture_kind'))
    expect(await taras.changeRoom({ room, picture, topic: 'Про дах' })).toMatchObject({
      picture,
      topic: 'Про дах',
    })
    expect(await status('iryna')).toBe(200)
    await taras.changeRoom({ room, joining: 'invited' })
    expect(await status('iryna')).toBe(404)
    await expect(
      taras.changeRoom({ room: await opened({ visibility: 'public' }), joining: 'invited' }),
    ).rejects.toEqual(refusal('city.room_open'))

    await taras.post({ room, clientId: 'a', text: 'Було' })
    expect((await taras.changeRoom({ room, archived: true })).archivedAt).not.toBeNull()
    expect((await taras.rooms({ limit: 200 })).items.map(({ id }) => id)).not.toContain(room)
    expect((await taras.rooms({ archived: true })).items.map(({ id }) => id)).toContain(room)
    expect((await taras.directory({ archived: true })).items.map(({ id }) => id)).toContain(room)
    expect((await taras.messages({ room })).items).toHaveLength(1)
    await expect(taras.post({ room, clientId: 'b', text: 'Буде' })).rejects.toEqual(
      refusal('city.room_archived'),
    )
    // What was said before is the same message still.
    expect((await taras.post({ room, clientId: 'a', text: 'Було' })).text).toBe('Було')
    await taras.changeRoom({ room, archived: false })
    await taras.post({ room, clientId: 'b', text: 'Буде' })
    await expect(iryna.room({ room })).rejects.toEqual(refusal('city.room_not_found'))
  })

  it('find rooms by words of names and topics, page by page, and keep their own order', async () => {
    const [taras, iryna] = [city.as('taras'), city.as('iryna')]
    const make = async (name: string, topic = '') =>
      (await taras.openRoom({ name, topic, visibility: 'public' })).id
    const hidden = (await taras.openRoom({ name: 'Кімната таємна' })).id
    const ids = [
      await make('Кімната ігор'),
      await make('Резервне живлення', 'Генератор і кімнати з теплом'),
      await make('Об’єднання сусідів'),
      await make('Kitchen', 'Rooms to rent'),
    ]
    const find = async (q: string) => (await iryna.directory({ q })).items.map(({ id }) => id)
    expect(await find('кімнати')).toEqual([ids[0], ids[1]])
    expect(await find('КІМНАТУ ігри')).toEqual([])
    expect(await find('обєднання')).toEqual([ids[2]])
    expect(await find('kitch')).toEqual([ids[3]])
    expect(await find('%')).toEqual((await iryna.directory({})).items.map(({ id }) => id))
    expect((await taras.directory({ q: 'таємна' })).items.map(({ id }) => id)).toEqual([hidden])
    const all = (await iryna.directory({ limit: 100 })).items.map(({ id }) => id)
    expect(all).not.toContain(hidden)
    const paged: string[] = []
    for (let after: string | undefined, i = 0; i < 30; i++) {
      const page = await iryna.directory({ limit: 2, ...(after && { after }) })
      paged.push(...page.items.map(({ id }) => id))
      after = page.next
      if (after === undefined) break
    }
    expect(paged).toEqual(all)

    await iryna.orderRooms({ rooms: [ids[1] ?? '', hidden, ids[0] ?? ''] })
    await iryna.preferRoom({ room: ids[1] ?? '', favourite: true, notify: 'mentions' })
    const kept = new Map((await iryna.rooms({ limit: 200 })).items.map((room) => [room.id, room]))
    expect(kept.get(ids[1] ?? '')).toMatchObject({ position: 0, favourite: true, notify: 'mentions' })
    expect(kept.get(ids[0] ?? '')).toMatchObject({ position: 1, favourite: false, notify: 'all' })
    expect(await taras.room({ room: ids[1] ?? '' })).toMatchObject({ position: null, favourite: false })
    await iryna.orderRooms({ rooms: [] })
    expect((await iryna.room({ room: ids[1] ?? '' })).position).toBeNull()
  })

  it('of a community are its members alone', async () => {
    const taras = city.as('taras')
    const room = await opened()
    await city.db
      .updateTable('city.room')
      .set({ visibility: 'community', community_id: 'com_1' })
      .where('id', '=', room)
      .execute()
    expect(await taras.room({ room })).toMatchObject({ visibility: 'community', community: 'com_1' })
    await expect(city.as('olena').room({ room })).rejects.toEqual(refusal('city.room_not_found'))
  })
})

const server = process.env.TEST_DATABASE_URL ?? ''
describe.skipIf(server === '')('races for a room, over PostgreSQL', () => {
  it('leave one owner of two who go at once, and let one in by a link with one use', async () => {
    await using scratch = await scratchPostgres(server)
    const open = async () => await openPostgres({ url: scratch.url })
    const first = await open()
    await migrateUp(first)
    await using one = await openTestCity({ database: first })
    await using two = await openTestCity({ database: await open() })
    for (let i = 0; i < 8; i++) {
      const { id: room } = await one.as('taras').openRoom({ name: `Двоє ${i}` })
      await one.as('taras').setMember({ room, principal: Iryna.id, role: 'owner' })
      const gone = await Promise.allSettled([
        one.as('taras').leave({ room, principal: Taras.id }),
        two.as('iryna').setMember({ room, principal: Iryna.id, role: 'member' }),
      ])
      expect(gone.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(gone.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'city.last_owner' },
      })

      const { id: other } = await one.as('taras').openRoom({ name: `Одне ${i}` })
      const { code } = await one.as('taras').inviteToRoom({ room: other })
      const came = await Promise.allSettled([
        one.as('olena').acceptInvitation({ code }),
        two.as('iryna').acceptInvitation({ code }),
      ])
      expect(came.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(came.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'city.invitation_unknown' },
      })
      const [talk, same] = await Promise.all([
        one.as('taras').openTalk({ people: [Iryna.id] }),
        two.as('iryna').openTalk({ people: [Taras.id] }),
      ])
      expect(talk.id).toBe(same.id)
    }
    expect([...one.bugs, ...two.bugs]).toEqual([])
  }, 60_000)
})
