import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import { type Events, lineLost, lineResumed } from './events.ts'

/** Looks that are made while the line is broken follow one another within this. */
const EVERY_MS = 900
/** After the line stands again here, others may still be on their way back to it, and what they broadcast is lost. */
const STRAGGLERS_MS = 5_000

/** Whether broadcasts of other processes may be lost at this moment. */
export interface Outage {
  readonly isOn: boolean
  stop(): void
}

export function watchOutage(events: Pick<Events, 'listen'>, clock: Pick<Clock, 'now'>): Outage {
  let until = 0
  const quiet = [
    events.listen(lineLost, () => {
      until = Number.POSITIVE_INFINITY
    }),
    events.listen(lineResumed, () => {
      until = clock.now() + STRAGGLERS_MS
    }),
  ]
  return {
    get isOn() {
      return clock.now() < until
    },
    stop: () => {
      for (const one of quiet) one()
    },
  }
}

/** Does by itself, again and again, what a broadcast would have asked for, as long as broadcasts may be lost, and once after: `check` runs at most every 0.9 s, one at a time, and its failures are its own. Returns how to stop. */
export function duringOutages(
  events: Pick<Events, 'listen'>,
  clock: Clock,
  check: () => Promise<void>,
): () => void {
  const outage = watchOutage(events, clock)
  const stopped = new AbortController()
  let running = false
  const run = async (): Promise<void> => {
    if (running) return
    running = true
    try {
      for (let last = false; !last && !stopped.signal.aborted; ) {
        last = !outage.isOn
        const began = clock.now()
        await check().catch(() => undefined)
        if (!last) await clock.sleep(Math.max(0, began + EVERY_MS - clock.now()), stopped.signal)
      }
    } catch {
      // It was stopped while it slept.
    } finally {
      running = false
    }
  }
  const quiet = [events.listen(lineLost, () => void run()), events.listen(lineResumed, () => void run())]
  return () => {
    stopped.abort()
    outage.stop()
    for (const one of quiet) one()
  }
}

const BEAT_MS = 500
const SILENT_MS = 400

/** Asks the other side again and again whether it is there; `told` hears when it falls silent and when it answers again. A line that is dead need not break: nothing comes, and nothing says so. Ends with the signal. */
export async function listenForSilence(
  ask: () => Promise<unknown>,
  told: (isSilent: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  let isSilent = false
  const hear = (silent: boolean): void => {
    if (silent === isSilent || signal.aborted) return
    isSilent = silent
    told(silent)
  }
  while (!signal.aborted) {
    const asked = ask().then(
      () => true,
      () => false,
    )
    const late = deadline(SILENT_MS)
    const silence = new Promise<boolean>((resolve) => {
      late.addEventListener('abort', () => resolve(false))
    })
    hear(!(await Promise.race([asked, silence])))
    // What is asked answers late, or breaks; nothing is asked beside it.
    await asked
    await sleep(BEAT_MS, undefined, { signal, ref: false }).catch(() => undefined)
  }
}
