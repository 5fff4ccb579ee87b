import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BYTES,
  DAARWIZZ,
  openTestCity,
  people,
  type TestCity,
  upload,
} from '../../../../test/kit/city-service.ts'
import type { NewEvent } from '../../../platform/events/events.ts'
import { runFinished, runStarted } from '../../agents/agents.events.ts'
import { residentJoined } from '../../auth/auth.events.ts'
import { documentProcessed } from '../../knowledge/knowledge.events.ts'
import { partProcessed } from '../../multimodal-gateway/multimodal-gateway.events.ts'
import { callFailed } from '../../router/router.events.ts'
import { type AgentCalled, agentCalled, type PartAdded, partAdded } from '../city.events.ts'
import type { Message, PartOutcome } from '../messages.contract.ts'

const ERROR = { kind: 'invalid' as const, code: 'file.no_audio', message: 'There is no sound in this file.' }

describe('what becomes of a message', () => {
  let city: TestCity
  let room: string
  let n = 0
  const calls: AgentCalled[] = []
  const waiting: PartAdded[] = []
  beforeAll(async () => {
    city = await openTestCity({
      before({ events, db }) {
        events.consume({
          name: 'test.calls',
          db,
          types: [agentCalled],
          handle: async ({ data }) => void calls.push(data),
        })
        events.consume({
          name: 'test.parts',
          db,
          types: [partAdded],
          handle: async ({ data }) => void waiting.push(data),
        })
      },
    })
    const { items } = await city.as('olena').rooms({})
    room = items.find(({ visibility }) => visibility === 'direct')?.id ?? ''
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  const emit = async (...events: NewEvent[]) => {
    await city.db.transaction().execute((tx) => city.events.append(tx, ...events))
    await city.events.settled()
  }
  const processed = (message: string, index: number, outcome: PartOutcome, attempt = 1) =>
    emit({ type: partProcessed, principal: null, data: { room, message, index, attempt, outcome } })
  const voice = async () => ({
    type: 'audio' as const,
    file: await upload(city, 'olena', BYTES.wav, 'voice.wav'),
  })
  const say = async (parts: { type: 'audio' | 'image' | 'file'; file: string }[], text = '') =>
    await city.as('olena').post({ room, clientId: `n${n++}`, text, parts })
  const now = (message: string) => city.as('olena').message({ room, message })
  const transcript = (text: string) => ({
    text,
    language: 'uk',
    speech: text !== '',
    segments: [],
    engine: 'scripted',
  })
  const answer = (run: string, message: string, text: string) => ({
    type: runFinished,
    principal: null,
    data: {
      run,
      agent: { id: DAARWIZZ.id, slug: 'daarwizz', name: 'DAARWIZZ' },
      room,
      message,
      state: 'done' as const,
      text,
      citations: [{ n: 1, title: 'Статут', page: 3, quote: 'о шостій' }],
      engine: 'librarian',
    },
  })
  const runOf = (message: Message) => message.runs.at(-1)?.id ?? ''

  it('waits until every part is settled, then calls the agent once with what was heard and read', async () => {
    const image = { type: 'image' as const, file: await upload(city, 'olena', BYTES.png, 'фото.png') }
    const said = await say([await voice(), image])
    expect(said.parts.map(({ state, name }) => [state, name])).toEqual([
      ['pending', 'voice.wav'],
      ['pending', 'фото.png'],
    ])
    expect(said.runs).toEqual([])
    await city.events.settled()
    expect(
      waiting.filter(({ message }) => message === said.id).map(({ index, type }) => [index, type]),
    ).toEqual([
      [0, 'audio'],
      [1, 'image'],
    ])
    await processed(said.id, 0, { transcript: transcript('Коли збори?') })
    expect((await now(said.id)).runs).toEqual([])
    await processed(said.id, 1, { ocr: { text: 'О шостій', confidence: 0.9, engine: 'scripted' } })
    const settled = await now(said.id)
    expect(settled.parts).toMatchObject([
      { state: 'done', transcript: { text: 'Коли збори?' } },
      { state: 'done', ocr: { text: 'О шостій' } },
    ])
    expect(settled.runs).toMatchObject([{ state: 'queued' }])
    expect(calls.filter(({ message }) => message === said.id)).toHaveLength(1)
    // The same outcome again, and one of another attempt, change nothing.
    const { seq } = await city.as('olena').room({ room })
    await processed(said.id, 1, { error: ERROR })
    await processed(said.id, 1, { error: ERROR }, 2)
    expect((await city.as('olena').room({ room })).seq).toBe(seq)
    expect(await now(said.id)).toEqual(settled)
  })

  it('calls with what is left where a part failed, and nobody where nothing is', async () => {
    const some = await say([await voice(), await voice()])
    await processed(some.id, 0, { error: ERROR })
    await processed(some.id, 1, { transcript: transcript('Привіт') })
    expect((await now(some.id)).runs).toHaveLength(1)

    const none = await say([await voice()])
    await processed(none.id, 0, { error: ERROR })
    expect(await now(none.id)).toMatchObject({ runs: [], parts: [{ state: 'failed', error: ERROR }] })

    const written = await say([await voice()], 'а що тут?')
    await processed(written.id, 0, { error: ERROR })
    expect((await now(written.id)).runs).toHaveLength(1)
  })

  it('hears its name in the square', async () => {
    const part = await voice()
    const said = await city.as('olena').post({ room: 'square', clientId: 'spoken', parts: [part] })
    const square = said.room
    const heard = { transcript: transcript('Дарвіс, котра година?') }
    await emit({
      type: partProcessed,
      principal: null,
      data: { room: square, message: said.id, index: 0, attempt: 1, outcome: heard },
    })
    expect((await city.as('taras').message({ room: 'square', message: said.id })).runs).toHaveLength(1)
  })

  it('takes documents in', async () => {
    const file = await upload(city, 'olena', BYTES.text, 'статут.txt')
    const said = await say([{ type: 'file', file }])
    const document = { id: 'doc_1', pages: { read: 1, ocr: 0, empty: 0, failed: 0, total: 1 } }
    const data = { room, message: said.id, index: 0, attempt: 1, outcome: { document } }
    await emit({ type: documentProcessed, principal: null, data })
    expect((await now(said.id)).parts).toMatchObject([{ state: 'done', document }])
  })

  it('tries a failed part again, and calls once it is heard', async () => {
    const said = await say([await voice()])
    await expect(city.as('olena').retryPart({ room, message: said.id, index: 0 })).rejects.toMatchObject({
      code: 'city.part_not_failed',
    })
    await processed(said.id, 0, { error: ERROR })
    const again = await city.as('olena').retryPart({ room, message: said.id, index: 0 })
    expect(again.parts).toMatchObject([{ state: 'pending' }])
    expect(again.parts[0]?.error).toBeUndefined()
    await processed(said.id, 0, { transcript: transcript('пізно') }, 1)
    expect((await now(said.id)).parts).toMatchObject([{ state: 'pending' }])
    await processed(said.id, 0, { transcript: transcript('тепер чути') }, 2)
    expect(await now(said.id)).toMatchObject({ parts: [{ state: 'done' }], runs: [{ state: 'queued' }] })
    expect(waiting.filter(({ message }) => message === said.id).map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  it('lets the author, and nobody else, correct what was heard', async () => {
    const part = await voice()
    const said = await city.as('olena').post({ room: 'square', clientId: 'fix', parts: [part] })
    const place = { room: 'square', message: said.id, index: 0 }
    await expect(city.as('olena').correct({ ...place, text: 'x' })).rejects.toMatchObject({
      code: 'city.part_not_done',
    })
    const data = { room: said.room, message: said.id, index: 0, attempt: 1 }
    await emit({
      type: partProcessed,
      principal: null,
      data: { ...data, outcome: { transcript: transcript('Пливіт') } },
    })
    await expect(city.as('taras').correct({ ...place, text: 'x' })).rejects.toMatchObject({
      code: 'city.not_author',
    })
    await expect(city.as('olena').correct({ ...place, index: 7, text: 'x' })).rejects.toMatchObject({
      code: 'city.part_not_found',
    })
    expect((await city.as('olena').correct({ ...place, text: 'Привіт' })).parts).toMatchObject([
      { corrected: true, transcript: { text: 'Привіт', language: 'uk' } },
    ])
  })

  it('stores an answer exactly once, however often it is told', async () => {
    const asked = await say([], 'коли збори?')
    const about = {
      run: runOf(asked),
      agent: { id: DAARWIZZ.id, slug: 'daarwizz', name: 'DAARWIZZ' },
      room,
      message: asked.id,
    }
    await emit({ type: runStarted, principal: null, data: about })
    expect((await now(asked.id)).runs).toMatchObject([{ state: 'running' }])
    await Promise.all([1, 2, 3].map(() => emit(answer(runOf(asked), asked.id, 'О шостій [1].'))))
    await emit({ type: runStarted, principal: null, data: about })
    const { items } = await city.as('olena').messages({ room, after: asked.seq })
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({
      author: { id: DAARWIZZ.id, kind: 'agent', name: 'DAARWIZZ' },
      run: runOf(asked),
      clientId: runOf(asked),
      replyTo: asked.id,
      text: 'О шостій [1].',
      citations: [{ n: 1, page: 3 }],
      engine: 'librarian',
      runs: [],
    })
    expect((await now(asked.id)).runs).toMatchObject([{ state: 'done' }])
  })

  it('says that a call failed, tries it again when asked, and takes no late answer to it then', async () => {
    const asked = await say([], 'хто?')
    const place = { room, message: asked.id }
    await expect(city.as('olena').retryRun(place)).rejects.toMatchObject({ code: 'city.run_not_failed' })
    await emit({
      type: callFailed,
      principal: null,
      data: { run: runOf(asked), room, message: asked.id, error: { ...ERROR, code: 'call.timeout' } },
    })
    const failed = await now(asked.id)
    expect(failed.runs).toMatchObject([{ state: 'failed', error: { code: 'call.timeout' } }])
    const again = await city.as('olena').retryRun(place)
    expect(again.runs).toMatchObject([{ state: 'failed' }, { state: 'queued' }])
    await city.events.settled()
    expect(calls.at(-1)).toMatchObject({ run: runOf(again), message: asked.id })
    await emit(answer(runOf(failed), asked.id, 'пізно'))
    await emit(answer(runOf(again), asked.id, 'вчасно'))
    const { items } = await city.as('olena').messages({ room, after: asked.seq })
    expect(items.map(({ text }) => text)).toEqual(['вчасно'])
  })

  it('asks for another answer, which replaces the one that stays', async () => {
    const asked = await say([], 'ще раз?')
    await emit(answer(runOf(asked), asked.id, 'перша'))
    const place = { room, message: asked.id }
    await expect(city.as('olena').retryRun(place)).rejects.toMatchObject({ code: 'city.run_not_failed' })
    await expect(city.as('taras').retryRun({ ...place, again: true })).rejects.toMatchObject({
      kind: expect.stringMatching(/forbidden|not_found/),
    })
    const again = await city.as('olena').retryRun({ ...place, again: true })
    await emit(answer(runOf(again), asked.id, 'друга'))
    const { items } = await city.as('olena').messages({ room, after: asked.seq })
    const [first, second] = items
    expect([first?.text, second?.text]).toEqual(['перша', 'друга'])
    expect(first?.replaces).toBeUndefined()
    expect(second?.replaces).toBe(first?.id)

    await say([], 'сказано пізніше')
    await expect(city.as('olena').retryRun({ ...place, text: '' })).rejects.toMatchObject({
      code: 'city.message_empty',
    })
    await expect(city.as('taras').retryRun({ ...place, text: 'чуже' })).rejects.toMatchObject({
      kind: expect.stringMatching(/forbidden|not_found/),
    })
    const branch = await city.as('olena').retryRun({ ...place, text: 'коли збори?' })
    expect(branch).toMatchObject({ text: 'коли збори?', editedAt: expect.any(String) })
    await city.events.settled()
    const called = calls.filter(({ message }) => message === asked.id).at(-1)
    expect(called).toMatchObject({ run: runOf(branch), text: 'коли збори?' })
    expect(called?.history.map(({ text }) => text)).not.toContain('сказано пізніше')
    const versions = await city.as('olena').history({ message: asked.id })
    expect(versions.items.map(({ text }) => text)).toEqual(['ще раз?', 'коли збори?'])
    await emit(answer(runOf(branch), asked.id, 'третя'))
    const third = (await city.as('olena').messages({ room, after: asked.seq })).items.at(-1)
    expect(third).toMatchObject({ text: 'третя', replaces: second?.id })
  })

  it('takes a late answer where nothing newer stands in its way', async () => {
    const asked = await say([], 'хто там?')
    const error = { ...ERROR, code: 'call.timeout' }
    await emit({
      type: callFailed,
      principal: null,
      data: { run: runOf(asked), room, message: asked.id, error },
    })
    await emit(answer(runOf(asked), asked.id, 'я'))
    expect((await now(asked.id)).runs).toMatchObject([{ state: 'done' }])
    expect((await now(asked.id)).runs[0]?.error).toBeUndefined()
  })

  it('does not take silence for an answer', async () => {
    const asked = await say([], 'чуєте?')
    await emit(answer(runOf(asked), asked.id, ' '))
    expect((await now(asked.id)).runs).toMatchObject([
      { state: 'failed', error: { code: 'city.answer_empty' } },
    ])
  })

  it('ignores what it never asked for', async () => {
    await emit(answer('run_unknown', 'msg_unknown', 'привіт'))
    await processed('msg_unknown', 0, { error: ERROR })
    expect(await city.events.state()).toMatchObject({ dead: 0 })
  })

  it('numbers all of this without a gap', async () => {
    const { seq } = await city.as('olena').room({ room })
    const rows = await city.db
      .selectFrom('city.event')
      .select('seq')
      .where('room', '=', room)
      .orderBy('seq')
      .execute()
    expect(rows.map((row) => Number(row.seq))).toEqual(Array.from({ length: seq }, (_, i) => i + 1))
  })

  it('makes each resident one room with DAARWIZZ, whoever is first', async () => {
    const joined = { type: residentJoined, principal: null, data: { principal: people.iryna } }
    await Promise.all([emit(joined), emit(joined), city.as('iryna').rooms({}), city.as('iryna').rooms({})])
    const { items } = await city.as('iryna').rooms({})
    const own = items.filter(({ visibility }) => visibility === 'direct')
    expect(own).toMatchObject([
      { name: 'DAARWIZZ', membership: 'owner', replyPolicy: { mode: 'all', agents: ['daarwizz'] } },
    ])
    const members = await city.as('iryna').members({ room: own[0]?.id ?? '' })
    expect(members.items.map(({ name }) => name).sort()).toEqual(['DAARWIZZ', 'Ірина'])
    await expect(city.as('olena').room({ room: own[0]?.id ?? '' })).rejects.toMatchObject({
      code: 'city.room_not_found',
    })
  })

  it('fails at once what no service here reads', async () => {
    await using plain = await openTestCity({ capabilities: { audio: false, image: true, file: true } })
    const file = await upload(plain, 'olena', BYTES.wav, 'voice.wav')
    const said = await plain
      .as('olena')
      .post({ room: 'square', clientId: 'a', text: '@daarwizz', parts: [{ type: 'audio', file }] })
    expect(said).toMatchObject({
      parts: [{ state: 'failed', error: { code: 'city.engine_absent', params: { type: 'audio' } } }],
      runs: [{ state: 'queued' }],
    })
  })
})
