import type { Clock } from '../../kernel/clock.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Step } from './agents.contract.ts'
import { runDelta, runStep } from './agents.events.ts'
import type { AgentsStore, StoredRun } from './agents.store.ts'
import type { LiveRuns } from './live-runs.ts'

/** Where a watcher stands: `attempt` null takes whatever attempt there is. */
export interface Place {
  readonly attempt: number | null
  readonly offset: number
  /** The first step that was not told to its end; absent, all are told. */
  readonly step?: number
}

export interface WatchNeeds {
  readonly store: AgentsStore
  readonly events: Events
  readonly live: LiveRuns
  readonly clock: Clock
}

/** How often the database is asked where no broadcast is heard. */
const LOOK_MS = 1_000
const HEARTBEAT_MS = 15_000

interface View {
  attempt: number
  text: string
}

/** A run as server-sent events, its steps and its words, from a place on, until it is over or the signal aborts. It reads the state rather than a queue: a slow reader costs nothing and misses nothing. */
export async function* watchRun(
  { store, events, live, clock }: WatchNeeds,
  run: string,
  from: Place,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const bell = createBell()
  const far: View = { attempt: 0, text: '' }
  const telling = tellSteps(store, run, from.step ?? 0)
  let stepped = true
  const unlisten = [
    events.listen(runDelta, ({ run: id, offset, text }) => {
      if (id !== run) return
      // A gap is filled from the database at the next look.
      if (offset === 0 || (offset <= far.text.length && offset + text.length > far.text.length))
        far.text = far.text.slice(0, offset) + text
      bell.ring()
    }),
    events.listen(runStep, ({ run: id }) => {
      if (id !== run) return
      stepped = true
      bell.ring()
    }),
  ]
  let { attempt, offset } = from
  let silentSince = clock.now()
  try {
    for (;;) {
      const { over, now } = await look(store, live, run, far)
      const frames: string[] = []
      if (attempt !== null && now.attempt !== attempt) offset = 0
      attempt = now.attempt
      if (stepped || over) {
        stepped = false
        for (const [step, next] of await telling.news())
          frames.push(frame('step', step, `${attempt}.${offset}.${next}`))
      }
      if (now.text.length > offset) {
        const text = now.text.slice(offset)
        frames.push(frame('delta', { offset, text }, `${attempt}.${now.text.length}.${telling.next()}`))
        offset = now.text.length
      }
      if (over) frames.push(frame('done', over))
      if (frames.length > 0) {
        silentSince = clock.now()
        yield frames.join('')
      } else if (clock.now() - silentSince > HEARTBEAT_MS) {
        silentSince = clock.now()
        yield ': still here\n\n'
      }
      if (over) return
      if (!(await bell.heard(clock, LOOK_MS, signal))) stepped = true
    }
  } finally {
    for (const stop of unlisten) stop()
  }
}

/** What was said so far, as near to the mouth as possible: this process's own run, else what was heard of it, else what the database keeps. */
async function look(store: AgentsStore, live: LiveRuns, run: string, heard: View) {
  const here = live.get(run)
  if (here) {
    const { attempt, text } = here
    return { over: null, now: Object.assign(heard, { attempt, text }) }
  }
  const row = await store.find(run)
  if (!row) return { over: null, now: heard }
  const over = isOver(row)
  if (row.attempt !== heard.attempt || (!over && row.text.length > heard.text.length))
    Object.assign(heard, { attempt: row.attempt, text: row.text })
  return { over: over ? endOf(row) : null, now: heard }
}

/** What changed of a run's steps since it was told, with the number from which on a watcher has to be told again. */
function tellSteps(store: AgentsStore, run: string, from: number) {
  const told = new Map<number, string>()
  let next = from
  return {
    next: () => next,
    async news(): Promise<readonly (readonly [step: Step, next: number])[]> {
      const steps = await store.steps(run, next)
      return steps.flatMap((step) => {
        if (told.get(step.index) === step.state) return []
        told.set(step.index, step.state)
        while ((told.get(next) ?? 'running') !== 'running') next++
        return [[step, next] as const]
      })
    },
  }
}

const isOver = ({ state }: StoredRun): boolean => state !== 'queued' && state !== 'running'

const endOf = ({ state, text, citations, engine, error }: StoredRun) => ({
  state,
  text,
  citations,
  engine,
  error,
})

const frame = (event: string, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** Reads where a client left off: `Last-Event-ID` first, then `?offset=`. */
export function placeOf(lastEventId: unknown, offset: unknown): Place {
  const id =
    typeof lastEventId === 'string' ? /^(\d{1,9})\.(\d{1,9})(?:\.(\d{1,6}))?$/.exec(lastEventId) : null
  if (id) return { attempt: Number(id[1]), offset: Number(id[2]), step: Number(id[3] ?? 0) }
  return {
    attempt: null,
    offset: typeof offset === 'string' && /^\d{1,9}$/.test(offset) ? Number(offset) : 0,
  }
}

function createBell() {
  let rung = false
  let wake: () => void = () => undefined
  return {
    ring() {
      rung = true
      wake()
    },
    /** Resolves at the next ring, at one that came meanwhile, or after `ms`, and then is false; rejects when the signal aborts. */
    async heard(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
      if (!rung) {
        const control = new AbortController()
        const rings = new Promise<void>((resolve) => {
          wake = resolve
        })
        const both = AbortSignal.any([signal, control.signal])
        try {
          await Promise.race([rings, clock.sleep(ms, both)])
        } finally {
          control.abort()
        }
      }
      signal.throwIfAborted()
      const was = rung
      rung = false
      return was
    },
  }
}
