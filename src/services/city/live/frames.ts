import { type Frame, frame } from '../../../platform/live/wire.ts'
import { type CityDb, hydrate } from '../city.store.ts'
import { numbered } from '../messages/numbered.ts'
import type { Entry } from '../messages/room-book.ts'

export interface NumberedFrame {
  readonly seq: number
  readonly frame: Frame
}

export interface Stretch {
  readonly after: number
  readonly upto: number
  readonly limit: number
}

/** The numbered events of rooms, as they are kept. */
export interface RoomLog {
  /** The last number of each of these rooms that is there; up to 1,000 of them. */
  seqs(rooms: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** A room's log after a number, up to another, in order: each event once, made into bytes once, with what it is about as that stands now. It ends early where that is more than a megabyte: who catches up takes it in piece by piece. */
  read(room: string, stretch: Stretch): Promise<readonly NumberedFrame[]>
}

export const roomLog = (db: CityDb): RoomLog => ({
  async seqs(rooms) {
    const rows = await db.selectFrom('city.room').select(['id', 'seq']).where('id', 'in', rooms).execute()
    return new Map(rows.map(({ id, seq }) => [id, Number(seq)]))
  },
  read: (room, stretch) => readLog(db, room, stretch),
})

const MAX_BYTES = 1024 * 1024

/** What was just said, as the log would tell it; nothing where more hangs on it than its author's view of it shows. */
export function framesOf(room: string, entries: readonly Entry[]): readonly NumberedFrame[] {
  if (!entries.every(({ isPlain }) => isPlain)) return []
  return entries.map(({ seq, message }) => {
    const said = { seq, type: 'message', part: null, detail: null } as const
    return { seq, frame: frame(numbered(room, said, message)) }
  })
}

async function readLog(db: CityDb, room: string, { after, upto, limit }: Stretch): Promise<NumberedFrame[]> {
  const events = await db
    .selectFrom('city.event')
    .select(['seq', 'type', 'message', 'part', 'detail'])
    .where('room', '=', room)
    .where('seq', '>', after)
    .where('seq', '<=', upto)
    .orderBy('seq')
    .limit(limit)
    .execute()
  if (events.length === 0) return []
  const ids = [...new Set(events.map((event) => event.message))]
  const rows = await db.selectFrom('city.message').selectAll().where('id', 'in', ids).execute()
  const messages = new Map((await hydrate(db, rows)).map((message) => [message.id, message]))
  const frames: NumberedFrame[] = []
  let bytes = 0
  for (const event of events) {
    const message = messages.get(event.message)
    if (!message) continue
    const shown = frame(numbered(room, { ...event, seq: Number(event.seq) }, message))
    frames.push({ seq: Number(event.seq), frame: shown })
    bytes += shown.length
    if (bytes > MAX_BYTES) break
  }
  return frames
}
