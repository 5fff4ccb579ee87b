import type { Frame } from './wire.ts'

/** What writes at the end of a tick. */
export interface Writer {
  /** Writes what was said since the last time, in one go; `join` makes several frames one. */
  flush(join: Join): void
}
export type Join = (frames: readonly Frame[]) => Buffer

/** Gathers who has something to write, so that each socket is written to once however much was said to it in the same turn of the event loop. Sockets that were told the same frames share the bytes. */
export function createTick(): (writer: Writer) => void {
  let waiting: Writer[] = []
  const flush = () => {
    const all = waiting
    waiting = []
    const join = createJoin()
    for (const writer of all) writer.flush(join)
  }
  return (writer) => {
    if (waiting.push(writer) === 1) setImmediate(flush)
  }
}

function createJoin(): Join {
  let last: readonly Frame[] = []
  let bytes: Buffer = Buffer.alloc(0)
  return (frames) => {
    const [only] = frames
    if (only && frames.length === 1) return only
    const same = frames.length === last.length && frames.every((frame, i) => frame === last[i])
    if (same) return bytes
    last = frames
    bytes = Buffer.concat(frames)
    return bytes
  }
}
