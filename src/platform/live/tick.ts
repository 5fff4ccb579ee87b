import type { Clock } from '../../kernel/clock.ts'
import { type Frame, together } from './wire.ts'

/** What writes at the end of a tick. */
export interface Writer {
  /** Writes what was said since the last time, in one go; `join` makes several frames one. */
  flush(join: Join): void
}
export type Join = (frames: readonly Frame[]) => Buffer

/** Where writers wait for the end of a tick. */
export interface Tick {
  wait(writer: Writer): void
  /** More was said to somebody who waits already. */
  more(): void
}

/** Turns of the event loop, and time, that a tick may take. */
const MAX_TURNS = 8
const MAX_MS = 2

/** Gathers who has something to write, so that each socket is written to once however much was said to it at about the same moment: for as long as each turn of the event loop brings more, up to 2 ms. Writing to a thousand sockets takes longer than that. Sockets that were told the same frames share the bytes. */
export function createTick(clock: Pick<Clock, 'now'>): Tick {
  let waiting: Writer[] = []
  let said = 0
  let heard = 0
  let turns = 0
  let began = 0
  const turn = (): void => {
    if (said > heard && ++turns < MAX_TURNS && clock.now() - began < MAX_MS) {
      heard = said
      setImmediate(turn)
      return
    }
    const all = waiting
    waiting = []
    const join = createJoin()
    for (const writer of all) writer.flush(join)
  }
  return {
    wait(writer) {
      said++
      if (waiting.push(writer) > 1) return
      heard = 0
      said = 1
      turns = 0
      began = clock.now()
      setImmediate(turn)
    },
    more: () => {
      said++
    },
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
    bytes = together(frames)
    return bytes
  }
}
