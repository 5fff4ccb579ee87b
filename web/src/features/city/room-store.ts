import { AppError } from '../../../../src/kernel/errors.ts'
import type { ServerFrame } from '../../../../src/services/city/city.live.contract.ts'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Api } from '../../api.ts'
import { applyFrame, bounded, catchUp, emptyTimeline, merge, openRuns, type Timeline } from './timeline.ts'

export const FIRST_PAGE = 50
const PAGE = 100
/** Messages of a room that are held at once. */
const HELD = 500
/** And of one that nobody looks at. */
const HELD_ASIDE = 100

type Fetching = 'idle' | 'loading' | 'failed'

interface RoomState {
  readonly timeline: Timeline
  readonly state: 'loading' | 'ready' | 'failed'
  readonly older: Fetching
  readonly newer: Fetching
  readonly failure: unknown
}

export interface RoomStore {
  state(): RoomState
  subscribe(changed: () => void): () => void
  frame(frame: ServerFrame): void
  /** Puts in a message that was acknowledged. */
  put(message: Message): void
  /** Changes a message that is here. */
  change(message: string, how: (message: Message) => Message): void
  /** Fetches the newest messages, or the first time those around a number; a reader who is further back stays there. */
  load(from?: number): Promise<void>
  /** Goes to the newest; false where they do not come. */
  latest(): Promise<boolean>
  loadOlder(): Promise<void>
  loadNewer(): Promise<void>
  /** Goes to a message: where it is not held, what is held gives way to what stands around it. False where it is not in this timeline; rejects where the city cannot be asked. */
  reach(message: string): Promise<boolean>
  /** The number of the message that is before the reader's eyes: what is far from it may be let go. */
  look(seq: number): void
  /** Nobody looks any more: the newest are held, and few of them. */
  rest(): void
  /** Fetches what was said so far in runs whose beginning this page has missed. */
  catchUp(): Promise<void>
}

/** A stretch of one room's timeline, or of one of its threads, for the reader `me`, kept by fetches and by the live line together: frames that come during a fetch are applied before and after it. At most 500 messages are held, wherever in it one reads. */
export function createRoomStore(
  api: Api,
  room: string,
  { me = '', thread = null }: { me?: string; thread?: string | null } = {},
): RoomStore {
  const empty = { ...emptyTimeline, thread }
  const apply = (timeline: Timeline, frame: ServerFrame) => applyFrame(timeline, frame, me)
  let now: RoomState = { timeline: empty, state: 'loading', older: 'idle', newer: 'idle', failure: null }
  let place = Number.POSITIVE_INFINITY
  /** Grows with each leap: a page that was asked for before it has no place any more. */
  let leaps = 0
  const listeners = new Set<() => void>()
  const fetches = new Set<ServerFrame[]>()
  const asked = new Set<string>()
  let loading: Promise<void> | null = null

  const set = ({ timeline = now.timeline, ...change }: Partial<RoomState>) => {
    now = { ...now, ...change, timeline: bounded(timeline, HELD, place) }
    for (const changed of listeners) changed()
  }
  /** Fetches messages; the frames that arrive meanwhile win over what was fetched. */
  const fetched = async (input: { before?: number; after?: number; around?: string; limit: number }) => {
    const during: ServerFrame[] = []
    fetches.add(during)
    try {
      return { ...(await api.city.messages({ room, ...(thread !== null && { thread }), ...input })), during }
    } finally {
      fetches.delete(during)
    }
  }

  /** Puts the newest page in, unless a reader who was at the newest has gone elsewhere meanwhile. */
  const newest = async () => {
    const leap = leaps
    const { items, next = null, during } = await fetched({ limit: FIRST_PAGE })
    const { timeline } = now
    if (now.state === 'ready' && leap !== leaps) return
    const joined = (timeline.messages.at(-1)?.seq ?? 0) >= (items[0]?.seq ?? 0) || next === null
    const base = joined ? timeline : { ...empty, streams: timeline.streams }
    const kept = joined && now.state === 'ready' && base.messages.length > 0
    const older = kept ? base.older : next
    set({
      timeline: during.reduce(apply, merge({ ...base, older, newer: null }, items)),
      state: 'ready',
      failure: null,
    })
  }
  const load = async (from?: number) => {
    if (now.state === 'failed') set({ state: 'loading', failure: null })
    if (now.timeline.newer !== null) return
    try {
      if (from === undefined || now.state === 'ready') await newest()
      else await leapTo(String(from), ({ seq }) => seq >= from)
    } catch (failure) {
      if (now.state !== 'ready') set({ state: 'failed', failure })
    }
  }
  const latest = async () => {
    leaps++
    place = Number.POSITIVE_INFINITY
    if (now.timeline.newer === null) return true
    await newest().catch(() => undefined)
    return now.timeline.newer === null
  }

  /** One more page beyond an end of what is held; what is beyond the other end may be let go. */
  const extend = async (end: 'older' | 'newer') => {
    const from = now.timeline[end]
    if (from === null || now[end] === 'loading') return
    const leap = leaps
    set({ [end]: 'loading' })
    try {
      const older = end === 'older'
      const asking = { ...(older ? { before: from } : { after: from }), limit: PAGE }
      const { items, next = null, during } = await fetched(asking)
      if (leap !== leaps || now.timeline[end] !== from) return set({ [end]: 'idle' })
      const there = new Set(now.timeline.messages.map(({ id }) => id))
      const added = items.filter(({ id }) => !there.has(id))
      const longer = during.reduce(apply, merge({ ...now.timeline, [end]: next }, added))
      set({ timeline: bounded(longer, HELD, older ? 0 : Number.POSITIVE_INFINITY), [end]: 'idle' })
    } catch {
      set({ [end]: leap === leaps ? 'failed' : 'idle' })
    }
  }

  /** What is held gives way to what stands around a message or number; `here` knows the message that was meant. */
  const leapTo = async (around: string, here: (message: Message) => boolean): Promise<boolean> => {
    const leap = ++leaps
    const { items, during } = await fetched({ around, limit: PAGE })
    const at = items.findIndex(here)
    // Whoever asked to go elsewhere meanwhile goes there.
    if (leap !== leaps) return true
    if (at < 0 && now.state === 'ready') return false
    place = items[at]?.seq ?? Number.POSITIVE_INFINITY
    const before = at < 0 ? items.length : at
    const older = before < PAGE / 2 ? null : (items[0]?.seq ?? null)
    const newer = items.length < PAGE ? null : (items.at(-1)?.seq ?? null)
    const stretch = merge({ ...empty, streams: now.timeline.streams, older, newer }, items)
    const timeline = during.reduce(apply, stretch)
    set({ timeline, state: 'ready', older: 'idle', newer: 'idle', failure: null })
    return true
  }

  const reach = async (message: string) => {
    const held = now.timeline.messages.find(({ id }) => id === message)
    if (held) {
      place = held.seq
      return true
    }
    return await leapTo(message, ({ id }) => id === message).catch((cause: unknown) => {
      if (AppError.from(cause).kind === 'not_found') return false
      throw cause
    })
  }

  return {
    state: () => now,
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    frame(frame) {
      for (const during of fetches) during.push(frame)
      const timeline = apply(now.timeline, frame)
      if (timeline !== now.timeline) set({ timeline })
    },
    put: (message) => set({ timeline: merge(now.timeline, [message]) }),
    change(id, how) {
      const at = now.timeline.messages.findIndex((message) => message.id === id)
      const message = now.timeline.messages[at]
      if (message)
        set({ timeline: { ...now.timeline, messages: now.timeline.messages.with(at, how(message)) } })
    },
    load(from) {
      loading ??= load(from).finally(() => {
        loading = null
      })
      return loading
    },
    latest,
    loadOlder: () => extend('older'),
    loadNewer: () => extend('newer'),
    reach,
    look(seq) {
      place = seq
    },
    rest() {
      place = Number.POSITIVE_INFINITY
      if (now.timeline.newer !== null) void latest()
      else set({ timeline: bounded(now.timeline, HELD_ASIDE, place) })
    },
    async catchUp() {
      const wanted = openRuns(now.timeline.messages)
        .map(({ run }) => run.id)
        .filter((run) => !asked.has(run) && (now.timeline.streams[run]?.gap ?? true))
      for (const run of wanted) {
        asked.add(run)
        try {
          const { text, steps } = await api.agents.run({ run })
          set({ timeline: catchUp(now.timeline, run, text, steps.at(-1)?.kind ?? null) })
        } catch {
          // The answer itself will come as a message; only its first words stay away meanwhile.
        } finally {
          asked.delete(run)
        }
      }
    },
  }
}
