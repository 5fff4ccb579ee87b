/** A frame of the live socket. Only what every frame may carry is typed here; the rest is checked by who uses it. */
export interface Frame {
  readonly type: string
  readonly room?: string
  readonly seq?: number
  readonly [key: string]: unknown
}

/** The part of a WebSocket that is needed, so that a test can be the other end. */
export interface Socket {
  /** False, and nothing is sent, where it is closing already. */
  send(text: string): boolean
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
}

export type Line =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** Since when (ms) the line is gone. */
  | { readonly state: 'offline'; readonly since: number }
  /** The session ended: nobody tries again. */
  | { readonly state: 'signed-out' }

export interface LiveNeeds {
  open(): Socket
  now(): number
  random(): number
  /** Runs `act` after `ms`; the result takes it back. */
  after(ms: number, act: () => void): () => void
  /** Every frame, numbered ones once and in order. */
  frame(frame: Frame): void
  line(line: Line): void
  /** Numbers are missing and the server did not fill them in: the room must be fetched anew. */
  gap(room: string): void
  /** A room is no longer this person's to read: nothing of it comes any more. */
  lost(room: string): void
}

export interface Live {
  /** Follows rooms, each from the number last seen; one that is followed already changes nothing. */
  subscribe(...rooms: readonly Place[]): void
  unsubscribe(room: string): void
  /** False when the line is gone; nothing is kept. */
  send(frame: Frame): boolean
  /** The last number seen of a room. */
  seen(room: string): number | undefined
  /** Tries at once: the browser came online, the page came into view, a person asked. */
  wake(): void
  /** The browser says that the line is gone. */
  lose(): void
  close(): void
}

/** A room, and the last number seen of it. */
export interface Place {
  readonly room: string
  readonly after: number
}

interface Followed {
  seq: number
  /** The number after which a backfill was asked for because something was missing. */
  asked: number | null
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
const PROBE_MS = 6_000
const OPEN_MS = 10_000
const SIGNED_OUT = 4401
/** Frames with a number that is not of the room's log. */
const BESIDE = new Set(['ack', 'read', 'unread'])

/** One socket for the whole page. It comes back by itself, resumes each room after the last number seen, and delivers no number twice. */
export function createLive(needs: LiveNeeds): Live {
  const rooms = new Map<string, Followed>()
  let socket: Socket | null = null
  let line: Line = { state: 'connecting' }
  let tries = 0
  let cancelTimer = () => {}
  let cancelProbe = () => {}
  let closed = false

  const say = (next: Line) => {
    line = next
    needs.line(next)
  }
  const write = (frame: Frame) => socket?.send(JSON.stringify(frame)) ?? false
  const follow = (room: string, { seq }: Followed) => write({ type: 'subscribe', room, after: seq })
  const followAll = (places: readonly Place[]) => {
    if (places.length > 0) write({ type: 'subscribe', rooms: places })
  }

  const connect = () => {
    cancelTimer()
    if (closed || socket) return
    const mine = needs.open()
    socket = mine
    const late = needs.after(OPEN_MS, () => drop(mine))
    mine.onopen = () => {
      late()
      tries = 0
      say({ state: 'open' })
      for (const followed of rooms.values()) followed.asked = null
      followAll([...rooms].map(([room, { seq }]) => ({ room, after: seq })))
    }
    mine.onmessage = ({ data }) => {
      cancelProbe()
      const frame = parse(data)
      if (frame) receive(frame)
    }
    mine.onclose = ({ code }) => {
      late()
      if (socket === mine) lost(code)
    }
  }

  const lost = (code: number) => {
    cancelProbe()
    socket = null
    if (closed) return
    if (code === SIGNED_OUT) return say({ state: 'signed-out' })
    if (line.state !== 'offline') say({ state: 'offline', since: needs.now() })
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries)
    tries += 1
    cancelTimer()
    cancelTimer = needs.after(longest / 2 + (needs.random() * longest) / 2, connect)
  }

  /** Gives up a socket that may never say itself that it is dead. */
  const drop = (mine: Socket) => {
    if (socket !== mine) return
    mine.onclose = null
    mine.onmessage = null
    mine.close()
    lost(0)
  }

  const receive = (frame: Frame) => {
    const followed = frame.room === undefined ? undefined : rooms.get(frame.room)
    if (frame.type === 'subscribed' && followed && frame.room !== undefined) {
      const behind = typeof frame.seq === 'number' && frame.seq > followed.seq
      if (behind) missing(frame.room, followed, Number(frame.seq))
      followed.asked = null
      return needs.frame(frame)
    }
    if (frame.type === 'resync' && followed && frame.room !== undefined) {
      followed.asked = null
      return missing(frame.room, followed, Number(frame.seq))
    }
    if (frame.type === 'unsubscribed' && frame.room !== undefined) {
      if (rooms.delete(frame.room)) needs.lost(frame.room)
      return
    }
    if (typeof frame.seq !== 'number' || BESIDE.has(frame.type)) return needs.frame(frame)
    if (!followed || frame.room === undefined || frame.seq <= followed.seq) return
    if (frame.seq > followed.seq + 1) {
      if (followed.asked !== followed.seq) {
        followed.asked = followed.seq
        return follow(frame.room, followed)
      }
      missing(frame.room, followed, frame.seq - 1)
    }
    followed.seq = frame.seq
    followed.asked = null
    needs.frame(frame)
  }

  const missing = (room: string, followed: Followed, upTo: number) => {
    followed.seq = Math.max(followed.seq, upTo)
    needs.gap(room)
  }

  connect()
  return {
    subscribe(...places) {
      const fresh = places.filter(({ room }) => !rooms.has(room))
      for (const { room, after } of fresh) rooms.set(room, { seq: after, asked: null })
      if (line.state === 'open') followAll(fresh)
    },
    unsubscribe(room) {
      if (rooms.delete(room) && line.state === 'open') write({ type: 'unsubscribe', room })
    },
    send(frame) {
      return line.state === 'open' && write(frame)
    },
    seen: (room) => rooms.get(room)?.seq,
    wake() {
      if (line.state === 'signed-out' || closed) return
      if (!socket) {
        tries = 0
        return connect()
      }
      const first = [...rooms][0]
      const mine = socket
      if (line.state !== 'open' || !first) return
      cancelProbe()
      cancelProbe = needs.after(PROBE_MS, () => drop(mine))
      follow(...first)
    },
    lose() {
      if (socket) drop(socket)
    },
    close() {
      closed = true
      cancelTimer()
      cancelProbe()
      socket?.close()
      socket = null
    },
  }
}

function parse(data: unknown): Frame | null {
  if (typeof data !== 'string') return null
  try {
    const value: unknown = JSON.parse(data)
    const isFrame = typeof value === 'object' && value !== null && 'type' in value
    return isFrame && typeof value.type === 'string' ? (value as Frame) : null
  } catch {
    return null
  }
}
