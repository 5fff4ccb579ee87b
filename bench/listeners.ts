import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** WebSocket clients that cost next to nothing: the handshake, frames to say something by, and a count of the bytes that came. */
export interface Listener {
  say(value: unknown): void
  /** Writes a frame as it is. */
  raw(bytes: Buffer): void
  /** Bytes of frames since the handshake. */
  readonly bytes: number
  close(): void
}

export interface ListenNeeds {
  readonly url: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** An address of loopback to come from: each has its own ports. */
  readonly from?: string
  /** Bytes as they come; they are another's once it returns. */
  readonly heard?: (chunk: Buffer) => void
  readonly closed?: () => void
}

const OPEN_MS = 20_000
/** All read into the same bytes, one after another: a stream of its own for each would cost more than the kernel does. */
const READ = Buffer.alloc(256 * 1024)

/** Resolves when the socket is open; rejects when it is refused, or not open within 20 s. */
export function listen({ url, path, headers = {}, from, heard, closed }: ListenNeeds): Promise<Listener> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({
      host: hostname,
      port: Number(port),
      ...(from !== undefined && { localAddress: from }),
      onread: {
        buffer: READ,
        callback(size) {
          take(READ.subarray(0, size))
          return true
        },
      },
    })
    let bytes = 0
    let head = ''
    const late = setTimeout(() => socket.destroy(new Error('not open in time')), OPEN_MS)
    const listener: Listener = {
      raw: (bytes) => void socket.write(bytes),
      say: (value) => void socket.write(masked(value)),
      get bytes() {
        return bytes
      },
      close: () => socket.destroy(),
    }
    const count = (chunk: Buffer) => {
      bytes += chunk.length
      heard?.(chunk)
    }
    socket.on('error', (error) => {
      clearTimeout(late)
      reject(error)
    })
    socket.on('close', () => closed?.())
    let take = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      clearTimeout(late)
      if (!head.startsWith('HTTP/1.1 101'))
        return void socket.destroy(new Error(`refused: ${head.slice(0, head.indexOf('\r\n'))}`))
      take = count
      const rest = Buffer.from(head.slice(end + 4), 'latin1')
      head = ''
      if (rest.length > 0) count(rest)
      resolve(listener)
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n${lines.join('')}\r\n`,
    )
  })
}

/** A client's text frame. */
export function masked(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value))
  const mask = randomBytes(4)
  const head =
    body.length < 126
      ? Buffer.from([0x81, 0x80 | body.length])
      : Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 255])
  for (let i = 0; i < body.length; i++) body[i] = (body[i] ?? 0) ^ (mask[i & 3] ?? 0)
  return Buffer.concat([head, mask, body])
}
