import { once } from 'node:events'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { openTestCity, people, type Someone, type TestCity } from '../../../../test/kit/city-service.ts'
import { scheduledDue } from '../city.events.ts'

describe('what one keeps for oneself', () => {
  let city: TestCity
  let room: string
  beforeAll(async () => {
    city = await openTestCity()
    room = (await city.as('olena').openRoom({ name: 'Desk', visibility: 'public' })).id
  })
  afterAll(async () => {
    expect(city?.bugs).toEqual([])
    await city?.[Symbol.asyncDispose]()
  })

  let said = 0
  const say = async (who: Someone, text: string, where = room) =>
    await city.as(who).post({ room: where, clientId: `d${said++}`, text })
  const refused = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      (failure: { code: string }) => failure.code,
    )
  const mentions = async (who: Someone, input: { limit?: number; before?: string } = {}) =>
    await city.as(who).mentions(input)

  it('lists who was called by name or with everybody, only where they may read, and not for ever', async () => {
    const closed = await city.as('olena').openRoom({ name: 'Закрита' })
    const first = await say('olena', 'Добрий день, @Тарас! Пишіть на info@Ірина.test')
    await say('olena', '@Тарас тут вас не чути', closed.id)
    const all = await say('olena', '@room збори о шостій, @тарас теж')
    expect((await mentions('taras')).items.map(({ message, mention }) => [message.id, mention])).toEqual([
      [all.id, 'name'],
      [first.id, 'name'],
    ])
    const one = await mentions('taras', { limit: 1 })
    expect(one.items).toHaveLength(1)
    expect((await mentions('iryna')).items).toMatchObject([{ mention: 'room', room: { id: room } }])
    expect((await mentions('olena')).items).toEqual([])
    await city.as('olena').remove({ message: all.id })
    expect((await mentions('taras')).items.map(({ message }) => message.id)).toEqual([first.id])
    expect((await mentions('iryna')).items).toEqual([])
    const calls = await Promise.all(Array.from({ length: 7 }, () => refused(say('iryna', '@room увага'))))
    expect(calls.filter((code) => code === 'city.alerts_spent')).toHaveLength(2)
    expect(await refused(say('iryna', 'без заклику'))).toBe('done')
  })

  it('calls by @here those alone who have the room before their eyes, and may read it', async () => {
    const watch = (await city.as('olena').openRoom({ name: 'Варта' })).id
    for (const { id } of [people.taras, people.iryna])
      await city.as('olena').addMember({ room: watch, principal: id })
    const lines: WebSocket[] = []
    const come = async (who: Someone, state: string, where: string) => {
      const line = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, {
        headers: { authorization: `Bearer ${who}` },
      })
      lines.push(line)
      await once(line, 'open')
      line.send(JSON.stringify({ type: 'presence', state, room: where }))
    }
    const called = async (who: Someone, message: string) =>
      (await mentions(who)).items.filter((one) => one.message.id === message).map((one) => one.mention)
    const inSight = async (where: string) =>
      (await city.as('olena').presence({ principals: [], rooms: [where] })).rooms[0]?.here
    const soon = { timeout: 20_000 }
    try {
      await come('olena', 'here', watch)
      await come('taras', 'here', watch)
      await come('iryna', 'here', room)
      await come('iryna', 'away', watch)
      await expect.poll(() => inSight(watch), soon).toBe(2)
      await expect.poll(() => inSight(room), soon).toBe(1)
      const first = await say('olena', '@here зміна варти', watch)
      expect(await called('taras', first.id)).toEqual(['here'])
      // She is in the city and looks elsewhere; nobody calls themselves.
      expect(await called('iryna', first.id)).toEqual([])
      expect(await called('olena', first.id)).toEqual([])
      await come('iryna', 'here', watch)
      await expect.poll(() => inSight(watch), soon).toBe(3)
      await city.as('olena').leave({ room: watch, principal: people.iryna.id })
      const second = await say('olena', '@here пароль змінено', watch)
      const kept = await city.db
        .selectFrom('city.mention')
        .select('principal')
        .where('message', '=', second.id)
        .where('principal', '<>', '')
        .execute()
      expect(kept).toEqual([{ principal: people.taras.id }])
    } finally {
      for (const line of lines) line.terminate()
    }
  })

  it('saves for one person alone, once, as long as it stands', async () => {
    const one = await say('olena', 'перше')
    const two = await say('olena', 'друге')
    for (const { id } of [one, two, one]) await city.as('taras').save({ message: id })
    const kept = async () => (await city.as('taras').saved({})).items.map(({ message }) => message.text)
    expect(await kept()).toEqual(['друге', 'перше'])
    const page = await city.as('taras').saved({ limit: 1 })
    const rest = await city.as('taras').saved({ limit: 1, before: page.next })
    expect([page.items[0]?.message.text, rest.items[0]?.message.text]).toEqual(['друге', 'перше'])
    expect((await city.as('iryna').saved({})).items).toEqual([])
    await city.as('taras').unsave({ message: two.id })
    await city.as('olena').remove({ message: one.id })
    expect(await kept()).toEqual([])
  })

  it('marks unread from a number, however far one had read', async () => {
    const { id } = await city.as('olena').openRoom({ name: 'Unread', visibility: 'public' })
    for (const text of ['1', '2', '3']) await say('olena', text, id)
    await city.as('taras').read({ room: id, seq: 3 })
    expect(await city.as('taras').unread({ room: id, seq: 2 })).toEqual({ readSeq: 1 })
    expect(await city.as('taras').room({ room: id })).toMatchObject({ unread: 2, readSeq: 1 })
  })

  it('shows a long thread from anywhere, a window at a time, and reads it as far as it was seen', async () => {
    const { id } = await city.as('olena').openRoom({ name: 'Window', visibility: 'public' })
    const [olena, taras] = [city.as('olena'), city.as('taras')]
    const root = await say('olena', 'корінь', id)
    const other = await say('olena', 'інший корінь', id)
    const seqs: number[] = []
    for (let n = 0; n < 12; n++) {
      const { seq } = await olena.post({ room: id, clientId: `r${n}`, text: `${n}`, thread: root.id })
      seqs.push(seq)
      await olena.post({ room: id, clientId: `o${n}`, text: `o${n}`, thread: other.id })
    }
    const seen = async (input: { after?: number; before?: number; around?: string }) => {
      const { items, next } = await taras.messages({ room: id, thread: root.id, limit: 5, ...input })
      return { texts: items.map(({ text }) => text), next }
    }
    const seq = (n: number) => seqs[n] ?? 0
    expect(await seen({})).toEqual({ texts: ['7', '8', '9', '10', '11'], next: seq(7) })
    expect(await seen({ before: seq(7) })).toEqual({ texts: ['2', '3', '4', '5', '6'], next: seq(2) })
    expect(await seen({ before: seq(2) })).toEqual({ texts: ['0', '1'], next: undefined })
    expect(await seen({ after: seq(6) })).toEqual({ texts: ['7', '8', '9', '10', '11'], next: undefined })
    expect(await seen({ after: seq(0) })).toMatchObject({ texts: ['1', '2', '3', '4', '5'], next: seq(5) })
    expect((await seen({ around: `${seq(6)}` })).texts).toEqual(['4', '5', '6', '7', '8'])

    const unread = async (message: string) => (await taras.message({ room: id, message })).replies?.unread
    await taras.read({ room: id, seq: root.seq })
    expect(await taras.room({ room: id })).toMatchObject({ unread: 1, readSeq: root.seq })
    expect(await taras.readThread({ message: root.id, seq: seq(4) })).toEqual({ readSeq: seq(4) })
    expect([await unread(root.id), await unread(other.id)]).toEqual([7, 12])
    expect(await taras.readThread({ message: root.id, seq: seq(1) })).toEqual({ readSeq: seq(4) })
    expect(await taras.room({ room: id })).toMatchObject({ unread: 1, readSeq: root.seq })
    const { seq: last } = await taras.room({ room: id })
    expect(await taras.readThread({ message: root.id, seq: last + 1000 })).toEqual({ readSeq: last })
    expect(await unread(root.id)).toBe(0)
  })

  it('lists messages from a moment on', async () => {
    const { id } = await city.as('olena').openRoom({ name: 'Days', visibility: 'public' })
    const [, second] = [await say('olena', 'перше', id), await say('olena', 'друге', id)]
    const { items } = await city.as('taras').messages({ room: id, at: second.createdAt, limit: 1 })
    expect(Date.parse(items[0]?.createdAt ?? '')).toBeGreaterThanOrEqual(Date.parse(second.createdAt))
    const after = await city.as('taras').messages({ room: id, at: '2999-01-01T00:00:00.000Z', limit: 2 })
    expect(after.items.map(({ text }) => text)).toEqual(['друге'])
  })

  it('keeps a draft for each room and person, the last one', async () => {
    for (const text of ['по', 'почате']) await city.as('taras').draft({ room, text })
    expect((await city.as('taras').drafts({})).items).toMatchObject([{ room, text: 'почате' }])
    expect((await city.as('olena').drafts({})).items).toEqual([])
    await city.as('taras').draft({ room, text: ' ' })
    expect((await city.as('taras').drafts({})).items).toEqual([])
  })

  it('says later what was scheduled, once, changed or not at all as one likes', async () => {
    const { id } = await city.as('olena').openRoom({ name: 'Later', visibility: 'public' })
    const soon = (ms: number) => new Date(Date.now() + ms).toISOString()
    const taras = city.as('taras')
    const never = await taras.schedule({ room: id, text: 'ніколи', at: soon(3_600_000) })
    const sooner = await taras.schedule({ room: id, text: 'рано', at: soon(3_600_000) })
    await taras.schedule({ room: id, text: 'вчасно', at: soon(200) })
    expect((await taras.scheduled({ room: id })).items.map(({ text }) => text)).toEqual([
      'вчасно',
      'ніколи',
      'рано',
    ])
    expect((await city.as('olena').scheduled({})).items).toEqual([])
    await taras.reschedule({ scheduled: sooner.id, text: 'пізно', at: soon(300) })
    await taras.unschedule({ scheduled: never.id })
    // Another alarm of the same time, as after a kill between saying and forgetting.
    await city.db.transaction().execute(async (tx) => {
      const data = { scheduled: sooner.id, revision: 2 }
      await city.events.append(tx, { type: scheduledDue, principal: people.taras.id, data })
      await city.events.append(tx, {
        type: scheduledDue,
        principal: people.taras.id,
        data: { ...data, revision: 1 },
      })
    })
    const texts = async () => (await taras.messages({ room: id })).items.map(({ text }) => text).sort()
    await expect.poll(texts).toEqual(['вчасно', 'пізно'])
    await expect.poll(async () => (await taras.scheduled({})).items).toEqual([])
    // Alarms of an earlier time still wait for it; those that are due were all heard.
    const due = async () => {
      const { rows } = await sql<{ left: number | string }>`
        select count(*) as left from events.delivery
        where consumer = 'city.say_scheduled' and state <> 'done' and available_at <= now()`.execute(city.db)
      return Number(rows[0]?.left)
    }
    await expect.poll(due).toBe(0)
    expect(await texts()).toEqual(['вчасно', 'пізно'])
    expect(await refused(taras.unschedule({ scheduled: never.id }))).toBe('city.scheduled_not_found')
    expect(await refused(taras.schedule({ room: id, text: 'x', at: '2020-01-01T00:00:00.000Z' }))).toBe(
      'city.time_past',
    )
    const closed = await city.as('olena').openRoom({ name: 'Зачинена' })
    expect(await refused(taras.schedule({ room: closed.id, text: 'x', at: soon(100) }))).toBe(
      'city.room_not_found',
    )
    // Let in and taken out again before the time: it says so instead of going missing.
    await city.as('olena').addMember({ room: closed.id, principal: people.taras.id })
    await taras.schedule({ room: closed.id, text: 'запізно', at: soon(400) })
    await city.as('olena').leave({ room: closed.id, principal: people.taras.id })
    await expect
      .poll(async () => (await taras.scheduled({})).items, { timeout: 5_000 })
      .toMatchObject([{ text: 'запізно', state: 'failed', error: { code: 'city.room_not_found' } }])
  })
})
