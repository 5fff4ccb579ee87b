import type { Clock } from '../../../kernel/clock.ts'
import { batched } from '../../../platform/batched.ts'
import { type Frame, together } from '../../../platform/live/wire.ts'
import type { NumberedFrame, RoomLog } from './frames.ts'

/** Whoever follows a room: a connection, or a test. */
export interface Follower {
  send(frame: Frame): void
  /** Resolves when it took in what was sent, or is gone. */
  drained(): Promise<void>
  readonly isGone: boolean
}

export interface Following {
  /** Where the stream goes on after. */
  readonly seq: number
  /** Whether too much came in between to be told. */
  readonly resync: boolean
}

export interface Feeds {
  /** Sends what came after a number, then joins the stream, without a gap or a repetition where they meet. `joined` is called at that very moment, before anything of the stream. Answers false where the follower left meanwhile. */
  follow(
    room: string,
    follower: Follower,
    after: number | undefined,
    joined: (at: Following) => void,
  ): Promise<boolean>
  unfollow(room: string, follower: Follower): void
  follows(room: string, follower: Follower): boolean
  /** The room's log grew to a number: what is missing here is read and sent, in order. Who has the log's last frames hands them over, and they are sent at once where nothing is missing before them. */
  grew(room: string, seq: number, last?: () => readonly NumberedFrame[]): void
  /** Sends something without a number to whoever follows now. */
  signal(room: string, frame: () => Frame): void
  /** How many follow a room in this process. */
  count(room: string): number
  /** Looks now and then at the numbers themselves, in case a word of them was lost. Ends with the signal. */
  sweep(signal: AbortSignal): Promise<void>
}

interface Feed {
  /** What was sent to the stream. */
  head: number
  /** What is known to be in the log. */
  target: number
  pumping: boolean
  ready: Promise<void>
  /** Where each follower is; those that still catch up are not in the stream. */
  readonly cursors: Map<Follower, { seq: number; live: boolean }>
}

/** Some of a room's log, as it goes over the line. */
interface Backfill {
  /** Its last number. */
  readonly seq: number
  readonly bytes: Frame
}

const BATCH = 500
/** How long what was read for one who came back serves others. */
const KEPT_MS = 300
const MAX_BEHIND = 10_000
const SWEEP_MS = 2000
const SWEEP_ROOMS = 1000

/** The streams of the rooms that somebody follows in this process. Each event is read once and made into bytes once, however many follow. */
export function createFeeds(
  log: RoomLog,
  clock: Clock,
  failed: (failure: unknown) => void,
  maxBehind = MAX_BEHIND,
): Feeds {
  const feeds = new Map<string, Feed>()

  const seqOf = batched(log.seqs, SWEEP_ROOMS)
  const lastSeq = async (room: string): Promise<number> => (await seqOf(room)) ?? 0

  /** Many who come back at once are behind by the same: what they need is read once, and kept for a moment. Nothing that is said of it later is missed by that: it has a number of its own. */
  const reading = new Map<string, Promise<Backfill | undefined>>()
  const readOnce = (room: string, after: number, upto: number): Promise<Backfill | undefined> => {
    const key = `${room} ${after} ${upto}`
    const there = reading.get(key)
    if (there !== undefined) return there
    const read = log.read(room, { after, upto, limit: BATCH }).then((events) => {
      const last = events.at(-1)
      return last && { seq: last.seq, bytes: bytesOf(events) }
    })
    reading.set(key, read)
    const drop = () => void reading.delete(key)
    read.then(() => clock.sleep(KEPT_MS)).then(drop, drop)
    return read
  }

  const opened = (room: string): Feed => {
    const there = feeds.get(room)
    if (there) return there
    const feed: Feed = { head: 0, target: 0, pumping: true, ready: Promise.resolve(), cursors: new Map() }
    feed.ready = lastSeq(room).then(
      (seq) => {
        feed.head = seq
        feed.target = Math.max(feed.target, seq)
        feed.pumping = false
        void pump(room, feed)
      },
      (failure: unknown) => {
        feeds.delete(room)
        throw failure
      },
    )
    feeds.set(room, feed)
    return feed
  }

  const pump = async (room: string, feed: Feed): Promise<void> => {
    if (feed.pumping) return
    feed.pumping = true
    try {
      while (feed.target > feed.head && feeds.get(room) === feed) {
        const events = await log.read(room, { after: feed.head, upto: feed.target, limit: BATCH })
        const last = events.at(-1)
        if (!last) break
        stream(feed, events)
        feed.head = last.seq
      }
    } catch (failure) {
      // The sweep comes back to it.
      failed(failure)
    } finally {
      feed.pumping = false
    }
  }

  /** Whoever stands at the stream's head is sent the same bytes. */
  const stream = (feed: Feed, frames: readonly NumberedFrame[]): void => {
    const last = frames.at(-1)
    if (!last) return
    let shared: Frame | undefined
    for (const [follower, cursor] of feed.cursors) {
      if (!cursor.live || last.seq <= cursor.seq) continue
      const from = cursor.seq
      cursor.seq = last.seq
      if (from === feed.head) {
        shared ??= bytesOf(frames)
        follower.send(shared)
      } else follower.send(bytesOf(frames.filter(({ seq }) => seq > from)))
    }
  }

  const grew = (room: string, seq: number, last?: () => readonly NumberedFrame[]): void => {
    const feed = feeds.get(room)
    if (!feed || seq <= feed.target) return
    const frames = last && !feed.pumping && feed.head === feed.target ? last() : []
    if (frames[0]?.seq === feed.head + 1 && frames.at(-1)?.seq === seq) {
      stream(feed, frames)
      feed.head = feed.target = seq
      return
    }
    feed.target = seq
    void pump(room, feed)
  }

  const unfollow = (room: string, follower: Follower): void => {
    const feed = feeds.get(room)
    if (feed?.cursors.delete(follower) && feed.cursors.size === 0) feeds.delete(room)
  }

  return {
    grew,
    unfollow,
    count: (room) => feeds.get(room)?.cursors.size ?? 0,
    follows: (room, follower) => feeds.get(room)?.cursors.get(follower)?.live === true,

    async follow(room, follower, after, joined) {
      const feed = opened(room)
      const cursor = { seq: 0, live: false }
      let streaming = false
      feed.cursors.set(follower, cursor)
      const here = () => feed.cursors.get(follower) === cursor && !follower.isGone
      try {
        await feed.ready
        // A client may have seen more over HTTP than the stream has got to.
        if (after !== undefined && after > feed.head) grew(room, await lastSeq(room))
        const resync = after !== undefined && (after > feed.target || feed.target - after > maxBehind)
        cursor.seq = after === undefined || resync ? feed.head : after
        while (here() && cursor.seq < feed.head) {
          const missed = await readOnce(room, cursor.seq, feed.head)
          if (!missed || !here()) break
          follower.send(missed.bytes)
          cursor.seq = missed.seq
          await follower.drained()
        }
        if (!here()) return false
        // From here to the stream's next frame nothing else runs.
        cursor.live = streaming = true
        joined({ seq: cursor.seq, resync })
        return true
      } finally {
        if (!streaming && feed.cursors.get(follower) === cursor) unfollow(room, follower)
      }
    },

    signal(room, frame) {
      const feed = feeds.get(room)
      if (!feed) return
      let made: Frame | undefined
      for (const [follower, cursor] of feed.cursors) {
        if (!cursor.live) continue
        made ??= frame()
        follower.send(made)
      }
    },

    async sweep(signal) {
      while (!signal.aborted) {
        await clock.sleep(SWEEP_MS, signal)
        const rooms = [...feeds.keys()]
        for (let i = 0; i < rooms.length; i += SWEEP_ROOMS) {
          const some = rooms.slice(i, i + SWEEP_ROOMS)
          const seqs = await log.seqs(some).catch((failure: unknown) => {
            failed(failure)
            return new Map<string, number>()
          })
          for (const [id, seq] of seqs) {
            const feed = feeds.get(id)
            if (!feed) continue
            feed.target = Math.max(feed.target, seq)
            void pump(id, feed)
          }
        }
      }
    },
  }
}

const bytesOf = (frames: readonly NumberedFrame[]): Frame => together(frames.map(({ frame }) => frame))
