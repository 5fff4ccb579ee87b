import WebSocket from 'ws'
import { ServerFrame } from '../../src/services/city/city.live.contract.ts'
import type { NumberedFrame } from '../../src/services/city/log.contract.ts'
import type { Message } from '../../src/services/city/messages.contract.ts'
import type { Resident } from '../kit/resident.ts'

/** What one client heard of a room: each number once and in order, and what its messages came to. */
export interface Heard {
  /** The message that each number was about; the first number is 1. */
  readonly log: string[]
  readonly messages: Map<string, Message>
}

/** A client's live socket that comes back whenever its line breaks, to each room from where it was. */
export interface Witness {
  readonly name: string
  readonly rooms: ReadonlyMap<string, Heard>
  /** Holes, repetitions, refusals: what no client should see. */
  readonly faults: readonly string[]
  /** How many times its line broke. */
  readonly breaks: number
  follow(room: string): void
  /** Sends a message by the socket; resolves when it is acknowledged, rejects where the line breaks before, or is refused. */
  send(room: string, message: { clientId: string; text: string; thread?: string }): Promise<Acknowledged>
  close(): void
}

export interface Acknowledged {
  readonly id: string
  readonly seq: number
}

interface Sending {
  resolve(said: Acknowledged): void
  reject(failure: Error): void
}

/** The line broke, or nothing came by it in time: whether it was done is not known. */
export class LostLine extends Error {}

const AGAIN_MS = 60
/** Clients say that they are here once a minute at least. */
const REPORT_MS = 30_000
const SILENCE_MS = 10_000

export function openWitness(name: string, { at, authorization }: Resident): Witness {
  const rooms = new Map<string, Heard>()
  const away = new Set<string>()
  const faults: string[] = []
  const sending = new Map<string, Sending>()
  let breaks = 0
  let closed = false
  let socket: WebSocket | undefined

  const tell = (said: object) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(said))
  }
  const enter = (room: string) =>
    tell({ type: 'subscribe', rooms: [{ room, after: rooms.get(room)?.log.length ?? 0 }] })

  const number = (frame: NumberedFrame): void => {
    const heard = rooms.get(frame.room)
    if (!heard) return
    const expected = heard.log.length + 1
    if (frame.seq !== expected) {
      faults.push(`${name}: number ${frame.seq} where ${expected} was next`)
      return
    }
    heard.log.push(messageOf(frame))
    apply(heard, frame)
  }

  const hear = (frame: ServerFrame): void => {
    if ('seq' in frame && 'message' in frame) number(frame)
    if (frame.type === 'ack') sending.get(frame.clientId)?.resolve(frame)
    if (frame.type === 'resync') faults.push(`${name}: told to read anew`)
    if (frame.type === 'unsubscribed') away.add(frame.room)
    if (frame.type !== 'error') return
    const waiting = frame.clientId === undefined ? undefined : sending.get(frame.clientId)
    if (waiting) waiting.reject(Object.assign(new Error(frame.message), frame))
    else if (frame.code === 'city.room_not_found' && frame.room !== undefined) away.add(frame.room)
    // A room that could not be entered because a server is away is entered anew.
    else if (['unavailable', 'timeout', 'upstream'].includes(frame.kind)) socket?.terminate()
    else faults.push(`${name}: ${frame.code} (${frame.message})`)
  }

  const dial = (): void => {
    if (closed) return
    const here = new WebSocket(new URL('/api/city/live', at.city.replace('http', 'ws')), {
      headers: { authorization },
      handshakeTimeout: 5000,
    })
    socket = here
    here.on('open', () => {
      tell({ type: 'presence', state: 'here' })
      for (const room of rooms.keys()) if (!away.has(room)) enter(room)
    })
    here.on('message', (data: Buffer) => {
      const frame = ServerFrame.safeParse(JSON.parse(data.toString()))
      if (frame.success) hear(frame.data)
      else faults.push(`${name}: a frame that is none: ${data.toString().slice(0, 200)}`)
    })
    here.on('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0
      if (status < 502 && status !== 429) faults.push(`${name}: refused with ${status}`)
      // Whoever hears of it ends it.
      here.terminate()
    })
    // Its closing follows.
    here.on('error', () => undefined)
    here.on('close', (code) => {
      breaks++
      if (code === 4401 || code === 4429) faults.push(`${name}: closed with ${code}`)
      for (const one of sending.values()) one.reject(new LostLine('the line broke'))
      setTimeout(dial, AGAIN_MS)
    })
  }
  dial()
  const reporting = setInterval(() => tell({ type: 'presence', state: 'here' }), REPORT_MS)

  return {
    name,
    rooms,
    faults,
    get breaks() {
      return breaks
    },
    follow(room) {
      away.delete(room)
      if (!rooms.has(room)) rooms.set(room, { log: [], messages: new Map() })
      enter(room)
    },
    async send(room, message) {
      if (socket?.readyState !== WebSocket.OPEN) throw new LostLine('the line is down')
      let late: NodeJS.Timeout | undefined
      try {
        return await new Promise<Acknowledged>((resolve, reject) => {
          late = setTimeout(() => reject(new LostLine('no word in time')), SILENCE_MS)
          sending.set(message.clientId, { resolve, reject })
          tell({ type: 'send', room, parts: [], ...message })
        })
      } finally {
        clearTimeout(late)
        sending.delete(message.clientId)
      }
    },
    close() {
      closed = true
      clearInterval(reporting)
      socket?.terminate()
    },
  }
}

/** The message that a numbered frame is about. */
export const messageOf = ({ message }: NumberedFrame): string =>
  typeof message === 'string' ? message : message.id

/** What a frame changes of what a client shows. */
function apply({ messages }: Heard, frame: NumberedFrame): void {
  if (frame.type === 'message' || frame.type === 'edited' || frame.type === 'deleted') {
    messages.set(frame.message.id, frame.message)
    return
  }
  const before = messages.get(frame.message)
  if (!before) return
  messages.set(before.id, changed(before, frame))
}

type Change = Exclude<NumberedFrame, { type: 'message' | 'edited' | 'deleted' }>

function changed(message: Message, frame: Change): Message {
  switch (frame.type) {
    case 'part':
      return { ...message, parts: message.parts.with(frame.index, frame.part) }
    case 'runs':
      return { ...message, runs: frame.runs }
    case 'reaction':
      return { ...message, reactions: frame.reactions }
    case 'pinned':
      return { ...message, pinned: frame.pinned ?? undefined }
    case 'poll':
      return { ...message, poll: frame.poll }
    case 'thread':
      return { ...message, replies: frame.replies ?? undefined }
  }
}
