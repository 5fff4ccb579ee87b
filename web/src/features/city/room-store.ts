import type { ServerFrame } from '../../../../src/services/city/city.live.contract.ts'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Api } from '../../api.ts'
import { applyFrame, catchUp, emptyTimeline, merge, openRuns, type Timeline } from './timeline.ts'

const PAGE = 50
const LONG_PAGE = 200
/** A message further back than this many long pages is not gone to. */
const MOST_PAGES = 25

interface RoomState {
  readonly timeline: Timeline
  readonly state: 'loading' | 'ready' | 'failed'
  readonly older: 'idle' | 'loading' | 'failed'
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
  /** Fetches the newest messages, the first time or again. */
  load(): Promise<void>
  loadOlder(limit?: number): Promise<void>
  /** Makes a message part of the timeline; false when it is not there or too far back. */
  reach(message: string): Promise<boolean>
  /** Fetches what was said so far in runs whose beginning this page has missed. */
  catchUp(): Promise<void>
}

/** One room's timeline, or that of one of its threads, for the reader `me`, kept by fetches and by the live line together: frames that come during a fetch are applied before and after it. */
export function createRoomStore(
  api: Api,
  room: string,
  { me = '', thread = null }: { me?: string; thread?: string | null } = {},
): RoomStore {
  const empty = { ...emptyTimeline, thread }
  const apply = (timeline: Timeline, frame: ServerFrame) => applyFrame(timeline, frame, me)
  let now: RoomState = { timeline: empty, state: 'loading', older: 'idle', failure: null }
  const listeners = new Set<() => void>()
  const fetches = new Set<ServerFrame[]>()
  const asked = new Set<string>()
  let loading: Promise<void> | null = null

  const set = (change: Partial<RoomState>) => {
    now = { ...now, ...change }
    for (const changed of listeners) changed()
  }
  /** Fetches messages; the frames that arrive meanwhile win over what was fetched. */
  const fetched = async (input: { before?: number; around?: string; limit: number }) => {
    const during: ServerFrame[] = []
    fetches.add(during)
    try {
      return { ...(await api.city.messages({ room, ...(thread !== null && { thread }), ...input })), during }
    } finally {
      fetches.delete(during)
    }
  }

  const load = async () => {
    if (now.state === 'failed') set({ state: 'loading', failure: null })
    try {
      const { items, next = null, during } = await fetched({ limit: PAGE })
      const oldest = items[0]?.seq ?? 0
      const newest = now.timeline.messages.at(-1)?.seq ?? 0
      const joined = newest >= oldest || next === null
      const base = joined ? now.timeline : { ...empty, streams: now.timeline.streams }
      const kept = joined && now.state === 'ready' && base.messages.length > 0
      const older = kept ? base.older : next
      const timeline = during.reduce(apply, merge({ ...base, older }, items))
      set({ timeline, state: 'ready', failure: null })
    } catch (failure) {
      if (now.state !== 'ready') set({ state: 'failed', failure })
    }
  }

  const loadOlder = async (limit = PAGE) => {
    const before = now.timeline.older
    if (before === null || now.older === 'loading') return
    set({ older: 'loading' })
    try {
      const { items, next = null, during } = await fetched({ before, limit })
      const there = new Set(now.timeline.messages.map(({ id }) => id))
      const added = items.filter(({ id }) => !there.has(id))
      const timeline = during.reduce(apply, merge({ ...now.timeline, older: next }, added))
      set({ timeline, older: 'idle' })
    } catch {
      set({ older: 'failed' })
    }
  }

  const has = (message: string) => now.timeline.messages.some(({ id }) => id === message)

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
    load() {
      loading ??= load().finally(() => {
        loading = null
      })
      return loading
    },
    loadOlder,
    async reach(message) {
      for (let page = 0; page < MOST_PAGES; page++) {
        if (has(message)) return true
        if (now.state !== 'ready' || now.timeline.older === null) return false
        await loadOlder(LONG_PAGE)
        if (now.older === 'failed') return false
      }
      return has(message)
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
