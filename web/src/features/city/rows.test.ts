import { expect, test } from 'vitest'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Outgoing } from './outbox.ts'
import { rowsOf } from './rows.ts'

const message = (seq: number, more: Partial<Message> = {}): Message => ({
  id: `msg_${seq}`,
  room: 'room_1',
  seq,
  author: { id: 'prn_1', kind: 'person', name: 'Марта' },
  text: '',
  parts: [],
  replyTo: null,
  createdAt: `2026-11-23T08:0${seq}:00.000Z`,
  runs: [],
  ...more,
})
const out = (clientId: string): Outgoing => ({
  clientId,
  author: 'prn_me',
  room: 'room_1',
  text: '',
  replyTo: null,
  files: [],
  createdAt: Date.parse('2026-11-23T08:09:00.000Z'),
  sending: false,
  uploads: {},
})
const show = (messages: Message[], more: Partial<Parameters<typeof rowsOf>[0]> = {}) =>
  rowsOf({
    messages,
    streams: {},
    outgoing: [],
    readSeq: null,
    me: 'prn_me',
    whole: true,
    current: true,
    dayOf: (at) => new Date(at).toISOString().slice(0, 10),
    ...more,
  })

test('a rule stands before each day, and one author’s words run on', () => {
  const rows = show([message(1), message(2), message(3, { createdAt: '2026-11-24T08:00:00.000Z' })])
  expect(rows.map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'day', 'message'])
  expect(rows.map((row) => row.kind === 'message' && row.continued)).toEqual([
    false,
    false,
    true,
    false,
    false,
  ])
})

test('what is new is marked once, before the first words of another', () => {
  const mine = { author: { id: 'prn_me', kind: 'person' as const, name: 'Олена' } }
  const rows = show([message(1), message(2, mine), message(3), message(4)], { readSeq: 1 })
  expect(rows.map(({ key }) => key)).toEqual(['day:2026-11-23', 'msg_1', 'msg_2', 'new', 'msg_3', 'msg_4'])
})

test('nothing is marked new when everything is', () => {
  expect(show([message(1)], { readSeq: 0 }).map(({ kind }) => kind)).toEqual(['day', 'message'])
})

test('what is stored leaves the queue and keeps its key', () => {
  const waiting = show([message(1)], { outgoing: [out('c1'), out('c2')] })
  const stored = show(
    [message(1), message(2, { clientId: 'c1', author: { id: 'prn_me', kind: 'person', name: 'Олена' } })],
    { outgoing: [out('c1'), out('c2')] },
  )
  expect(waiting.map(({ kind }) => kind)).toEqual(['day', 'message', 'out', 'out'])
  expect(stored.map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'out'])
  expect(stored[2]?.key).toBe(waiting[2]?.key)
})

test('an answer being written stands after everything that was said', () => {
  const run = { id: 'run_1', agent: 'daarwizz', name: 'DAARWIZZ', state: 'running' as const }
  const rows = show([message(1, { runs: [run] }), message(2)])
  expect(rows.at(-1)).toMatchObject({ kind: 'stream', run: { id: 'run_1' }, stream: { text: '' } })
})

test('a stretch from the middle neither says where its first day began nor shows what is being written', () => {
  const run = { id: 'run_1', agent: 'daarwizz', name: 'DAARWIZZ', state: 'running' as const }
  const stretch = [message(1), message(2, { runs: [run] })]
  expect(show(stretch).map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'stream'])
  const inside = show(stretch, { whole: false, current: false })
  expect(inside.map(({ kind }) => kind)).toEqual(['message', 'message'])
})
