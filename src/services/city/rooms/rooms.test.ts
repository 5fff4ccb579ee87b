import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestCity, people, type TestCity } from '../../../../test/kit/city-service.ts'

const refusal = (code: string) => expect.objectContaining({ code })

describe('rooms', () => {
  let city: TestCity
  beforeAll(async () => {
    city = await openTestCity()
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  it('begin with the square, which is everybody’s and nobody’s', async () => {
    const { items } = await city.as('taras').rooms({})
    expect(items[0]).toMatchObject({
      slug: 'square',
      name: 'Площа',
      visibility: 'public',
      replyPolicy: { mode: 'mentioned', agents: ['daarwizz'] },
      membership: null,
      seq: 0,
      unread: 0,
    })
    const renamed = city.as('taras').changeRoom({ room: 'square', name: 'Моя' })
    await expect(renamed).rejects.toEqual(refusal('city.not_manager'))
    const owner = await city.as('olena').changeRoom({ room: 'square', name: 'Площа Ринок' })
    expect(owner.name).toBe('Площа Ринок')
  })

  it('get an address from their name, and keep the ones they were given', async () => {
    const open = async (name: string, slug?: string) =>
      (await city.as('olena').openRoom({ name, ...(slug && { slug }) })).slug
    expect(await open('Рада громади № 5')).toBe('rada-hromady-no-5')
    expect(await open('Рада громади № 5')).toMatch(/^rada-hromady-no-5-[0-9a-f]{10}$/)
    expect(await open('Щедрик, «Згурівка»!')).toBe('shchedryk-zghurivka')
    expect(await open('日本語')).toBe('room')
    expect(await open('x'.repeat(80))).toBe('x'.repeat(60))
    expect(await open('Any', 'my-room')).toBe('my-room')
    await expect(open('Any', 'my-room')).rejects.toEqual(refusal('city.slug_taken'))
    await expect(open('Any', 'No_Slug')).rejects.toEqual(refusal('input.invalid'))
    await expect(open('NUL\0')).rejects.toEqual(refusal('city.text_invalid'))
  })

  it('that are private are their members’ alone, and look to all others like none', async () => {
    const { id: room, slug } = await city.as('olena').openRoom({ name: 'Таємна' })
    const taras = city.as('taras')
    for (const ref of [room, slug, 'none'])
      for (const attempt of [
        taras.room({ room: ref }),
        taras.members({ room: ref }),
        taras.messages({ room: ref }),
        taras.changeRoom({ room: ref, name: 'x' }),
        taras.addMember({ room: ref, principal: people.taras.id }),
        taras.leave({ room: ref, principal: people.olena.id }),
        taras.read({ room: ref, seq: 1 }),
        taras.message({ room: ref, message: 'msg_1' }),
        taras.correct({ room: ref, message: 'msg_1', index: 0, text: 'x' }),
        taras.retryPart({ room: ref, message: 'msg_1', index: 0 }),
        taras.retryRun({ room: ref, message: 'msg_1' }),
      ])
        await expect(attempt).rejects.toEqual(refusal('city.room_not_found'))
    expect((await taras.rooms({})).items.map((item) => item.id)).not.toContain(room)
    expect(await taras.readable({ rooms: [room, 'none'] })).toEqual({ rooms: [] })
    expect(await city.as('olena').readable({ rooms: [room, 'none'] })).toEqual({ rooms: [room] })
  })

  it('let members in and out by their owner’s will, and never lose the last owner', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Гурток' })
    const [olena, taras] = [city.as('olena'), city.as('taras')]
    await expect(olena.addMember({ room, principal: 'p_nobody' })).rejects.toEqual(
      refusal('city.resident_not_found'),
    )
    await olena.addMember({ room, principal: people.taras.id })
    await olena.addMember({ room, principal: people.taras.id })
    expect((await taras.members({ room })).items).toEqual([
      { id: people.olena.id, kind: 'person', name: 'Олена', membership: 'owner' },
      { id: people.taras.id, kind: 'person', name: 'Тарас', membership: 'member' },
    ])
    expect((await taras.room({ room })).membership).toBe('member')
    await expect(taras.addMember({ room, principal: people.iryna.id })).rejects.toEqual(
      refusal('city.not_inviter'),
    )
    await expect(taras.leave({ room, principal: people.olena.id })).rejects.toEqual(
      refusal('city.not_manager'),
    )
    await expect(olena.leave({ room, principal: people.olena.id })).rejects.toEqual(
      refusal('city.last_owner'),
    )
    await taras.leave({ room, principal: people.taras.id })
    await expect(taras.room({ room })).rejects.toEqual(refusal('city.room_not_found'))
    await expect(olena.addMember({ room: 'square', principal: people.taras.id })).rejects.toEqual(
      refusal('city.room_public'),
    )
  })

  it('of one’s own keep their two', async () => {
    const taras = city.as('taras')
    const own = (await taras.rooms({})).items.find(({ visibility }) => visibility === 'direct')
    const room = own?.id ?? ''
    expect(own).toMatchObject({ membership: 'owner', name: 'DAARWIZZ' })
    await expect(taras.addMember({ room, principal: people.olena.id })).rejects.toEqual(
      refusal('city.room_direct'),
    )
    await expect(taras.leave({ room, principal: people.taras.id })).rejects.toEqual(
      refusal('city.room_direct'),
    )
  })

  it('know what was read, and never forget it', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Читана', visibility: 'public' })
    for (let i = 1; i <= 5; i++) await city.as('olena').post({ room, clientId: `${i}`, text: `${i}` })
    const [olena, taras] = [city.as('olena'), city.as('taras')]
    expect(await olena.room({ room })).toMatchObject({ unread: 0, readSeq: 0 })
    expect(await taras.room({ room })).toMatchObject({ unread: 5, readSeq: 0, seq: 5 })
    expect(await taras.read({ room, seq: 3 })).toEqual({ readSeq: 3 })
    expect(await taras.read({ room, seq: 1 })).toEqual({ readSeq: 3 })
    expect(await taras.room({ room })).toMatchObject({ unread: 2, readSeq: 3 })
    expect(await taras.read({ room, seq: 900 })).toEqual({ readSeq: 5 })
    expect((await taras.rooms({})).items.find(({ id }) => id === room)).toMatchObject({ unread: 0 })
  })

  it('come in pages', async () => {
    const all = (await city.as('olena').rooms({ limit: 200 })).items.map(({ id }) => id)
    const paged: string[] = []
    for (let after: string | undefined, i = 0; i < 50; i++) {
      const page = await city.as('olena').rooms({ limit: 3, ...(after && { after }) })
      paged.push(...page.items.map(({ id }) => id))
      after = page.next
      if (after === undefined) break
    }
    expect(paged).toEqual(all)
    expect(all.length).toBeGreaterThan(6)
  })

  it('are seeded once, however often the city starts', async () => {
    const { count } = await city.db
      .selectFrom('city.room')
      .select((of) => of.fn.countAll().as('count'))
      .where('slug', '=', 'square')
      .executeTakeFirstOrThrow()
    expect(Number(count)).toBe(1)
  })
})
