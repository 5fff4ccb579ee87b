import { WebSocket } from 'ws'
import type { Clock } from '../../kernel/clock.ts'
import type { Identity, Sender } from '../http/service.ts'
import { CLOSE, type LiveLimits } from './limits.ts'
import type { Join, Tick, Writer } from './tick.ts'
import type { Frame } from './wire.ts'

/** One open socket. */
export interface Connection {
  readonly identity: Identity
  /** Whether it is closed, by whomever. */
  readonly isGone: boolean
  /** Sends without waiting, at the end of this turn of the event loop; a reader that leaves too much waiting is closed as too slow. */
  send(frame: Frame): void
  /** Resolves when what was sent so far went out, or the socket is gone; closes as too slow one that does not read for 30 s. */
  drained(): Promise<void>
  close(code: number, reason: string): void
}

/** Who listens to a connection. */
export interface Listener {
  /** Its frames, one after another as they come. */
  hear(frame: string): void
  /** It is gone. Called once. */
  left(): void
  /** Its credential was looked at again, and is good. */
  checked(): void
}

/** What all connections of a route share. */
export interface Line {
  readonly limits: LiveLimits
  readonly clock: Clock
  readonly tick: Tick
  /** Told once of each that is gone. */
  readonly forget: (connection: OpenSocket) => void
}

const DRAIN_MS = 30_000
/** The protocol's own code for a frame that is no text; one that is too large `ws` closes itself, with 1009. */
const NOT_TEXT = 1003
const NOTHING = Buffer.alloc(0)
/** Bytes that cost more to copy than to name to the system. */
const isLarge = (frame: Frame): boolean => frame.length > 4096
/** A ping that says nothing. */
const PING = Buffer.from([0x89, 0])

/** A WebSocket that tells the connection it belongs to, and nobody else: listeners would be more for each to hold. */
export class HeldSocket extends WebSocket {
  held: OpenSocket | undefined

  override emit(event: string | symbol, ...told: unknown[]): boolean {
    const [data, isBinary] = told
    if (event === 'message' && Buffer.isBuffer(data)) this.held?.heard(data, isBinary === true)
    else if (event === 'pong') this.held?.answered()
    else if (event === 'close') this.held?.left()
    // Frames that break the protocol are the client's fault: `ws` has closed its socket with a code.
    else if (event === 'error') this.terminate()
    return true
  }
}

/** There are many of them: each is one object with shared listeners, and keeps nothing of the request it came by but its credentials. Frames are written to the line itself, made before; the protocol's own business is left to `ws`. */
export class OpenSocket implements Connection, Writer {
  readonly identity: Identity
  /** What of its request names whom it is from. */
  readonly sender: Sender
  /** Whether it answered the last ping. */
  isAlive = true
  isGone = false
  listener: Listener | undefined
  #isClosing = false
  #waiting: Frame[] | undefined
  #waitingBytes = 0
  #allowed: number
  #allowedAt: number
  readonly #line: Line
  readonly #socket: HeldSocket

  constructor(line: Line, socket: HeldSocket, identity: Identity, sender: Sender) {
    this.identity = identity
    this.sender = sender
    this.#line = line
    this.#socket = socket
    this.#allowed = line.limits.burstFrames
    this.#allowedAt = line.clock.now()
    socket.held = this
  }

  send(frame: Frame): void {
    if (this.#isClosing || this.isGone) return
    this.#waitingBytes += frame.length
    if (this.#waiting) {
      this.#waiting.push(frame)
      this.#line.tick.more()
    } else {
      this.#waiting = [frame]
      this.#line.tick.wait(this)
    }
    if (this.#waitingBytes > this.#line.limits.maxBufferedBytes) this.flush(Buffer.concat)
  }

  flush(join: Join): void {
    const waiting = this.#waiting
    if (!waiting) return
    this.#waiting = undefined
    this.#waitingBytes = 0
    if (this.#isClosing || this.isGone) return
    const { socket } = this.sender.raw
    if (waiting.length > 1 && waiting.some(isLarge)) {
      socket.cork()
      for (const frame of waiting) socket.write(frame)
      socket.uncork()
    } else socket.write(join(waiting))
    if (this.sender.raw.socket.writableLength > this.#line.limits.maxBufferedBytes)
      this.close(CLOSE.tooSlow, 'too slow')
  }

  async drained(): Promise<void> {
    this.flush(Buffer.concat)
    if (this.isGone || this.sender.raw.socket.writableLength === 0) return
    const waited = new AbortController()
    const late = this.#line.clock
      .sleep(DRAIN_MS, waited.signal)
      .then(() => this.close(CLOSE.tooSlow, 'too slow'))
      .catch(() => undefined)
    // Called when everything before it has gone out, or never will.
    const out = new Promise<void>((resolve) => this.sender.raw.socket.write(NOTHING, () => resolve()))
    await Promise.race([out, late])
    waited.abort()
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return
    // What was said before the end is said before it.
    if (code !== CLOSE.tooSlow) this.flush(Buffer.concat)
    this.#isClosing = true
    this.#waiting = undefined
    this.#socket.close(code, reason)
  }

  /** Asks whether it lives; ends without a word one that did not answer the last time. */
  ping(): void {
    if (!this.isAlive) this.#socket.terminate()
    this.isAlive = false
    if (!this.#isClosing && !this.isGone) this.sender.raw.socket.write(PING)
  }

  heard(data: Buffer, isBinary: boolean): void {
    if (this.#isClosing) return
    if (!this.#spend()) this.close(CLOSE.flooding, 'flooding')
    else if (isBinary) this.close(NOT_TEXT, 'text frames only')
    else this.listener?.hear(data.toString('utf8'))
  }

  answered(): void {
    this.isAlive = true
  }

  left(): void {
    if (this.isGone) return
    this.isGone = true
    this.#waiting = undefined
    this.#line.forget(this)
    this.listener?.left()
  }

  /** A bucket of frames that refills with time. */
  #spend(): boolean {
    const { limits, clock } = this.#line
    const now = clock.now()
    const regained = ((now - this.#allowedAt) / 1000) * limits.framesPerSecond
    this.#allowed = Math.min(limits.burstFrames, this.#allowed + regained) - 1
    this.#allowedAt = now
    return this.#allowed >= 0
  }
}
