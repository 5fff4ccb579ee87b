import { expect, test, vi } from 'vitest'
import { kernelError } from '../../../../src/kernel/errors.ts'
import { cityError } from '../../../../src/services/city/city.errors.ts'
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
    messages: async (asked: { before?: number; after?: number; around?: string; limit?: number }) => {
      const { before = Number.POSITIVE_INFINITY, after, around, limit = 50 } = asked
      const known = said.filter(({ seq }) => seq < before)
      await state.gate
      if (state.down) throw kernelError('peer.unreachable', { peer: 'city' })
      if (around !== undefined) {
        const at = said.findIndex(({ id, seq }) => id === around || String(seq) === around)
        if (at < 0) throw cityError('city.message_not_found')
        const earlier = said.slice(Math.max(0, at - limit / 2), at)
        return { items: [...earlier, ...said.slice(at, at + limit - earlier.length)] }
      }
      if (after !== undefined) {
        const later = said.slice(said.findIndex(({ seq }) => seq > after))
        const items = later.slice(0, limit)
        return { items, ...(later.length > limit && { next: items.at(-1)?.seq }) }
      }
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

test('goes anywhere in 100,000 messages, reads on in both directions, and never holds more than 500', async () => {
  const { store, seqs } = setup(100_000)
  const { state } = store
  let most = 0
  store.subscribe(() => {
    most = Math.max(most, state().timeline.messages.length)
  })
  await store.load()
  expect(await store.reach('msg_50000')).toBe(true)
  expect([seqs()[0], seqs().at(-1)]).toEqual([49_950, 50_049])
  for (let page = 0; page < 10; page++) await store.loadOlder()
  expect([seqs()[0], seqs().length]).toEqual([48_950, 500])
  for (let page = 0; page < 20; page++) await store.loadNewer()
  expect(seqs().at(-1)).toBe(51_449)
  expect(seqs()).toEqual(Array.from({ length: 500 }, (_, i) => 50_950 + i))
  expect(await store.reach('msg_3')).toBe(true)
  expect([seqs()[0], state().timeline.older]).toEqual([1, null])
  expect(await store.latest()).toBe(true)
  expect([seqs().at(-1), state().timeline.newer]).toEqual([100_000, null])
  expect(await store.reach('msg_none')).toBe(false)
  expect(seqs().at(-1)).toBe(100_000)
  expect(most).toBe(500)
})

test('what is said while one reads far back comes when one returns, whole and once', async () => {
  const { store, said, seqs } = setup(300)
  await store.load()
  await store.reach('msg_100')
  const say = (seq: number) => {
    said.push(message(seq))
    store.frame({ type: 'message', room: 'room_1', seq, message: message(seq) })
  }
  say(301)
  expect(seqs().at(-1)).toBe(149)
  store.frame({ type: 'edited', room: 'room_1', seq: 302, message: message(120, { text: 'changed' }) })
  expect(store.state().timeline.messages.find(({ seq }) => seq === 120)?.text).toBe('changed')
  while (store.state().timeline.newer !== null) await store.loadNewer()
  say(303)
  expect(seqs()).toEqual([...Array.from({ length: 252 }, (_, i) => 50 + i), 303])
})

test('a reader who went elsewhere is not brought back by a page that was on its way', async () => {
  const { store, state, seqs } = setup(1_000)
  await store.load()
  let open = () => {}
  state.gate = new Promise((resolve) => {
    open = resolve
  })
  const pages = [store.loadOlder(), store.load()]
  const gone = store.reach('msg_200')
  open()
  await Promise.all([...pages, gone])
  expect([seqs()[0], seqs().at(-1)]).toEqual([150, 249])
  state.down = true
  await expect(store.reach('msg_900')).rejects.toMatchObject({ code: 'peer.unreachable' })
  expect(await store.latest()).toBe(false)
  expect(seqs().at(-1)).toBe(249)
})

test('opens where one left off, and holds little of a room that nobody looks at', async () => {
  const { store, seqs, said } = setup(2_000)
  await store.load(701)
  expect([seqs()[0], seqs().at(-1)]).toEqual([651, 750])
  store.rest()
  await vi.waitFor(() => expect(seqs().at(-1)).toBe(2_000))
  for (let seq = 2_001; seq <= 2_700; seq++) {
    said.push(message(seq))
    store.frame({ type: 'message', room: 'room_1', seq, message: message(seq) })
  }
  expect([seqs().length, seqs().at(-1)]).toEqual([500, 2_700])
  store.rest()
  expect([seqs().length, seqs()[0]]).toEqual([100, 2_601])
})

test('a room that fills while one reads further up keeps what is read, and says that more has come', async () => {
  const { store, seqs } = setup(60)
  await store.load()
  await store.loadOlder()
  store.look(5)
  for (let seq = 61; seq <= 700; seq++)
    store.frame({ type: 'message', room: 'room_1', seq, message: message(seq) })
  expect([seqs()[0], seqs().length, store.state().timeline.newer]).toEqual([1, 500, 500])
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
