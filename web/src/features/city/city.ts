import type { QueryClient } from '@tanstack/react-query'
import { AppError } from '../../../../src/kernel/errors.ts'
import type { Me } from '../../../../src/services/auth/door.contract.ts'
import { ServerFrame } from '../../../../src/services/city/city.live.contract.ts'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import type { Job } from '../../../../src/services/multimodal-gateway/jobs.contract.ts'
import type { Api } from '../../api.ts'
import { createPresenceStore, createReporter, type PresenceStore } from '../live/presence.ts'
import { JOBS } from '../multimodal/jobs-key.ts'
import { createDrafts, type Drafts } from './drafts.ts'
import { createLive, type Line, type Live, type Socket } from './live.ts'
import { createLocalFiles, type LocalFiles } from './local-files.ts'
import { createOutboxStore } from './outbox.store.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createRoomStore, type RoomStore } from './room-store.ts'
import { createTypists, type Typists } from './typists.ts'
import { uploadFile } from './upload.ts'

const KEPT_ROOMS = 12
const MANY_UNREAD = 40
const READ_AFTER_MS = 400
const TYPING_MS = 3_000
const POST_TIMEOUT_MS = 20_000
export const ROOMS = ['rooms'] as const
/** How much one is told of and has not seen; the live line keeps it. */
export const BELL = ['bell'] as const

/** A resident's city in this page: its live line, what is on its way, and the rooms that were opened. */
export interface City {
  readonly me: Me
  readonly outbox: Outbox
  readonly localFiles: LocalFiles
  readonly typists: Typists
  readonly presence: PresenceStore
  readonly drafts: Drafts
  line(): Line
  onLine(changed: () => void): () => void
  room(id: string): RoomStore
  /** A thread of a room, by its root. */
  thread(room: string, root: string): RoomStore
  /** Hears how far others have read. */
  onRead(heard: (room: string, principal: string, seq: number) => void): () => void
  /** Says which room is before one’s eyes; null when none is. */
  look(room: string | null): void
  /** Follows exactly these rooms. */
  follow(rooms: readonly Room[]): void
  /** Lets the others see that somebody writes; at most once in three seconds. */
  typing(room: string): void
  /** Marks a room unread from a number on; until `readAgain` what is in view does not count as read. */
  markUnread(room: string, seq: number): Promise<void>
  readAgain(room: string): void
  /** Notes that a room was read up to a number, its newest or one before; told to the city in a moment. */
  read(room: string, seq: number, newest: boolean): void
  wake(): void
  close(): void
}

interface CityNeeds {
  api: Api
  me: Me
  queries: QueryClient
  signedOut(): void
}

/** Opens the live line and the outbox. `close` ends both; what waits in the outbox stays there. */
export function createCity({ api, me, queries, signedOut }: CityNeeds): City {
  const stores = new Map<string, RoomStore>()
  const threads = new Map<string, { readonly room: string; readonly store: RoomStore }>()
  const storesOf = (room: string): RoomStore[] => {
    const own = stores.get(room)
    const below = [...threads.values()].filter((thread) => thread.room === room).map(({ store }) => store)
    return own ? [own, ...below] : below
  }
  const held = new Set<string>()
  /** By room, the end of its keeping on this device; only a page that the worker serves keeps any. */
  const keeping = new Map<string, () => void>()
  const keep = (room: string, store: RoomStore) => {
    if (!navigator.serviceWorker?.controller) return
    import('../device/keep-seen.ts').then(
      ({ keepSeen }) => {
        keeping.get(room)?.()
        if (!closed) keeping.set(room, keepSeen(room, store))
      },
      () => undefined,
    )
  }
  const reads = new Map<string, { seq: number; timer: ReturnType<typeof setTimeout> }>()
  const lineListeners = new Set<() => void>()
  const localFiles = createLocalFiles()
  const typists = createTypists(after)
  const presence = createPresenceStore()
  const readers = new Set<Parameters<City['onRead']>[0]>()
  let looking: string | null = null
  let typed = 0
  let line: Line = { state: 'connecting' }
  let followed = new Set<string>()
  let closed = false

  const checkSession = async () => {
    try {
      await api.auth.me({})
    } catch (cause) {
      if (!closed && AppError.from(cause).kind === 'unauthenticated') signedOut()
    }
  }

  const outbox = createOutbox({
    store: createOutboxStore(),
    author: me.id,
    upload: async (file, progress, signal) => {
      const stored = await uploadFile({ blob: file.blob, name: file.name, key: file.id }, progress, signal)
      localFiles.keep(stored.id, file.blob)
      return stored
    },
    post: (room, message) => api.city.post({ room, ...message }, { timeoutMs: POST_TIMEOUT_MS }),
    now: Date.now,
    random: Math.random,
    newId: randomId,
    after,
    alone: async (name, work) => {
      if (!('locks' in navigator)) return work()
      await navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? work() : undefined))
    },
    acknowledged: (entry, message) => {
      for (const store of storesOf(entry.room)) store.put(message)
      if (line.state === 'offline') live.wake()
    },
  })

  const live: Live = createLive({
    open: () => openSocket(checkSession),
    now: Date.now,
    random: Math.random,
    after,
    frame: (loose) => {
      const parsed = ServerFrame.safeParse(loose)
      // A numbered frame that this page cannot read may still have changed the room.
      if (!parsed.success) return void (loose.seq && loose.room && stores.get(loose.room)?.load())
      receive(parsed.data)
    },
    line: (next) => {
      line = next
      for (const changed of lineListeners) changed()
      if (next.state === 'signed-out') signedOut()
      if (next.state === 'offline') presence.forget()
      if (next.state === 'open') {
        reporter.begin()
        outbox.wake()
        void queries.invalidateQueries({ queryKey: ROOMS })
        for (const store of stores.values()) if (store.state().state === 'failed') void store.load()
      }
    },
    gap: (room) => {
      for (const store of storesOf(room)) void store.load()
    },
    lost: (room) => {
      stores.delete(room)
      followed.delete(room)
      roomChanged(room)
    },
  })
  const reporter = createReporter(
    () => ({ state: document.visibilityState === 'visible' ? 'here' : 'away', room: looking }),
    ({ state, room }) => live.send({ type: 'presence', state, ...(room !== null && { room }) }),
    after,
  )

  /** Where one begins to read a room in which more came than its newest page holds. */
  const firstUnread = (id: string) => {
    const room = queries.getQueryData<Room[]>(ROOMS)?.find((one) => one.id === id)
    return room && room.readSeq > 0 && room.unread > MANY_UNREAD ? room.readSeq + 1 : undefined
  }
  const changeRoom = (id: string, how: (room: Room) => Room) =>
    queries.setQueryData<Room[]>(ROOMS, (rooms) => rooms?.map((room) => (room.id === id ? how(room) : room)))

  const receive = (frame: ServerFrame) => {
    if (frame.type === 'presence') return presence.note(frame.people)
    if (frame.type === 'notifications') return void queries.setQueryData(BELL, frame.unread)
    if (frame.type === 'job') return jobChanged(frame)
    if (frame.type === 'reports') return void queries.invalidateQueries({ queryKey: ['reports'] })
    if (!('room' in frame) || frame.room === undefined) return
    const store = stores.get(frame.room)
    for (const one of storesOf(frame.room)) one.frame(frame)
    if (frame.type === 'unread') unreadFrom(frame.room, frame.seq)
    if (frame.type === 'room') roomChanged(frame.room)
    if (frame.type === 'message') arrived(frame.room, frame.seq, frame.message)
    if (frame.type === 'read' && frame.principal === me.id) readElsewhere(frame.room, frame.seq)
    if (frame.type === 'read') for (const heard of readers) heard(frame.room, frame.principal, frame.seq)
    if (frame.type === 'typing' && frame.principal !== me.id) typists.note(frame.room, frame.name)
    if (frame.type === 'delta' || frame.type === 'subscribed') void store?.catchUp()
  }
  const jobChanged = ({ id, progress, state }: Extract<ServerFrame, { type: 'job' }>) => {
    const known = queries.getQueryData<readonly Job[]>(JOBS)
    if (known?.some((job) => job.id === id && job.state === state))
      queries.setQueryData<readonly Job[]>(JOBS, (jobs) =>
        jobs?.map((job) => (job.id === id ? { ...job, progress } : job)),
      )
    else void queries.invalidateQueries({ queryKey: JOBS })
  }
  /** Something about a room that is not in its log: whoever shows it asks again. */
  const roomChanged = (id: string) => {
    for (const queryKey of [
      ROOMS,
      ['members', id],
      ['requests', id],
      ['directory'],
      ['room'],
      ['standing', id],
      ['sanctions', id],
    ])
      void queries.invalidateQueries({ queryKey })
  }
  const arrived = (id: string, seq: number, { author, clientId, thread }: Message) => {
    const mine = author.id === me.id || thread !== undefined
    if (author.id === me.id && clientId !== undefined) outbox.settle(clientId)
    typists.spoke(id, author.name)
    changeRoom(id, (room) => {
      if (seq <= room.seq) return room
      return { ...room, seq, unread: mine || seq <= room.readSeq ? room.unread : room.unread + 1 }
    })
  }
  /** What was seen in a room is no news at the bell. */
  const lookAtBell = () => {
    if (queries.getQueryData(BELL)) void queries.invalidateQueries({ queryKey: BELL })
  }
  const readElsewhere = (id: string, seq: number) => {
    lookAtBell()
    changeRoom(id, (room) => {
      const readSeq = Math.max(seq, room.readSeq)
      return { ...room, readSeq, unread: readSeq >= room.seq ? 0 : room.unread }
    })
  }

  /** One’s own mark went back: how many are unread now is for the city to say. */
  const unreadFrom = (id: string, readSeq: number) => {
    changeRoom(id, (room) => ({ ...room, readSeq }))
    void queries.invalidateQueries({ queryKey: ROOMS })
  }

  const wake = () => {
    live.wake()
    outbox.wake()
  }
  const seen = () => {
    if (document.visibilityState === 'visible') wake()
    reporter.look()
  }
  const lose = () => live.lose()
  window.addEventListener('online', wake)
  window.addEventListener('offline', lose)
  document.addEventListener('visibilitychange', seen)

  return {
    me,
    outbox,
    localFiles,
    typists,
    presence,
    onRead(heard) {
      readers.add(heard)
      return () => readers.delete(heard)
    },
    look(room) {
      looking = room
      reporter.look()
    },
    drafts: createDrafts(() => localStorage, me.id, {
      all: async () => (await api.city.drafts({})).items,
      keep: (room, text) => api.city.draft({ room, text }),
      after,
    }),
    line: () => line,
    onLine(changed) {
      lineListeners.add(changed)
      return () => lineListeners.delete(changed)
    },
    room(id) {
      const kept = stores.get(id)
      const store = kept ?? createRoomStore(api, id, { me: me.id })
      stores.delete(id)
      stores.set(id, store)
      if (stores.size > KEPT_ROOMS) stores.delete([...stores.keys()][0] ?? '')
      if (!kept) {
        void store.load(firstUnread(id)).then(store.catchUp)
        keep(id, store)
      }
      return store
    },
    thread(room, root) {
      const kept = threads.get(root)
      const store = kept?.store ?? createRoomStore(api, room, { me: me.id, thread: root })
      threads.delete(root)
      threads.set(root, { room, store })
      if (threads.size > KEPT_ROOMS) threads.delete([...threads.keys()][0] ?? '')
      if (!kept) void store.load().then(store.catchUp)
      return store
    },
    async markUnread(room, seq) {
      held.add(room)
      const pending = reads.get(room)
      if (pending) clearTimeout(pending.timer)
      reads.delete(room)
      const { readSeq } = await api.city.unread({ room, seq })
      unreadFrom(room, readSeq)
    },
    readAgain: (room) => void held.delete(room),
    follow(rooms) {
      const next = new Set(rooms.map(({ id }) => id))
      for (const id of followed) if (!next.has(id)) live.unsubscribe(id)
      live.subscribe(...rooms.map(({ id, seq }) => ({ room: id, after: seq })))
      followed = next
    },
    typing(room) {
      if (Date.now() - typed < TYPING_MS) return
      typed = Date.now()
      live.send({ type: 'typing', room })
    },
    read(room, seq, newest) {
      const pending = reads.get(room)
      if (held.has(room) || (pending && pending.seq >= seq)) return
      if (pending) clearTimeout(pending.timer)
      const timer = setTimeout(() => {
        reads.delete(room)
        changeRoom(room, (one) => ({
          ...one,
          readSeq: Math.max(one.readSeq, seq),
          unread: newest ? 0 : one.unread,
        }))
        // A mark that does not arrive is made again with the next one.
        void api.city.read({ room, seq }).then(
          () => {
            lookAtBell()
            // How many are left is for the city to say.
            if (!newest) void queries.invalidateQueries({ queryKey: ROOMS })
          },
          () => undefined,
        )
      }, READ_AFTER_MS)
      reads.set(room, { seq, timer })
    },
    wake,
    close() {
      closed = true
      for (const stop of keeping.values()) stop()
      window.removeEventListener('online', wake)
      window.removeEventListener('offline', lose)
      document.removeEventListener('visibilitychange', seen)
      for (const { timer } of reads.values()) clearTimeout(timer)
      reporter.close()
      live.close()
      outbox.close()
      localFiles.close()
      typists.close()
    },
  }
}

function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms)
  return () => clearTimeout(timer)
}

/** 128 bits of chance; `crypto.randomUUID` is missing where the page is not served securely. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

/** A refused upgrade looks to a browser like a broken line, so a socket that never opened asks whether the session still stands. */
function openSocket(neverOpened: () => Promise<void>): Socket {
  const url = new URL('/api/city/live', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const web = new WebSocket(url)
  const socket: Socket = {
    send(text) {
      const open = web.readyState === WebSocket.OPEN
      if (open) web.send(text)
      return open
    },
    close: () => web.close(),
    onopen: null,
    onmessage: null,
    onclose: null,
  }
  let opened = false
  web.onopen = () => {
    opened = true
    socket.onopen?.()
  }
  web.onmessage = ({ data }) => socket.onmessage?.({ data })
  web.onclose = ({ code }) => {
    if (!opened) void neverOpened()
    socket.onclose?.({ code })
  }
  return socket
}
