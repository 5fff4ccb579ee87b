import type { Clock } from '../../kernel/clock.ts'
import type { Events } from '../../platform/events/events.ts'
import { runCancelled, runDelta, runStep } from './agents.events.ts'

const COALESCE_MS = 50

/** A run that this process works on. */
export interface LiveRun {
  readonly attempt: number
  /** What was said so far in this attempt. */
  readonly text: string
  /** Aborts when the run is cancelled. */
  readonly cancelled: AbortSignal
  /** The work has begun: from now on others see it. */
  begin(about: { readonly room: string | null; readonly attempt: number; readonly agent: string }): void
  /** Adds words; listeners hear of them within 50 ms, in order. */
  say(words: string): void
  /** Tells what the run is at; at its end, why it failed. */
  at(step: string, state: string, code?: string): void
  /** Sends what is still unsaid and forgets the run. */
  close(): void
}

/** The runs of this process while they are worked on: what they said so far, and how to stop them. */
export interface LiveRuns {
  /** To be called before the work is begun in the database, so that no cancelling falls in between. */
  open(run: string): LiveRun
  /** One that has begun. */
  get(run: string): LiveRun | undefined
  /** Stops a run wherever it is worked on. */
  cancel(run: string): void
  stop(): void
}

export function createLiveRuns({ events, clock }: { events: Events; clock: Clock }): LiveRuns {
  const live = new Map<string, { readonly run: LiveRun; readonly control: AbortController }>()
  const cancelHere = (run: string) =>
    live.get(run)?.control.abort(new DOMException('The run was cancelled', 'AbortError'))
  const unlisten = events.listen(runCancelled, ({ run }) => cancelHere(run))

  return {
    open(run) {
      const control = new AbortController()
      let room: string | null = null
      let attempt = 0
      let agent: string | undefined
      let text = ''
      let sent = 0
      let flushing = false
      const flush = () => {
        flushing = false
        if (sent === text.length) return
        events.broadcast(runDelta, { run, room, offset: sent, text: text.slice(sent) })
        sent = text.length
      }
      const made: LiveRun = {
        get attempt() {
          return attempt
        },
        cancelled: control.signal,
        get text() {
          return text
        },
        begin(about) {
          ;({ room, attempt, agent } = about)
        },
        say(words) {
          text += words
          if (flushing) return
          flushing = true
          void clock.sleep(COALESCE_MS).then(flush)
        },
        at(name, state, code) {
          events.broadcast(runStep, { run, room, agent, step: name, state, code })
        },
        close() {
          flush()
          if (live.get(run)?.run === made) live.delete(run)
        },
      }
      live.set(run, { run: made, control })
      return made
    },
    get(run) {
      const found = live.get(run)?.run
      return found && found.attempt > 0 ? found : undefined
    },
    cancel(run) {
      cancelHere(run)
      events.broadcast(runCancelled, { run })
    },
    stop: unlisten,
  }
}
