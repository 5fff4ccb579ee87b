import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import {
  BYTES,
  DAARWIZZ,
  openTestCity,
  people,
  type Someone,
  type TestCity,
  upload,
} from '../../../../test/kit/city-service.ts'
import { eventually } from '../../../../test/kit/eventually.ts'
import { runFinished } from '../../agents/agents.events.ts'
import { residentJoined } from '../../auth/auth.events.ts'
import { partProcessed } from '../../multimodal-gateway/multimodal-gateway.events.ts'
import { agentCalled } from '../city.events.ts'
import type { FilterRule, NewcomerLimits } from '../moderation.contract.ts'

const { olena: Olena, taras: Taras, iryna: Iryna } = people
const refusal = (code: string, params?: object) =>
  expect.objectContaining({ code, ...(params && { params: expect.objectContaining(params) }) })
const hour = () => new Date(Date.now() + 3600_000).toISOString()
const rule = (value: string, action: FilterRule['action']): FilterRule => ({ kind: 'words', value, action })
const ANYBODY: NewcomerLimits = { days: 0, messages: 0, perMinute: 0, links: true, files: true }

describe('moderation', () => {
  let city: TestCity
  let n = 0
  const runs: string[] = []
  beforeAll(async () => {
    city = await openTestCity({
      before: ({ events, db }) =>
        events.consume({
          name: 'test.calls',
          db,
          types: [agentCalled],
          handle: async ({ data }) => void runs.push(data.run),
        }),
    })
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  const say = async (who: Someone, room: string, text: string, more: object = {}) =>
    await city.as(who).post({ room, clientId: `m${n++}`, text, ...more })
  /** Taras keeps it, Iryna is in it, Olena runs the city and is not. */
  const club = async () => {
    const room = (await city.as('taras').openRoom({ name: `Гурток ${n++}` })).id
    await city.as('taras').addMember({ room, principal: Iryna.id })
    return room
  }
  const square = async (name = `Площа ${n++}`) =>
    (await city.as('taras').openRoom({ name, visibility: 'public' })).id
  const waiting = async (who: Someone, room: string) => (await city.as(who).reports({ room })).items

  describe('a report', () => {
    it('goes to those who keep the room with the words as they were, and the reported never sees it', async () => {
      const room = await square()
      const said = await say('iryna', room, 'Продам гараж')
      const asked = { message: said.id, reason: 'spam', words: 'Третій раз' } as const
      const [first, again] = [await city.as('olena').report(asked), await city.as('olena').report(asked)]
      expect(again).toEqual(first)
      await city.as('iryna').edit({ message: said.id, text: 'Нічого такого' })

      const [one, ...more] = await waiting('taras', room)
      expect(more).toEqual([])
      expect(one).toMatchObject({
        kind: 'message',
        state: 'open',
        kept: 'Продам гараж',
        words: 'Третій раз',
        subject: { name: 'Ірина' },
        reporter: { name: 'Олена' },
        may: ['dismissed', 'removed', 'muted', 'banned'],
      })
      expect(await city.as('iryna').waitingReports({})).toEqual({ waiting: null })
      expect(await waiting('iryna', room)).toEqual([])
      for (const act of [
        () => city.as('iryna').takeReport({ report: first.id }),
        () => city.as('iryna').settleReport({ report: first.id, outcome: 'dismissed' }),
      ])
        await expect(act()).rejects.toEqual(refusal('city.report_not_found'))
      await expect(city.as('iryna').report(asked)).rejects.toEqual(refusal('city.report_subject'))

      const taken = await city.as('taras').takeReport({ report: first.id })
      expect(taken).toMatchObject({ state: 'taken', takenBy: { name: 'Тарас' } })
      const settle = { report: first.id, outcome: 'removed' } as const
      await expect(city.as('taras').settleReport(settle)).rejects.toEqual(refusal('city.reason_missing'))
      const settled = await city.as('taras').settleReport({ ...settle, reason: 'Це не дошка оголошень' })
      expect(settled).toMatchObject({ state: 'settled', outcome: 'removed', kept: null, may: [] })
      await expect(city.as('olena').settleReport(settle)).rejects.toEqual(refusal('city.report_settled'))
      const shown = await city.as('iryna').message({ room, message: said.id })
      expect(shown).toMatchObject({ text: '', deleted: { reason: 'Це не дошка оголошень' } })
      const trail = await city.as('taras').moderationLog({ room })
      expect(trail.items).toMatchObject([
        { action: 'removed', actor: { name: 'Тарас' }, subject: { name: 'Ірина' }, message: said.id },
      ])
      expect(JSON.stringify(trail)).not.toContain(Olena.id)
      await expect(city.as('iryna').moderationLog({ room })).rejects.toEqual(refusal('city.not_inviter'))
      await expect(
        city.db.updateTable('city.moderation_log').set({ reason: 'інше' }).execute(),
      ).rejects.toThrow('append-only')
    })

    it('keeps no words of a message that was deleted meanwhile', async () => {
      const room = await club()
      const said = await say('iryna', room, 'Таємниця сусіда')
      await city.as('taras').report({ message: said.id, reason: 'private' })
      await city.as('iryna').remove({ message: said.id })
      expect((await waiting('taras', room))[0]).toMatchObject({ kept: null, message: said.id })
    })

    it('about a person, or out of a private room, reaches those who run the city, and what they cannot see does not', async () => {
      const before = (await city.as('olena').waitingReports({})).waiting ?? 0
      await city.as('iryna').report({ person: Taras.id, reason: 'threat', words: 'на вулиці' })
      const talk = (await city.as('iryna').openTalk({ people: [Taras.id] })).id
      const said = await say('taras', talk, 'Погроза')
      await city.as('iryna').report({ message: said.id, reason: 'threat' })
      expect(await city.as('olena').waitingReports({})).toEqual({ waiting: before + 2 })
      const { items } = await city.as('olena').reports({ limit: 100 })
      expect(items.slice(-2)).toMatchObject([
        { kind: 'person', room: null, may: ['dismissed'] },
        { kind: 'message', kept: 'Погроза', may: ['dismissed', 'removed'] },
      ])
      const removed = { outcome: 'removed', reason: 'Погрози' } as const
      await city.as('olena').settleReport({ report: items.at(-1)?.id ?? '', ...removed })
      const gone = await city.as('iryna').message({ room: talk, message: said.id })
      expect(gone).toMatchObject({ text: '', deleted: { by: Olena.id, reason: 'Погрози' } })
      // In a talk nobody keeps order over the other.
      expect((await city.as('iryna').reports({})).items).toEqual([])
      const hidden = await city.as('taras').openRoom({ name: 'Тиша' })
      const own = await say('taras', hidden.id, 'а')
      for (const message of [own.id, `msg_${'0'.repeat(26)}`])
        await expect(city.as('olena').report({ message, reason: 'spam' })).rejects.toEqual(
          refusal('city.message_not_found'),
        )
    })
  })

  describe('a mute', () => {
    it('lets one read and not write, says why and until when, and can be appealed once', async () => {
      const room = await club()
      const own = await say('iryna', room, 'перше')
      const until = hour()
      await city.as('taras').mute({ room, principal: Iryna.id, reason: 'Сварка', until })
      const iryna = city.as('iryna')
      const muted = refusal('city.muted', { until: `${until.slice(0, 16)}Z` })
      for (const act of [
        () => say('iryna', room, 'друге'),
        () => iryna.edit({ message: own.id, text: 'інше' }),
        () => iryna.react({ message: own.id, emoji: '👍' }),
        () => iryna.schedule({ room, text: 'згодом', at: hour() }),
      ])
        await expect(act()).rejects.toEqual(muted)
      expect((await iryna.messages({ room })).items).toHaveLength(1)
      const { muted: told } = await iryna.standing({ room })
      expect(told).toMatchObject({ reason: 'Сварка', until, appeal: 'none' })
      const sanction = told?.id ?? ''
      await expect(city.as('olena').appeal({ sanction, words: 'я' })).rejects.toEqual(
        refusal('city.sanction_not_found'),
      )
      expect(await iryna.appeal({ sanction, words: 'Вибачте' })).toMatchObject({ appeal: 'waiting' })
      await expect(iryna.appeal({ sanction, words: 'Ще раз' })).rejects.toEqual(refusal('city.appeal_made'))

      const [asked] = await waiting('taras', room)
      expect(asked).toMatchObject({
        kind: 'appeal',
        words: 'Вибачте',
        sanction: { kind: 'mute', reason: 'Сварка' },
      })
      await city
        .as('taras')
        .settleReport({ report: asked?.id ?? '', outcome: 'lifted', reason: 'Помирилися' })
      expect((await iryna.standing({ room })).muted).toBeNull()
      expect((await say('iryna', room, 'друге')).text).toBe('друге')
      const { items } = await city.as('taras').moderationLog({ room })
      expect(items.map(({ action }) => action)).toEqual(['unmuted', 'lifted', 'muted'])
    })

    it('ends by itself, and touches nobody above', async () => {
      const room = await club()
      await city.as('taras').mute({ room, principal: Iryna.id, reason: 'а', until: hour() })
      await city.db
        .updateTable('city.sanction')
        .set({ until: new Date(Date.now() - 1000).toISOString() })
        .where('room', '=', room)
        .execute()
      expect((await say('iryna', room, 'знову')).text).toBe('знову')

      await city.as('taras').setMember({ room, principal: Iryna.id, role: 'moderator' })
      const asked = { room, reason: 'а', until: hour() }
      for (const [who, principal] of [
        ['iryna', Taras.id],
        ['iryna', Iryna.id],
        ['taras', Taras.id],
      ] as const)
        await expect(city.as(who).mute({ ...asked, principal })).rejects.toEqual(
          refusal('city.sanction_rank'),
        )
      const open = await square()
      await expect(city.as('taras').ban({ room: open, principal: Olena.id, reason: 'а' })).rejects.toEqual(
        refusal('city.sanction_rank'),
      )
      await expect(
        city.as('taras').mute({ ...asked, principal: Iryna.id, until: '2020-01-01T00:00:00.000Z' }),
      ).rejects.toEqual(refusal('city.time_past'))
      await expect(city.as('taras').mute({ ...asked, principal: DAARWIZZ.id })).rejects.toEqual(
        refusal('city.sanction_person'),
      )
    })
  })

  describe('a ban', () => {
    it('puts one out of a room, whose sockets hear it within a second, and lets nobody back by any way', async () => {
      const room = await club()
      const { code } = await city.as('taras').inviteToRoom({ room, maxUses: 5 })
      const socket = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, {
        headers: { authorization: 'Bearer iryna' },
      })
      const heard: { type: string; room?: string }[] = []
      socket.on('message', (data) => heard.push(JSON.parse(String(data))))
      await once(socket, 'open')
      socket.send(JSON.stringify({ type: 'subscribe', room }))
      await eventually(() =>
        expect(heard).toContainEqual(expect.objectContaining({ type: 'subscribed', room })),
      )
      const started = Date.now()
      await city.as('taras').ban({ room, principal: Iryna.id, reason: 'Погрози' })
      await eventually(() => expect(heard).toContainEqual({ type: 'unsubscribed', room }))
      expect(Date.now() - started).toBeLessThan(1000)
      await say('taras', room, 'без неї')
      socket.send(JSON.stringify({ type: 'subscribe', room }))
      await eventually(() =>
        expect(heard).toContainEqual(expect.objectContaining({ code: 'city.room_not_found' })),
      )
      expect(heard.filter(({ type }) => type === 'message')).toEqual([])
      socket.terminate()

      const iryna = city.as('iryna')
      for (const act of [
        () => iryna.room({ room }),
        () => iryna.messages({ room }),
        () => iryna.askToJoin({ room }),
      ])
        await expect(act()).rejects.toEqual(refusal('city.room_not_found'))
      await expect(iryna.acceptInvitation({ code })).rejects.toEqual(refusal('city.invitation_unknown'))
      for (const act of [
        () => city.as('taras').addMember({ room, principal: Iryna.id }),
        () => city.as('taras').setMember({ room, principal: Iryna.id, role: 'guest' }),
      ])
        await expect(act()).rejects.toEqual(refusal('city.banned_here'))
      expect((await iryna.mySanctions({})).items.find((one) => one.room.id === room)).toMatchObject({
        kind: 'ban',
        reason: 'Погрози',
        appeal: 'none',
      })
      expect((await city.as('taras').sanctions({ room })).items).toMatchObject([
        { kind: 'ban', person: { name: 'Ірина' }, by: { name: 'Тарас' } },
      ])
      await city.as('taras').unban({ room, principal: Iryna.id })
      expect((await iryna.acceptInvitation({ code })).id).toBe(room)
      await expect(city.as('taras').unban({ room, principal: Iryna.id })).rejects.toEqual(
        refusal('city.sanction_not_found'),
      )
    })

    it('closes an open room too: what stands there is told nowhere', async () => {
      const room = await square('Ринок сонячний')
      const file = await upload(city, 'taras', BYTES.text, 'правила.txt')
      const said = await say('taras', room, 'Правила ринку', { parts: [{ type: 'file', file }] })
      const iryna = city.as('iryna')
      await iryna.save({ message: said.id })
      await city.as('taras').ban({ room, principal: Iryna.id, reason: 'Шахрайство' })
      await expect(iryna.room({ room })).rejects.toEqual(refusal('city.room_banned'))
      await expect(iryna.history({ message: said.id })).rejects.toEqual(refusal('city.message_not_found'))
      expect((await city.fetch('iryna', `/api/city/files/${file}`)).status).toBe(404)
      const lists = [
        await iryna.rooms({ limit: 200 }),
        await iryna.directory({ q: 'сонячний' }),
        await iryna.saved({}),
        await iryna.map({}),
        await iryna.search({ q: 'ринку', mode: 'words' }),
      ]
      for (const list of lists) expect(JSON.stringify(list)).not.toContain(room)
      await city.as('taras').unban({ room, principal: Iryna.id })
      expect((await iryna.room({ room })).id).toBe(room)
    })
  })

  describe('a slow room', () => {
    it('says how long to wait, and never holds up those who keep it', async () => {
      const room = await square()
      await city.as('taras').moderateRoom({ room, slowSeconds: 60, rules: [] })
      const first = await say('iryna', room, 'раз')
      await expect(say('iryna', room, 'два')).rejects.toEqual(
        expect.objectContaining({ code: 'city.slow_mode', retryAfterMs: 60_000 }),
      )
      // What was said is still the same message when it is sent again.
      const again = { room, clientId: first.clientId ?? '', text: 'раз' }
      expect((await city.as('iryna').post(again)).id).toBe(first.id)
      const answer = await city.fetch('iryna', `/api/city/rooms/${room}/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ clientId: 'late', text: 'три' }),
      })
      expect(answer.status).toBe(429)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(55)
      expect(await city.as('iryna').standing({ room })).toMatchObject({ slowSeconds: 60, waitSeconds: 60 })
      for (const text of ['а', 'б', 'в']) await say('taras', room, text)
      await expect(city.as('iryna').moderateRoom({ room, slowSeconds: 0, rules: [] })).rejects.toEqual(
        refusal('city.not_inviter'),
      )
    })
  })

  describe('a filter', () => {
    const filtered = async (...rules: FilterRule[]) => {
      const room = await square()
      await city.as('taras').moderateRoom({ room, slowSeconds: 0, rules })
      return room
    }

    it('refuses, also by an edit, and is changed at once', async () => {
      const room = await filtered(rule('казино', 'refuse'))
      await expect(say('iryna', room, 'Найкраще КАЗИНО')).rejects.toEqual(refusal('city.words_refused'))
      const poll = { question: '?', options: ['у казино', 'додому'], multiple: false }
      await expect(say('iryna', room, '', { poll })).rejects.toEqual(refusal('city.words_refused'))
      const said = await say('iryna', room, 'Добрий день')
      await expect(city.as('iryna').edit({ message: said.id, text: 'кaзинo' })).rejects.toEqual(
        refusal('city.words_refused'),
      )
      expect((await say('taras', room, 'казино тут не рекламують')).text).toContain('казино')
      const wrong = { room, slowSeconds: 0, rules: [{ kind: 'expression', value: 'a(b', action: 'hold' }] }
      await expect(
        city.as('taras').moderateRoom(wrong as Parameters<ReturnType<typeof city.as>['moderateRoom']>[0]),
      ).rejects.toEqual(refusal('city.expression_invalid', { index: 1 }))
      await city.as('taras').moderateRoom({ room, slowSeconds: 0, rules: [] })
      await say('iryna', room, 'казино')
    })

    it('holds for a moderator, who lets it through once or not at all', async () => {
      const room = await filtered(rule('кредит', 'hold'))
      const body = { room, clientId: 'held', text: 'Кредити всім' }
      const held = refusal('city.message_held')
      await expect(city.as('iryna').post(body)).rejects.toEqual(held)
      await expect(city.as('iryna').post(body)).rejects.toEqual(held)
      expect((await city.as('taras').messages({ room })).items).toEqual([])
      const [one, ...more] = await waiting('taras', room)
      expect(more).toEqual([])
      expect(one).toMatchObject({ kind: 'held', kept: 'Кредити всім', may: ['released', 'refused'] })
      const ways = await Promise.allSettled([
        city.as('taras').settleReport({ report: one?.id ?? '', outcome: 'released' }),
        city.as('olena').settleReport({ report: one?.id ?? '', outcome: 'released' }),
      ])
      expect(ways.some(({ status }) => status === 'fulfilled')).toBe(true)
      const { items } = await city.as('taras').messages({ room })
      expect(items).toMatchObject([{ text: 'Кредити всім', author: { id: Iryna.id } }])
      expect((await city.as('iryna').post(body)).id).toBe(items[0]?.id)

      const other = { ...body, clientId: 'second', text: 'Ще кредит' }
      await expect(city.as('iryna').post(other)).rejects.toEqual(held)
      const [two] = await waiting('taras', room)
      await city.as('taras').settleReport({ report: two?.id ?? '', outcome: 'refused' })
      await expect(city.as('iryna').post(other)).rejects.toEqual(refusal('city.message_refused'))
      const left = await city.db
        .selectFrom('city.report')
        .select(['kept', 'body'])
        .where('room', '=', room)
        .execute()
      expect(left).toEqual([
        { kept: null, body: null },
        { kept: null, body: null },
      ])
    })

    it('reports what it lets stand', async () => {
      const room = await filtered({ kind: 'expression', value: '\\d{16}', action: 'report' })
      const said = await say('iryna', room, 'картка 4444333322221111')
      expect(await waiting('taras', room)).toMatchObject([
        { kind: 'filter', message: said.id, reporter: null, kept: 'картка 4444333322221111' },
      ])
    })

    it('of the city holds what is heard and what agents answer, in every room but a talk, where it refuses', async () => {
      const rules = [rule('лотерея', 'hold')]
      await city.as('olena').moderateCity({ rules, newcomers: ANYBODY })
      const room = await square()
      const file = await upload(city, 'iryna', BYTES.wav, 'голос.wav')
      const said = await say('iryna', room, '@daarwizz послухай', { parts: [{ type: 'audio', file }] })
      const transcript = {
        text: 'беріть лотерею',
        language: 'uk',
        speech: true,
        segments: [],
        engine: 'test',
      }
      const emit = async (event: Parameters<TestCity['events']['append']>[1]) => {
        await city.db.transaction().execute((tx) => city.events.append(tx, event))
        await city.events.settled()
      }
      const about = { room, message: said.id, index: 0, attempt: 1 }
      await emit({ type: partProcessed, principal: null, data: { ...about, outcome: { transcript } } })
      const shown = async () => await city.as('taras').message({ room, message: said.id })
      expect((await shown()).parts[0]).toMatchObject({ state: 'failed', error: { code: 'city.part_held' } })
      expect(JSON.stringify(await shown())).not.toContain('лотере')
      const [heard] = await waiting('taras', room)
      expect(heard).toMatchObject({ kind: 'held', kept: 'беріть лотерею', message: said.id })
      await city.as('taras').settleReport({ report: heard?.id ?? '', outcome: 'released' })
      expect((await shown()).parts[0]).toMatchObject({ state: 'done', transcript })

      const run = (await shown()).runs.at(-1)?.id ?? ''
      expect(run).not.toBe('')
      const finished = {
        run,
        agent: { id: DAARWIZZ.id, slug: DAARWIZZ.slug, name: DAARWIZZ.name },
        room,
        message: said.id,
        state: 'done' as const,
        text: 'Ось лотерея',
        citations: [],
        engine: 'test',
      }
      await emit({ type: runFinished, principal: null, data: finished as never })
      expect((await shown()).runs.at(-1)).toMatchObject({ error: { code: 'city.answer_held' } })
      const [answer] = await waiting('taras', room)
      await city.as('taras').settleReport({ report: answer?.id ?? '', outcome: 'released' })
      const { items } = await city.as('taras').messages({ room })
      expect(items.at(-1)).toMatchObject({ text: 'Ось лотерея', author: { kind: 'agent' }, run })

      const talk = (await city.as('iryna').openTalk({ people: [Taras.id] })).id
      await expect(say('iryna', talk, 'лотерея')).rejects.toEqual(refusal('city.words_refused'))
      // Nor is anybody there who could let through what the only keeper of a closed room writes.
      const closed = await club()
      await expect(say('taras', closed, 'лотерея')).rejects.toEqual(refusal('city.words_refused'))
      await expect(say('iryna', closed, 'лотерея')).rejects.toEqual(refusal('city.message_held'))
      await city.as('olena').moderateCity({ rules: [], newcomers: ANYBODY })
    })

    it('forgets what it held of a message that is deleted', async () => {
      const room = await filtered(rule('кредит', 'hold'))
      const file = await upload(city, 'iryna', BYTES.wav, 'ще.wav')
      const said = await say('iryna', room, 'слухайте', { parts: [{ type: 'audio', file }] })
      const transcript = { text: 'кредит', language: 'uk', speech: true, segments: [], engine: 'test' }
      const data = { room, message: said.id, index: 0, attempt: 1, outcome: { transcript } }
      await city.db
        .transaction()
        .execute((tx) => city.events.append(tx, { type: partProcessed, principal: null, data }))
      await city.events.settled()
      expect(await waiting('taras', room)).toHaveLength(1)
      await city.as('iryna').remove({ message: said.id })
      expect(await waiting('taras', room)).toEqual([])
      const [row] = await city.db.selectFrom('city.report').selectAll().where('room', '=', room).execute()
      expect(row).toMatchObject({ outcome: 'gone', kept: null, body: null })
    })
  })

  it('limits those who came lately, for days or until they have said enough', async () => {
    const room = await square()
    const newcomers = { days: 7, messages: 0, perMinute: 2, links: false, files: false }
    await city.as('olena').moderateCity({ rules: [], newcomers })
    expect((await city.as('iryna').standing({ room })).newcomer).toBeNull()
    await city.db
      .transaction()
      .execute((tx) =>
        city.events.append(tx, { type: residentJoined, principal: null, data: { principal: Iryna } }),
      )
    await city.events.settled()
    await city.db
      .updateTable('city.message')
      .set({ created_at: '2026-01-01T00:00:00Z' })
      .where('author', '=', Iryna.id)
      .execute()
    expect((await city.as('iryna').standing({ room })).newcomer).toMatchObject({ links: false })
    await expect(say('iryna', room, 'див. https://example.org/а')).rejects.toEqual(
      refusal('city.newcomer_links'),
    )
    const file = await upload(city, 'iryna', BYTES.text, 'a.txt')
    await expect(say('iryna', room, '', { parts: [{ type: 'file', file }] })).rejects.toEqual(
      refusal('city.newcomer_files'),
    )
    const first = await say('iryna', room, 'раз')
    await expect(city.as('iryna').edit({ message: first.id, text: 'www.example.org' })).rejects.toEqual(
      refusal('city.newcomer_links'),
    )
    await say('iryna', await square(), 'два')
    await expect(say('iryna', room, 'три')).rejects.toEqual(refusal('city.newcomer_pace', { limit: 2 }))
    await city.as('olena').moderateCity({ rules: [], newcomers: ANYBODY })
    await say('iryna', room, 'https://example.org')
  })

  it('lets nobody post faster than the city takes it', async () => {
    await using small = await openTestCity({ limits: { postsPerMinute: 5 } })
    const room = (await small.as('olena').openRoom({ name: 'Злива', visibility: 'public' })).id
    for (let i = 0; i < 5; i++) await small.as('taras').post({ room, clientId: `r${i}`, text: 'а' })
    await expect(small.as('taras').post({ room, clientId: 'r5', text: 'а' })).rejects.toEqual(
      refusal('city.posting_pace', { limit: 5 }),
    )
    await small.as('iryna').post({ room, clientId: 'r', text: 'а' })
    expect(small.bugs).toEqual([])
  })

  it('tells those who keep a room that something waits, and nobody else', async () => {
    const room = await club()
    const dial = async (who: Someone) => {
      const socket = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, {
        headers: { authorization: `Bearer ${who}` },
      })
      const heard: string[] = []
      socket.on('message', (data) => heard.push(String(data)))
      await once(socket, 'open')
      return { socket, heard }
    }
    const [keeper, member] = [await dial('taras'), await dial('iryna')]
    const said = await say('taras', room, 'а')
    const other = await say('iryna', room, 'б')
    await city.as('iryna').report({ message: said.id, reason: 'other' })
    await city.as('taras').report({ message: other.id, reason: 'other' })
    await eventually(() => expect(keeper.heard).toContain('{"type":"reports"}'))
    expect(member.heard).not.toContain('{"type":"reports"}')
    for (const { socket } of [keeper, member]) socket.terminate()
    expect(city.bugs).toEqual([])
  })
})
