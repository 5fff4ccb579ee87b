import { z } from 'zod'
import { Failure } from '../../kernel/errors.ts'
import { channel, event } from '../../kernel/event.ts'
import { Citation } from '../city/messages.contract.ts'

const about = {
  run: z.string(),
  /** The agent's principal. */
  agent: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
  room: z.string().nullable(),
  /** The message that called it. */
  message: z.string().nullable(),
}

export const runStarted = event('agents.run_started', 1, z.object(about))

/** A run came to its end. `text`, `citations`, `engine` are there when it is done. */
export const runFinished = event(
  'agents.run_finished',
  1,
  z.object({
    ...about,
    state: z.enum(['done', 'failed', 'cancelled']),
    text: z.string(),
    citations: z.array(Citation),
    engine: z.string().nullable(),
    error: Failure.optional(),
  }),
)
export type RunFinished = z.infer<typeof runFinished.data>

/** Words as they come: `offset` counts the UTF-16 code units of the answer before them. A run tried anew starts at 0 again. */
export const runDelta = channel(
  'agents.run_delta',
  z.object({ run: z.string(), room: z.string().nullable(), offset: z.number().int(), text: z.string() }),
)

/** What a run is at: the live trace of a room. */
export const runStep = channel(
  'agents.run_step',
  z.object({
    run: z.string(),
    room: z.string().nullable(),
    /** The agent's principal. */
    agent: z.string().optional(),
    state: z.string(),
    /** `end` is the last one. */
    step: z.string(),
    /** Why it failed, at the end. */
    code: z.string().optional(),
  }),
)

/** A run waits to be worked on: for agents themselves, so that nothing opened is ever forgotten. */
export const runOpened = event('agents.run_opened', 1, z.object({ run: z.string() }))

/** A run was cancelled: whichever process works on it stops. */
export const runCancelled = channel('agents.run_cancelled', z.object({ run: z.string() }))

/** The time to decide on something an agent wants to do is over: for agents themselves. */
export const approvalDue = event('agents.approval_due', 1, z.object({ approval: z.string() }))

/** An automation's time has come: for agents themselves. */
export const automationDue = event(
  'agents.automation_due',
  1,
  z.object({ automation: z.string(), revision: z.number().int(), at: z.iso.datetime() }),
)

/** Automations were made or changed: whoever waits for words looks again. */
export const automationsChanged = channel('agents.automations_changed', z.object({}))

/** Servers of tools were added, taken away or judged: every process looks again. */
export const serversChanged = channel('agents.servers_changed', z.object({}))
