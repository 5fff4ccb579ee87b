import { describe, expect, it } from 'vitest'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { applyFrame, emptyTimeline, merge } from '../city/timeline.ts'
import { emojiNamed, findEmoji } from './emoji.ts'

const message = (more: Partial<Message> = {}): Message => ({
  id: 'msg_1',
  room: 'room_1',
  seq: 1,
  author: { id: 'p_1', kind: 'person', name: 'Олена' },
  text: 'перше',
  parts: [],
  replyTo: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  runs: [],
  ...more,
})
const about = { room: 'room_1', message: 'msg_1' }

describe('what frames say hangs on a message', () => {
  it('keeps whose reaction is one’s own, whoever acts and however it is told anew', () => {
    const thumb = (count: number) => [{ emoji: '👍', count, names: [] }]
    const react = (seq: number, by: string, on: boolean, count: number) =>
      ({ type: 'reaction', ...about, seq, by, emoji: '👍', on, reactions: thumb(count) }) as const
    let timeline = merge(emptyTimeline, [message()])
    const mine = () => timeline.messages[0]?.reactions?.[0]?.mine
    timeline = applyFrame(timeline, react(2, 'me', true, 1), 'me')
    expect(mine()).toBe(true)
    timeline = applyFrame(timeline, react(3, 'other', true, 2), 'me')
    expect(mine()).toBe(true)
    const edited = message({ text: 'друге', reactions: thumb(2) })
    timeline = applyFrame(timeline, { type: 'edited', room: 'room_1', seq: 4, message: edited }, 'me')
    expect([mine(), timeline.messages[0]?.text]).toEqual([true, 'друге'])
    timeline = applyFrame(timeline, react(5, 'me', false, 1), 'me')
    expect(mine()).toBe(false)
  })

  it('keeps threads out of the room and the room out of threads', () => {
    const reply = message({ id: 'msg_2', seq: 2, thread: 'msg_1' })
    const ids = (thread: string | null) =>
      merge({ ...emptyTimeline, thread }, [message(), reply]).messages.map(({ id }) => id)
    expect([ids(null), ids('msg_1')]).toEqual([['msg_1'], ['msg_2']])
  })

  it('leaves a tombstone in the place of what was deleted', () => {
    const gone = message({ text: '', deleted: { at: '2026-01-02T00:00:00.000Z', by: 'p_1' } })
    const before = merge(emptyTimeline, [message({ reactions: [{ emoji: '👍', count: 1, names: [] }] })])
    const after = applyFrame(before, { type: 'deleted', room: 'room_1', seq: 2, message: gone }, 'me')
    expect(after.messages).toEqual([gone])
  })
})

describe('emoji by name', () => {
  it('finds them in both languages and by each of their names', () => {
    expect([emojiNamed('tada'), emojiNamed('+1'), emojiNamed('nothing_such')]).toEqual([
      '🎉',
      '👍',
      undefined,
    ])
    expect(findEmoji('кав').map(({ emoji }) => emoji)).toContain('☕')
    expect(findEmoji(':heart:')[0]?.emoji).toBe('❤️')
  })
})
