import { expect, test, vi } from 'vitest'
import { AppError, kernelError } from '../../../../src/kernel/errors.ts'
import type { Message, NewMessage } from '../../../../src/services/city/messages.contract.ts'
import { createOutbox, type OutboxNeeds, type OutEntry } from './outbox.ts'

const said = (room: string, { clientId, text = '' }: NewMessage): Message => ({
  id: `msg_${clientId}`,
  room,
  seq: 1,
  author: { id: 'prn_1', kind: 'person', name: 'Олена' },
  clientId,
  text,
  parts: [],
  replyTo: null,
  createdAt: '2026-11-23T08:00:00.000Z',
  runs: [],
})

/** A city that does what `post` and `upload` say, and a disk that outlives the page. */
function setup(over: Partial<OutboxNeeds> = {}, disk = new Map<string, OutEntry>()) {
  const posts: { room: string; message: NewMessage }[] = []
  const timers: (() => void)[] = []
  let ids = 0
  const needs: OutboxNeeds = {
    store: {
      all: async () => [...disk.values()],
      get: async (clientId) => disk.get(clientId),
      put: async (entry) => void disk.set(entry.clientId, entry),
      delete: async (clientId) => void disk.delete(clientId),
    },
    author: 'prn_1',
    upload: async (file) => ({ id: `file_${file.name}` }),
    post: async (room, message) => {
      posts.push({ room, message })
      return said(room, message)
    },
    now: () => ids,
    random: () => 0,
    newId: () => `id_${++ids}`,
    after: (_, act) => {
      timers.push(act)
      return () => void timers.splice(timers.indexOf(act), 1)
    },
    alone: (_, work) => work(),
    acknowledged: () => undefined,
    ...over,
  }
  return { outbox: createOutbox(needs), posts, timers, disk }
}
const draft = (text: string, names: string[] = []) => ({
  room: 'room_1',
  text,
  replyTo: null,
  files: names.map((name) => ({ name, type: 'file' as const, blob: new Blob([name]) })),
})

test('what was written is kept before it is sent, and gone once it is acknowledged', async () => {
  const { outbox, posts, disk } = setup()
  await outbox.add(draft('one'))
  await vi.waitFor(() => expect(outbox.entries()).toEqual([]))
  expect(posts.map(({ message }) => message.text)).toEqual(['one'])
  expect(disk.size).toBe(0)
})

test('a room’s messages are sent in order, also when the first takes long', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const { outbox, posts } = setup({ upload: async (file) => gate.then(() => ({ id: `file_${file.name}` })) })
  await outbox.add(draft('first', ['a.pdf']))
  await outbox.add(draft('second'))
  expect(posts).toEqual([])
  open()
  await vi.waitFor(() => expect(posts).toHaveLength(2))
  expect(posts.map(({ message }) => message.text)).toEqual(['first', 'second'])
  expect(posts[0]?.message.parts).toEqual([{ type: 'file', file: 'file_a.pdf' }])
})

test('without a line it waits, and sends with the same clientId when woken', async () => {
  let down = true
  const seen: string[] = []
  const { outbox, timers } = setup({
    post: async (room, message) => {
      seen.push(message.clientId)
      if (down) throw kernelError('peer.unreachable', { peer: 'city' })
      return said(room, message)
    },
  })
  await outbox.add(draft('one'))
  await vi.waitFor(() => expect(timers).toHaveLength(1))
  expect(outbox.entries()).toHaveLength(1)
  expect(outbox.entries()[0]?.failure).toBeUndefined()
  down = false
  outbox.wake()
  await vi.waitFor(() => expect(outbox.entries()).toEqual([]))
  expect(new Set(seen).size).toBe(1)
  expect(seen).toHaveLength(2)
})

test('a refusal is shown with its code, does not hold up the next message, and can be tried again', async () => {
  let refuse = true
  const { outbox, posts } = setup({
    upload: async (file) => {
      if (refuse) throw new AppError('too_large', 'http.too_large', 'The request is larger than allowed.')
      return { id: `file_${file.name}` }
    },
  })
  await outbox.add(draft('big', ['big.pdf']))
  await outbox.add(draft('small'))
  await vi.waitFor(() => expect(posts).toHaveLength(1))
  const [failed] = outbox.entries()
  expect(failed?.failure?.code).toBe('http.too_large')
  refuse = false
  outbox.retry(failed?.clientId ?? '')
  await vi.waitFor(() => expect(outbox.entries()).toEqual([]))
  expect(posts.map(({ message }) => message.text)).toEqual(['small', 'big'])
})

test('survives a reload in the middle: a file that is there is not sent twice, the body stays the same', async () => {
  const disk = new Map<string, OutEntry>()
  const first = setup(
    {
      post: async () => {
        throw kernelError('peer.unreachable', { peer: 'city' })
      },
    },
    disk,
  )
  await first.outbox.add(draft('one', ['a.pdf']))
  await vi.waitFor(() => expect([...disk.values()][0]?.posted).toBe(true))
  first.outbox.close()

  const upload = vi.fn(async () => ({ id: 'file_other' }))
  const second = setup({ upload }, disk)
  await vi.waitFor(() => expect(second.posts).toHaveLength(1))
  expect(upload).not.toHaveBeenCalled()
  expect(second.posts[0]?.message.parts).toEqual([{ type: 'file', file: 'file_a.pdf' }])
})

test('another resident’s words are left alone', async () => {
  const other: OutEntry = { ...draft('x'), files: [], clientId: 'c', author: 'prn_2', createdAt: 1 }
  const { outbox, posts } = setup({}, new Map([['c', other]]))
  await outbox.add(draft('mine'))
  await vi.waitFor(() => expect(posts).toHaveLength(1))
  expect(posts[0]?.message.text).toBe('mine')
})

test('a file can be left out while it is being sent; a message of nothing else goes with it', async () => {
  const upload: OutboxNeeds['upload'] = (_, __, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(kernelError('call.cancelled')))
    })
  const { outbox, posts } = setup({ upload })
  await outbox.add(draft('text', ['a.pdf']))
  await outbox.add({ ...draft('', ['b.pdf']), room: 'room_2' })
  await vi.waitFor(() => expect(outbox.entries().every(({ sending }) => sending)).toBe(true))
  for (const { clientId, files } of outbox.entries()) outbox.dropFile(clientId, files[0]?.id ?? '')
  await vi.waitFor(() => expect(outbox.entries()).toEqual([]))
  expect(posts.map(({ message }) => [message.text, message.parts])).toEqual([['text', []]])
})

test('what came by the live line is not sent again', async () => {
  const { outbox, posts, timers } = setup({
    post: async (room, message) => {
      posts.push({ room, message })
      throw kernelError('call.timeout')
    },
  })
  await outbox.add(draft('one'))
  await vi.waitFor(() => expect(timers).toHaveLength(1))
  outbox.settle(outbox.entries()[0]?.clientId ?? '')
  outbox.wake()
  expect(outbox.entries()).toEqual([])
  expect(posts).toHaveLength(1)
})

test('what was refused may be changed and sent again under the same clientId', async () => {
  const bodies: NewMessage[] = []
  const { outbox } = setup({
    post: async (room, message) => {
      bodies.push(message)
      if (message.parts?.length) throw new AppError('unsupported', 'city.part_type', 'no')
      return said(room, message)
    },
  })
  await outbox.add(draft('text', ['fake.png']))
  await vi.waitFor(() => expect(outbox.entries()[0]?.failure?.code).toBe('city.part_type'))
  const { clientId, files } = outbox.entries()[0] ?? { clientId: '', files: [] }
  outbox.dropFile(clientId, files[0]?.id ?? '')
  outbox.retry(clientId)
  await vi.waitFor(() => expect(outbox.entries()).toEqual([]))
  expect(bodies.map((body) => [body.clientId, body.parts?.length])).toEqual([
    [clientId, 1],
    [clientId, 0],
  ])
})
