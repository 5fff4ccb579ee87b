import type { Clock } from '../../kernel/clock.ts'
import type { CallOptions, Client } from '../../kernel/contract.ts'
import type { Events } from '../../platform/events/events.ts'
import type { agentsContract, Run } from '../agents/agents.contract.ts'
import { runStep } from '../agents/agents.events.ts'

const LOOK_MS = 500

/** Resolves with a run when it is over: at once when its end is heard of, else at the next look. Rejects when the signal aborts. */
export async function awaitRun(
  needs: {
    readonly agents: Pick<Client<typeof agentsContract>, 'run'>
    readonly events: Events
    readonly clock: Clock
  },
  run: string,
  options: CallOptions & { readonly signal: AbortSignal },
): Promise<Run> {
  const { agents, events, clock } = needs
  let wake = new AbortController()
  const unlisten = events.listen(runStep, (step) => {
    if (step.run === run && step.step === 'end') wake.abort()
  })
  try {
    for (;;) {
      wake = new AbortController()
      const now = await agents.run({ run }, options)
      if (now.state !== 'queued' && now.state !== 'running') return now
      await clock.sleep(LOOK_MS, AbortSignal.any([wake.signal, options.signal])).catch(() => undefined)
      options.signal.throwIfAborted()
    }
  } finally {
    unlisten()
  }
}
