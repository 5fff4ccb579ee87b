import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestCity, people, type TestCity } from '../../../../test/kit/city-service.ts'
import { placeIn } from '../map/place-in.ts'

const refusal = (code: string) => expect.objectContaining({ code })
const { olena: Olena, taras: Taras, iryna: Iryna } = people

describe('people, the map and what happened', () => {
  let city: TestCity
  beforeAll(async () => {
    city = await openTestCity()
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  it('lists residents and agents by name, with what they are at and the rooms one shares', async () => {
    const [taras, iryna] = [city.as('taras'), city.as('iryna')]
    const { items } = await taras.people({})
    expect(items.map(({ name }) => name)).toEqual(['Ірина', 'Олена', 'Тарас', 'DAARWIZZ'])
    expect(items.find(({ id }) => id === Olena.id)).toMatchObject({
      kind: 'person',
      role: 'owner',
      state: 'gone',
    })
    expect((await taras.people({ q: 'іри' })).items.map(({ id }) => id)).toEqual([Iryna.id])
    expect((await taras.people({ kind: 'agent' })).items.map(({ name }) => name)).toEqual(['DAARWIZZ'])
    const first = await taras.people({ limit: 3 })
    expect((await taras.people({ limit: 3, after: first.next ?? '' })).items.map(({ name }) => name)).toEqual(
      ['DAARWIZZ'],
    )

    const ours = await taras.openRoom({ name: 'Спільна' })
    await taras.openRoom({ name: 'Моя' })
    const theirs = await iryna.openRoom({ name: 'Їхня' })
    await taras.setMember({ room: ours.id, principal: Iryna.id, role: 'member' })
    expect((await taras.person({ person: Iryna.id })).rooms).toEqual([
      { id: ours.id, slug: ours.slug, name: 'Спільна' },
    ])
    expect((await iryna.person({ person: Iryna.id })).rooms.map(({ id }) => id)).toContain(theirs.id)
    await expect(taras.person({ person: 'p_nobody' })).rejects.toEqual(refusal('city.resident_not_found'))
  })

  it('shows on the map what the asker may enter, and a hidden room leaves no trace there', async () => {
    const [taras, iryna, olena] = [city.as('taras'), city.as('iryna'), city.as('olena')]
    const before = await iryna.map({})
    const hidden = await taras.openRoom({ name: 'Прихована' })
    const open = await taras.openRoom({ name: 'Відкрита', visibility: 'public' })
    const placed = { room: hidden.id, district: 'center', x: 300, y: 300 }
    await taras.setPlace(placed)
    const after = await iryna.map({})
    expect(after.places.filter(({ room }) => room.id !== open.id)).toEqual(before.places)
    expect(after.places.find(({ room }) => room.id === open.id)).toMatchObject({
      district: 'center',
      placed: false,
      movable: false,
      here: 0,
      agents: 1,
    })
    const mine = await taras.map({})
    expect(mine.places.find(({ room }) => room.id === hidden.id)).toMatchObject({
      ...placed,
      room: {},
      placed: true,
    })
    await expect(iryna.setPlace(placed)).rejects.toEqual(refusal('city.room_not_found'))
    await expect(olena.setPlace(placed)).rejects.toEqual(refusal('city.room_not_found'))
    await expect(iryna.setPlace({ ...placed, room: open.id })).rejects.toEqual(refusal('city.not_manager'))
    await expect(taras.setPlace({ ...placed, x: 0 })).rejects.toEqual(refusal('city.place_outside'))
    await expect(taras.setPlace({ ...placed, district: 'none' })).rejects.toEqual(
      refusal('city.district_not_found'),
    )
    await olena.setPlace({ ...placed, room: open.id })
    await taras.removePlace({ room: hidden.id })
    expect((await taras.map({})).placeless.map(({ id }) => id)).toContain(hidden.id)

    const wharf = { district: 'wharf', name: 'Причал', x: 0, y: 700, width: 200, height: 200 }
    await expect(taras.setDistrict(wharf)).rejects.toEqual(refusal('auth.forbidden'))
    await expect(olena.setDistrict({ ...wharf, x: 900 })).rejects.toEqual(refusal('city.place_outside'))
    await olena.setDistrict(wharf)
    await taras.setPlace({ room: hidden.id, district: 'wharf', x: 190, y: 890 })
    await olena.setDistrict({ ...wharf, width: 100 })
    expect((await taras.map({})).places.find(({ room }) => room.id === hidden.id)).toMatchObject({
      x: 100,
      y: 890,
    })
    await olena.removeDistrict({ district: 'wharf' })
    expect((await taras.map({})).places.map(({ room }) => room.id)).not.toContain(hidden.id)
    await expect(olena.removeDistrict({ district: 'wharf' })).rejects.toEqual(
      refusal('city.district_not_found'),
    )
    await expect(olena.removeDistrict({ district: 'center' })).rejects.toEqual(refusal('city.district_last'))
  })

  it('gives rooms places of their own that do not move', () => {
    const district = { id: 'd', name: 'd', x: 100, y: 200, width: 480, height: 240 }
    const places = Array.from({ length: 16 }, (_, n) => placeIn(district, n))
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(16)
    for (const { x, y } of places)
      expect(x >= 100 && x <= 580 && y >= 200 && y <= 440, `${x} ${y}`).toBe(true)
  })

  it('tells what happened where one may look now, what is unseen first, and how much of it', async () => {
    const [taras, iryna, olena] = [city.as('taras'), city.as('iryna'), city.as('olena')]
    const { id: room } = await taras.openRoom({ name: 'Новини', joining: 'request' })
    await taras.setMember({ room, principal: Iryna.id, role: 'member' })
    const asked = await iryna.post({ room, clientId: 'q', text: 'Коли збори?' })
    await taras.post({ room, clientId: 'h', text: 'Доброго ранку' })
    await taras.post({ room, clientId: 'a', text: 'О шостій', replyTo: asked.id })
    await taras.post({ room, clientId: 'm', text: '@Ірина, візьміть ключі' })
    await olena.askToJoin({ room, note: 'Пустіть' })

    const of = async (who: 'iryna' | 'taras' | 'olena') =>
      (await city.as(who).feed({ limit: 100 })).items.filter((item) => item.room.id === room)
    const seen = await of('iryna')
    expect(seen.map(({ kind, unread }) => [kind, unread])).toEqual(
      expect.arrayContaining([
        ['messages', true],
        ['mention', true],
        ['reply', true],
      ]),
    )
    expect(seen.find(({ kind }) => kind === 'messages')).toMatchObject({
      count: 1,
      text: 'Доброго ранку',
    })
    // No message is told twice.
    const said = seen.flatMap(({ message }) => message ?? [])
    expect(new Set(said).size).toBe(said.length)
    expect(seen.find(({ kind }) => kind === 'reply')).toMatchObject({
      text: 'О шостій',
      people: [{ id: Taras.id }],
    })
    expect(await of('olena')).toEqual([])
    expect((await of('taras')).find(({ kind }) => kind === 'request')).toMatchObject({
      unread: true,
      people: [{ id: Olena.id }],
      text: 'Пустіть',
    })
    expect((await of('taras')).find(({ kind }) => kind === 'joined')).toMatchObject({
      people: [{ id: Iryna.id }],
    })

    expect(await iryna.room({ room })).toMatchObject({ unread: 3, mentions: 2 })
    const { digest } = await iryna.feed({})
    expect(digest?.since).toBeNull()
    expect(digest?.rooms.find((one) => one.room.id === room)).toMatchObject({ messages: 3, mentions: 1 })
    await iryna.feedSeen({})
    expect((await iryna.feed({})).digest?.rooms.find((one) => one.room.id === room)).toBeUndefined()

    await iryna.read({ room, seq: 99 })
    const all = (await iryna.feed({ limit: 100 })).items
    const firstRead = all.findIndex(({ unread }) => !unread)
    expect(all.slice(firstRead).every(({ unread }) => !unread)).toBe(true)
    expect(all.filter((item) => item.room.id === room).some(({ unread }) => unread)).toBe(false)
    const paged: string[] = []
    for (let after: string | undefined, i = 0; i < 60; i++) {
      const page = await iryna.feed({ limit: 2, ...(after && { after }) })
      paged.push(...page.items.map(({ id }) => id))
      after = page.next
      if (after === undefined) break
    }
    expect(paged).toEqual(all.map(({ id }) => id))

    await taras.decideRequest({ room, principal: Olena.id, accept: false })
    expect(await of('olena')).toMatchObject([{ kind: 'decision', accepted: false, unread: true }])
    await taras.changeRoom({ room, joining: 'invited' })
    expect(await of('olena')).toEqual([])
    await taras.leave({ room, principal: Iryna.id })
    expect(await of('iryna')).toEqual([])
  })
})
