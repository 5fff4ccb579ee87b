import { isUtf8 } from 'node:buffer'

const LF = 10
const CR = 13
const MAX_FRAME_BYTES = 4 * 1024 * 1024
const PREFIX = Buffer.from('data: ')
const NOTHING = Buffer.alloc(0)

/** The `data` of one server-sent event, with the bytes it goes on as. */
export interface Frame {
  readonly data: string
  readonly bytes: Buffer
}

/**
 * Cuts a body of server-sent events (WHATWG HTML, 9.2.6) into events, wherever its bytes are cut. Comments and fields other than `data` are
 * left out; an event without its closing blank line never comes. Throws a TypeError for bytes that are no UTF-8 and for an event over 4 MB.
 */
export function createFrames(): { push(chunk: Buffer): Frame[] } {
  /** What has come of the event that is not whole yet. */
  let parts: Buffer[] = []
  let size = 0
  let last = 0
  let cr = false

  /** Lines end in one way after this. */
  const plain = (chunk: Buffer): Buffer => {
    if (!cr && !chunk.includes(CR)) return chunk
    const text = (cr ? '\r' : '') + chunk.toString('latin1')
    cr = text.endsWith('\r')
    return Buffer.from((cr ? text.slice(0, -1) : text).replace(/\r\n?/g, '\n'), 'latin1')
  }

  return {
    push(raw) {
      const chunk = plain(raw)
      const frames: Frame[] = []
      let from = 0
      // A blank line may lie across two chunks.
      let end = last === LF && chunk[0] === LF ? 1 : after(chunk, 0)
      for (; end > 0; end = after(chunk, from)) {
        const own = chunk.subarray(from, end)
        const whole = parts.length > 0 ? Buffer.concat([...parts, own]) : own
        parts = []
        size = 0
        from = end
        const frame = frameOf(whole)
        if (frame) frames.push(frame)
      }
      if (from < chunk.length) {
        parts.push(from > 0 ? chunk.subarray(from) : chunk)
        size += chunk.length - from
        last = chunk[chunk.length - 1] ?? 0
      } else if (chunk.length > 0) last = 0
      if (size > MAX_FRAME_BYTES) throw new TypeError('An event of the stream is too long')
      return frames
    },
  }
}

/** Where the event ends that begins at `from`: behind its blank line. 0 where it does not. */
function after(chunk: Buffer, from: number): number {
  for (let at = chunk.indexOf(LF, from); at >= 0; at = chunk.indexOf(LF, at + 1))
    if (chunk[at + 1] === LF) return at + 2
  return 0
}

function frameOf(bytes: Buffer): Frame | undefined {
  if (!isUtf8(bytes)) throw new TypeError('The stream is no text')
  const body = bytes.length - 2
  if (bytes.subarray(0, PREFIX.length).equals(PREFIX) && bytes.indexOf(LF) === body)
    return { data: bytes.toString('utf8', PREFIX.length, body), bytes }
  const data = bytes
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (/^data(?::|$)/.test(line) ? [line.slice(5).replace(/^ /, '')] : []))
  if (data.length === 0) return undefined
  const said = data.join('\n')
  return { data: said, bytes: Buffer.from(`${data.map((line) => `data: ${line}`).join('\n')}\n\n`) }
}

/** The bytes of frames that follow each other; not copied where there is one. */
export const joined = (frames: readonly Frame[]): Buffer =>
  frames.length === 1 ? (frames[0]?.bytes ?? NOTHING) : Buffer.concat(frames.map(({ bytes }) => bytes))
