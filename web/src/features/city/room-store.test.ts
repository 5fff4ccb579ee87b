import { expect, test, vi } from 'vitest'
import { kernelError } from '../../../../src/kernel/errors.ts'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Api } from '../../api.ts'
import { createRoomStore } from './room-store.ts'

const message = (seq: number, more: Partial<Message> = {}): Message => ({
  id: `msg_${seq}`,
  room: 'room_1',
  seq,
  author: { id: 'prn_1', kind: 'person', name: 'Марта' },
  text: `text ${seq}`,
  parts: [],
  replyTo: null,
  createdAt: '2026-11-23T08:00:00.000Z',
  runs: [],
  ...more,
})

/** A room whose answers can be held back, and which can be out of reach. */
function setup(count: number) {
  const said = Array.from({ length: count }, (_, i) => message(i + 1))
  const state = { gate: Promise.resolve(), down: false, runText: '', asked: [] as string[] }
  const city = {
    messages: async ({ before = Number.POSITIVE_INFINITY, limit = 50 }) => {
      const known = said.filter(({ seq }) => seq < before)
      await state.gate
      if (state.down) throw kernelError('peer.unreachable', { peer: 'city' })
      const items = known.slice(-limit)
      return { items, ...(known.length > limit && { next: items[0]?.seq }) }
    },
  }
  const agents = {
    run: async ({ run }: { run: string }) => {
      state.asked.push(run)
      return { text: state.runText, steps: [{ kind: 'model' }] }
    },
  }
  // Only what the store calls stands here.
  const store = createRoomStore({ city, agents } as unknown as Api, 'room_1')
  const seqs = () => store.state().timeline.messages.map(({ seq }) => seq)
  return { store, said, state, seqs }
}

test('begins with the newest and goes back page by page to the beginning', async () => {
  const { store, seqs } = setup(120)
  await store.load()
  expect([seqs()[0], seqs().at(-1)]).toEqual([71, 120])
  await store.loadOlder()
  await store.loadOlder()
  expect(seqs()).toHaveLength(120)
  expect(store.state().timeline.older).toBeNull()
})

test('what comes during a fetch is not undone by it', async () => {
  const { store, said, state, seqs } = setup(3)
  let open = () => {}
  state.gate = new Promise((resolve) => {
    open = resolve
  })
  said[2] = message(3, { text: 'before' })
  const loading = store.load()
  const run = { id: 'run_1', agent: 'daarwizz', name: 'DAARWIZZ', state: 'running' as const }
  store.frame({ type: 'message', room: 'room_1', seq: 4, message: message(4) })
  store.frame({ type: 'runs', room: 'room_1', seq: 5, message: 'msg_3', runs: [run] })
  open()
  await loading
  expect(seqs()).toEqual([1, 2, 3, 4])
  expect(store.state().timeline.messages[2]?.runs).toEqual([run])
})

test('after a long gap it begins anew rather than show a hole', async () => {
  const { store, said, seqs } = setup(40)
  await store.load()
  for (let seq = 41; seq <= 200; seq++) said.push(message(seq))
  await store.load()
  expect([seqs()[0], seqs().length]).toEqual([151, 50])
  expect(store.state().timeline.older).toBe(151)
})

test('says when it could not be loaded, and loads when asked again', async () => {
  const { store, state } = setup(3)
  state.down = true
  await store.load()
  expect(store.state().state).toBe('failed')
  state.down = false
  await store.load()
  expect(store.state().state).toBe('ready')
})

test('goes to a message far back, and says when there is none', async () => {
  const { store, seqs } = setup(600)
  await store.load()
  expect(await store.reach('msg_5')).toBe(true)
  expect(seqs()).toContain(5)
  expect(await store.reach('msg_none')).toBe(false)
})

test('fetches the beginning of an answer that it came late to, once', async () => {
  const { store, said, state } = setup(0)
  const run = { id: 'run_1', agent: 'daarwizz', name: 'DAARWIZZ', state: 'running' as const }
  said.push(message(1, { runs: [run] }))
  state.runText = 'Гарантія 24'
  await store.load()
  store.frame({ type: 'delta', room: 'room_1', run: 'run_1', offset: 11, text: ' місяці' })
  await Promise.all([store.catchUp(), store.catchUp()])
  await vi.waitFor(() => expect(store.state().timeline.streams.run_1?.text).toBe('Гарантія 24'))
  store.frame({ type: 'delta', room: 'room_1', run: 'run_1', offset: 11, text: ' місяці' })
  expect(store.state().timeline.streams.run_1?.text).toBe('Гарантія 24 місяці')
  await store.catchUp()
  expect(state.asked).toEqual(['run_1'])
})
