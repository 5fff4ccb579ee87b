import type { WebSocket } from '@fastify/websocket'
import type { Clock } from '../../kernel/clock.ts'
import type { Identity } from '../http/service.ts'
import { CLOSE, type LiveLimits } from './limits.ts'

/** A frame made once, for however many sockets it goes to. */
export type Frame = Buffer
export const frame = (value: unknown): Frame => Buffer.from(JSON.stringify(value))

/** One open socket. */
export interface Connection {
  readonly identity: Identity
  /** Aborts when the socket is closed, by whomever. */
  readonly gone: AbortSignal
  /** Sends without waiting; a reader that leaves too much waiting is closed as too slow. */
  send(frame: Frame): void
  /** Resolves when what was sent so far went out, or the socket is gone; closes as too slow one that does not read for 30 s. */
  drained(): Promise<void>
  close(code: number, reason: string): void
  ping(): void
  /** Ends it without a word: nobody is there. */
  drop(): void
  hear(listen: (frame: string) => void): void
}

interface ConnectionNeeds {
  readonly socket: WebSocket
  readonly identity: Identity
  readonly limits: LiveLimits
  readonly clock: Clock
}

const DRAIN_MS = 30_000
/** The protocol's own codes: a frame that is no text, one that is too large. */
const NOT_TEXT = 1003
const TOO_LARGE = 1009

export function connection({ socket, identity, limits, clock }: ConnectionNeeds): Connection {
  const gone = new AbortController()
  let closing = false
  socket.once('close', () => gone.abort())
  socket.on('error', () => socket.terminate())

  const close = (code: number, reason: string): void => {
    if (closing) return
    closing = true
    socket.close(code, reason)
  }
  const spend = allowance(limits, clock)

  return {
    identity,
    gone: gone.signal,
    close,
    send(data) {
      if (closing || socket.readyState !== socket.OPEN) return
      socket.send(data, { binary: false })
      if (socket.bufferedAmount > limits.maxBufferedBytes) close(CLOSE.tooSlow, 'too slow')
    },
    async drained() {
      if (socket.bufferedAmount === 0 || gone.signal.aborted) return
      const waited = new AbortController()
      const late = clock
        .sleep(DRAIN_MS, AbortSignal.any([waited.signal, gone.signal]))
        .then(() => close(CLOSE.tooSlow, 'too slow'))
        .catch(() => undefined)
      // A ping's callback comes after everything before it has gone out.
      const out = new Promise<void>((resolve) => socket.ping(undefined, undefined, () => resolve()))
      await Promise.race([out, late])
      waited.abort()
    },
    ping() {
      if (socket.readyState === socket.OPEN) socket.ping()
    },
    drop: () => socket.terminate(),
    hear(listen) {
      socket.on('message', (data: Buffer, binary: boolean) => {
        if (closing) return
        if (!spend()) return close(CLOSE.flooding, 'flooding')
        if (binary) return close(NOT_TEXT, 'text frames only')
        if (data.length > limits.maxFrameBytes) return close(TOO_LARGE, 'frame too large')
        listen(data.toString('utf8'))
      })
    },
  }
}

/** A bucket of frames that refills with time. */
function allowance({ burstFrames, framesPerSecond }: LiveLimits, clock: Clock): () => boolean {
  let left = burstFrames
  let last = clock.now()
  return () => {
    const now = clock.now()
    left = Math.min(burstFrames, left + ((now - last) / 1000) * framesPerSecond)
    last = now
    left -= 1
    return left >= 0
  }
}
