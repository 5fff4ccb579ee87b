import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BYTES,
  openTestCity,
  people,
  type Someone,
  type TestCity,
  upload,
} from '../../../../test/kit/city-service.ts'
import { Message } from '../messages.contract.ts'

describe('what one does to a message', () => {
  let city: TestCity
  let room: string
  beforeAll(async () => {
    city = await openTestCity()
    room = (await city.as('olena').openRoom({ name: 'Talk', visibility: 'public' })).id
  })
  afterAll(async () => {
    expect(city?.bugs).toEqual([])
    await city?.[Symbol.asyncDispose]()
  })

  let said = 0
  const say = async (who: Someone, text: string, more: object = {}) =>
    await city.as(who).post({ room, clientId: `c${said++}`, text, ...more })
  const frames = async (after: number) => {
    const { items, seq } = await city.as('olena').events({ room, after, limit: 500 })
    expect(items.map((frame) => frame.seq)).toEqual(items.map((_, i) => after + i + 1))
    expect(seq).toBe(after + items.length)
    return items
  }
  const seqNow = async () => (await city.as('olena').room({ room })).seq
  const refused = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      (failure: { code: string }) => failure.code,
    )

  it('edits with a history that everybody reads, the author alone, and once for the same words', async () => {
    const { id, seq } = await say('olena', 'перше')
    const at = await seqNow()
    const both = ['друге', 'третє']
    await Promise.all(both.map((text) => city.as('olena').edit({ message: id, text })))
    const { items } = await city.as('taras').history({ message: id })
    expect(items).toHaveLength(3)
    expect(items[0]?.text).toBe('перше')
    expect(items.map(({ text }) => text).sort()).toEqual(['друге', 'перше', 'третє'].sort())
    const now = await city.as('taras').message({ room, message: id })
    expect(now).toMatchObject({ seq, text: items[2]?.text, editedAt: expect.any(String) })
    await city.as('olena').edit({ message: id, text: now.text })
    expect((await frames(at)).map(({ type }) => type)).toEqual(['edited', 'edited'])
    expect(await refused(city.as('taras').edit({ message: id, text: 'чуже' }))).toBe('city.not_author')
    expect(await refused(city.as('olena').edit({ message: id, text: ' ' }))).toBe('city.message_empty')
  })

  it('counts one reaction of a person and emoji, however often at once, and keeps to emoji', async () => {
    const { id } = await say('olena', 'добре?')
    const at = await seqNow()
    await Promise.all(
      (['taras', 'taras', 'olena', 'taras', 'iryna'] as const).map((who) =>
        city.as(who).react({ message: id, emoji: '👍' }),
      ),
    )
    const shown = await city.as('taras').react({ message: id, emoji: '👩🏽‍🚒' })
    expect(shown.reactions).toEqual([
      { emoji: '👍', count: 3, mine: true, names: expect.arrayContaining(['Тарас', 'Олена', 'Ірина']) },
      { emoji: '👩🏽‍🚒', count: 1, mine: true, names: ['Тарас'] },
    ])
    await Promise.all([1, 2].map(() => city.as('taras').unreact({ message: id, emoji: '👍' })))
    const told = await frames(at)
    expect(told).toHaveLength(5)
    expect(told.at(-1)).toMatchObject({ type: 'reaction', by: people.taras.id, emoji: '👍', on: false })
    expect((await city.as('taras').message({ room, message: id })).reactions?.[0]).toMatchObject({
      count: 2,
      mine: false,
    })
    for (const emoji of ['a', 'hi', '👍👍', '<b>', '1'])
      expect(await refused(city.as('taras').react({ message: id, emoji }))).toBe('city.emoji_unknown')
    const many = '😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙😚🙂🤗🤩'
    const all = await Promise.all(
      [...many].map((emoji) => refused(city.as('iryna').react({ message: id, emoji }))),
    )
    expect(all.filter((code) => code === 'city.too_many_emoji')).toHaveLength(3)
    const over = await city.fetch('taras', `/api/city/messages/${id}/reactions/${encodeURIComponent('🎉')}`, {
      method: 'PUT',
    })
    expect(over.status).toBe(409)
  })

  it('pins where one keeps the room, lists the last pinned first', async () => {
    const one = await say('taras', 'один')
    const two = await say('taras', 'два')
    for (const { id } of [one, two, one]) await city.as('olena').pin({ message: id })
    expect(await refused(city.as('taras').pin({ message: one.id }))).toBe('city.not_manager')
    const { items } = await city.as('taras').pins({ room })
    expect(items.map(({ text }) => text)).toEqual(['два', 'один'])
    await city.as('olena').unpin({ message: two.id })
    expect((await city.as('taras').pins({ room })).items.map(({ id }) => id)).toEqual([one.id])
  })

  it('keeps a thread out of the room’s list and unread, in its numbers, with its own mark', async () => {
    const root = await say('olena', 'корінь')
    await city.as('taras').read({ room, seq: await seqNow() })
    const at = await seqNow()
    const replies = await Promise.all(['а', 'б', 'в'].map((text) => say('olena', text, { thread: root.id })))
    expect(await city.as('taras').room({ room })).toMatchObject({ unread: 0, seq: at + 6 })
    expect((await frames(at)).map(({ type }) => type)).toEqual(Array(3).fill(['message', 'thread']).flat())
    const { items } = await city.as('taras').messages({ room, limit: 200 })
    expect(items.some(({ thread }) => thread !== undefined)).toBe(false)
    expect(items.find(({ id }) => id === root.id)?.replies).toMatchObject({
      replies: 3,
      unread: 3,
      people: [{ name: 'Олена' }],
    })
    const thread = await city.as('taras').messages({ room, thread: root.id })
    expect(thread.items.map(({ id }) => id).sort()).toEqual(replies.map(({ id }) => id).sort())
    const second = thread.items[1]?.seq ?? 0
    await city.as('taras').readThread({ message: root.id, seq: second })
    const shown = await city.as('taras').message({ room, message: root.id })
    expect(shown.replies?.unread).toBe(1)
    expect(await refused(say('taras', 'ні', { thread: replies[0]?.id }))).toBe('city.thread_not_found')
    await city.as('olena').remove({ message: replies[0]?.id ?? '' })
    expect((await city.as('taras').message({ room, message: root.id })).replies?.replies).toBe(2)
  })

  it('counts votes once whoever votes how often at once, lets them be changed, and closes', async () => {
    const poll = { question: 'Коли?', options: ['субота', 'неділя', 'ніколи'] }
    const { id } = await say('olena', '', { poll })
    const votes = [[0], [1], [2], [0], [1]]
    await Promise.all(votes.map((options) => city.as('taras').vote({ message: id, options })))
    await Promise.all([1, 2, 3].map(() => city.as('iryna').vote({ message: id, options: [2] })))
    const changed = await city.as('taras').vote({ message: id, options: [0] })
    expect(changed.poll).toMatchObject({ voters: 2 })
    expect(changed.poll?.options.map(({ votes }) => votes)).toEqual([1, 0, 1])
    expect(changed.poll?.options[0]).toEqual({ text: 'субота', votes: 1, mine: true, names: ['Тарас'] })
    expect(await refused(city.as('taras').vote({ message: id, options: [0, 1] }))).toBe('city.one_option')
    expect(await refused(city.as('taras').vote({ message: id, options: [3] }))).toBe('city.no_such_option')
    expect((await city.as('iryna').vote({ message: id, options: [] })).poll?.voters).toBe(1)
    const soon = {
      ...poll,
      anonymous: true,
      multiple: true,
      closesAt: new Date(Date.now() + 2_500).toISOString(),
    }
    const short = await say('olena', 'швидко', { poll: soon })
    const both = await city.as('taras').vote({ message: short.id, options: [0, 1] })
    expect(both.poll?.options.map(({ names }) => names)).toEqual([[], [], []])
    await expect
      .poll(() => refused(city.as('taras').vote({ message: short.id, options: [2] })), { timeout: 20_000 })
      .toBe('city.poll_closed')
    expect(await refused(say('olena', '', { poll: { question: 'x', options: ['a', 'a'] } }))).toBe(
      'city.options_alike',
    )
  })

  it('forwards where one may speak, shows the source to those who may read it, and goes with it', async () => {
    const hidden = await city.as('olena').openRoom({ name: 'Приватна' })
    const source = await city.as('olena').post({ room: hidden.id, clientId: 'src', text: 'таємне слово' })
    expect(await refused(city.as('taras').forward({ message: source.id, room, clientId: 'f' }))).toBe(
      'city.message_not_found',
    )
    const there = await city.as('olena').forward({ message: source.id, room, clientId: 'f' })
    expect(await city.as('olena').forward({ message: source.id, room, clientId: 'f' })).toEqual(there)
    expect((await city.as('olena').message({ room, message: there.id })).forwarded).toMatchObject({
      author: { name: 'Олена' },
      room: { id: hidden.id },
      message: source.id,
    })
    const seen = await city.as('taras').message({ room, message: there.id })
    expect(seen.text).toBe('таємне слово')
    expect(seen.forwarded).toEqual({ author: there.forwarded?.author, at: source.createdAt })
    expect(await refused(city.as('olena').edit({ message: there.id, text: 'інше' }))).toBe(
      'city.forward_fixed',
    )
    await city.as('olena').remove({ message: source.id })
    await expect
      .poll(async () => (await city.as('taras').message({ room, message: there.id })).deleted)
      .toBeDefined()
  })

  it('makes a tombstone: numbered, wordless, for its author and the keepers with a reason', async () => {
    const file = await upload(city, 'taras', BYTES.text, 'записка.txt')
    const mine = await say('taras', 'моє', { parts: [{ type: 'file', file }] })
    await city.as('olena').react({ message: mine.id, emoji: '🎉' })
    await city.as('taras').edit({ message: mine.id, text: 'моє-2' })
    expect(await refused(city.as('iryna').remove({ message: mine.id }))).toBe('city.not_author')
    expect(await refused(city.as('olena').remove({ message: mine.id }))).toBe('city.reason_missing')
    const at = await seqNow()
    const gone = await Promise.all([1, 2].map(() => city.as('taras').remove({ message: mine.id })))
    expect(gone[0]).toEqual(gone[1])
    expect(gone[0]).toMatchObject({
      seq: mine.seq,
      text: '',
      parts: [],
      deleted: { by: people.taras.id },
      clientId: mine.clientId,
    })
    expect(gone[0]?.reactions).toBeUndefined()
    expect((await frames(at)).map(({ type }) => type)).toEqual(['deleted'])
    expect((await city.as('taras').history({ message: mine.id })).items).toEqual([])
    expect(await refused(city.as('olena').react({ message: mine.id, emoji: '🎉' }))).toBe(
      'city.message_deleted',
    )
    expect(await refused(city.as('taras').file({ file }))).toBe('city.file_not_found')
    // The same clientId again is still the same message, not a new one.
    const again = await city.fetch('taras', `/api/city/rooms/${room}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ clientId: mine.clientId, text: 'моє' }),
    })
    expect([again.status, Message.parse(await again.json()).id]).toEqual([200, mine.id])
    const theirs = await say('taras', 'погане')
    const removed = await city.as('olena').remove({ message: theirs.id, reason: 'Образа' })
    expect(removed.deleted).toMatchObject({ by: people.olena.id, reason: 'Образа' })
    // The log before the deletions is told without a gap and without the words.
    const log = JSON.stringify((await city.as('iryna').events({ room, after: 0, limit: 500 })).items)
    expect(log).not.toMatch(/погане|моє/)
  })

  it('hides a message one may not see exactly as one that is not there', async () => {
    const closed = await city.as('olena').openRoom({ name: 'Closed' })
    const { id } = await city.as('olena').post({ room: closed.id, clientId: 'x', text: 'тут' })
    const json = { 'content-type': 'application/json' }
    const asks: [string, string, object?][] = [
      ['PATCH', '', { text: 'x' }],
      ['DELETE', ''],
      ['GET', '/history'],
      ['PUT', `/reactions/${encodeURIComponent('👍')}`],
      ['DELETE', `/reactions/${encodeURIComponent('👍')}`],
      ['PUT', '/pin', {}],
      ['DELETE', '/pin'],
      ['PUT', '/vote', { options: [0] }],
      ['POST', '/forward', { room, clientId: 'y' }],
      ['POST', '/read', { seq: 1 }],
    ]
    for (const [method, path, body] of asks) {
      const [hidden, missing] = await Promise.all(
        [id, 'msg_none'].map(async (message) => {
          const response = await city.fetch('taras', `/api/city/messages/${message}${path}`, {
            method,
            ...(body && { headers: json, body: JSON.stringify(body) }),
          })
          return [response.status, await response.text()]
        }),
      )
      expect(hidden, `${method} ${path}`).toEqual(missing)
      expect(hidden?.[0]).toBe(404)
    }
    const keep = async (message: string) => refused(city.as('taras').save({ message }))
    expect([await keep(id), await keep('msg_none')]).toEqual([
      'city.message_not_found',
      'city.message_not_found',
    ])
  })
})
