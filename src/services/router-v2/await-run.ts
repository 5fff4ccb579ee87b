import type { Clock } from '../../kernel/clock.ts'
import type { CallOptions, Client } from '../../kernel/contract.ts'
import type { Events } from '../../platform/events/events.ts'
import type { agentsContract, Run } from '../agents/agents.contract.ts'
import { runDelta, runStep } from '../agents/agents.events.ts'

const LOOK_MS = 500

/** Told of a run while it goes on: the same word is never told twice, and none is left out. */
export interface Heard {
  step(kind: string, state: string): void
  delta(offset: number, text: string): void
}

/** Resolves with a run when it is over: at once when its end is heard of, else at the next look. Rejects when the signal aborts. */
export async function awaitRun(
  needs: {
    readonly agents: Pick<Client<typeof agentsContract>, 'run'>
    readonly events: Events
    readonly clock: Clock
  },
  run: string,
  options: CallOptions & { readonly signal: AbortSignal },
  heard?: Heard,
): Promise<Run> {
  const { agents, events, clock } = needs
  let wake = new AbortController()
  let told = 0
  /** Words that were missed are filled in at the next look. */
  const tell = (offset: number, text: string) => {
    if (offset > told || offset + text.length <= told) return
    heard?.delta(told, text.slice(told - offset))
    told = offset + text.length
  }
  const unlisten = [
    events.listen(runStep, (step) => {
      if (step.run !== run) return
      if (step.step === 'end') wake.abort()
      else heard?.step(step.step, step.state)
    }),
    events.listen(runDelta, (delta) => {
      if (heard && delta.run === run) tell(delta.offset, delta.text)
    }),
  ]
  try {
    for (;;) {
      wake = new AbortController()
      const now = await agents.run({ run }, options)
      if (heard) tell(0, now.text)
      if (now.state !== 'queued' && now.state !== 'running') return now
      await clock.sleep(LOOK_MS, AbortSignal.any([wake.signal, options.signal])).catch(() => undefined)
      options.signal.throwIfAborted()
    }
  } finally {
    for (const stop of unlisten) stop()
  }
}
