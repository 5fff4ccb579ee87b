import { expect, test } from 'vitest'
import type { Message, Part } from '../../../../src/services/city/messages.contract.ts'
import { applyDelta, applyFrame, catchUp, emptyTimeline, merge, openRuns } from './timeline.ts'

const part: Part = {
  type: 'audio',
  file: 'file_1',
  name: 'a.ogg',
  mime: 'audio/ogg',
  sizeBytes: 10,
  state: 'pending',
}
const message = (seq: number, more: Partial<Message> = {}): Message => ({
  id: `msg_${seq}`,
  room: 'room_1',
  seq,
  author: { id: 'prn_1', kind: 'person', name: 'Олена Гнатюк' },
  text: `text ${seq}`,
  parts: [],
  replyTo: null,
  createdAt: '2026-11-23T08:00:00.000Z',
  runs: [],
  ...more,
})
const run = { id: 'run_1', agent: 'daarwizz', name: 'DAARWIZZ', state: 'running' as const }

test('messages stand in order of their numbers, each once', () => {
  const timeline = merge(merge(emptyTimeline, [message(3), message(1)]), [message(2), message(3)])
  expect(timeline.messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
})

test('a part’s outcome takes the place of the part, and the same frame again changes nothing', () => {
  const before = merge(emptyTimeline, [message(1, { parts: [part] })])
  const done: Part = {
    ...part,
    state: 'done',
    transcript: { text: 'привіт', language: 'uk', speech: true, segments: [], engine: 'whisper' },
  }
  const frame = { type: 'part' as const, room: 'room_1', seq: 2, message: 'msg_1', index: 0, part: done }
  const after = applyFrame(before, frame)
  expect(after.messages[0]?.parts[0]).toEqual(done)
  expect(applyFrame(after, frame)).toEqual(after)
})

test('progress moves a waiting part and leaves a finished one alone', () => {
  const frame = { type: 'progress' as const, room: 'room_1', message: 'msg_1', index: 0, done: 3, total: 14 }
  const waiting = applyFrame(merge(emptyTimeline, [message(1, { parts: [part] })]), frame)
  expect(waiting.messages[0]?.parts[0]?.progress).toEqual({ done: 3, total: 14 })
  const finished = merge(emptyTimeline, [message(1, { parts: [{ ...part, state: 'done' }] })])
  expect(applyFrame(finished, frame)).toEqual(finished)
})

test('words go to their offset; said twice they stand once; from 0 they start anew', () => {
  let stream = applyDelta({ text: '', gap: false, step: null }, 0, 'Гаранті')
  stream = applyDelta(stream, 7, 'я 24')
  stream = applyDelta(stream, 7, 'я 24')
  expect(stream.text).toBe('Гарантія 24')
  expect(applyDelta(stream, 0, 'Кабель').text).toBe('Кабель')
})

test('words after a hole are not shown before the hole is filled', () => {
  const holed = applyFrame(emptyTimeline, {
    type: 'delta',
    room: 'room_1',
    run: 'run_1',
    offset: 9,
    text: 'світ',
  })
  expect(holed.streams.run_1).toEqual({ text: '', gap: true, step: null })
  const whole = catchUp(holed, 'run_1', 'Привіт, світ', 'model')
  expect(whole.streams.run_1).toEqual({ text: 'Привіт, світ', gap: false, step: 'model' })
})

test('the stored answer takes the place of the stream, and late words do not bring it back', () => {
  const delta = { type: 'delta' as const, room: 'room_1', run: 'run_1', offset: 0, text: 'Гар' }
  const streaming = applyFrame(merge(emptyTimeline, [message(1, { runs: [run] })]), delta)
  expect(openRuns(streaming.messages)).toHaveLength(1)
  const answered = applyFrame(streaming, {
    type: 'message',
    room: 'room_1',
    seq: 2,
    message: message(2, { run: 'run_1' }),
  })
  expect(answered.streams).toEqual({})
  expect(openRuns(answered.messages)).toEqual([])
  expect(applyFrame(answered, delta)).toEqual(answered)
})

test('a run that failed leaves no half answer', () => {
  const streaming = applyFrame(merge(emptyTimeline, [message(1, { runs: [run] })]), {
    type: 'delta',
    room: 'room_1',
    run: 'run_1',
    offset: 0,
    text: 'Гар',
  })
  const runs = [{ ...run, state: 'failed' as const }]
  const failed = applyFrame(streaming, { type: 'runs', room: 'room_1', seq: 2, message: 'msg_1', runs })
  expect(failed.streams).toEqual({})
  expect(failed.messages[0]?.runs).toEqual(runs)
})

test('a frame that is not about messages changes nothing', () => {
  const timeline = merge(emptyTimeline, [message(1)])
  const typing = { type: 'typing', room: 'room_1', principal: 'prn_1', name: 'Марта' } as const
  expect(applyFrame(timeline, typing)).toBe(timeline)
})
