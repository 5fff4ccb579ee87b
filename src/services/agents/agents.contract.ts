import { z } from 'zod'
import { post } from '../../kernel/contract.ts'
import { Principal } from '../../kernel/principal.ts'
import { HistoryItem } from '../city/city.events.ts'
import { Part, PartType, RunState } from '../city/messages.contract.ts'
import { approvalOperations } from './approvals.contract.ts'
import { automationOperations } from './automations.contract.ts'
import { feedbackOperations } from './feedback/feedback.contract.ts'
import { PromptKind, registryOperations } from './registry.contract.ts'
import { runOperations } from './runs.contract.ts'
import { serverOperations } from './servers.contract.ts'

/** A part as it comes to an agent. */
const RunPart = Part.omit({ file: true }).extend({
  file: z.string().optional(),
  /** The pages of a document that is kept nowhere: a program's own request. */
  pages: z.array(z.object({ number: z.number().int(), text: z.string() })).optional(),
})

/** What a run is opened with. The same `run` again is the same run. */
export const RunRequest = z.object({
  run: z.string(),
  agent: z.string(),
  asker: Principal,
  room: z
    .object({
      id: z.string(),
      name: z.string(),
      visibility: z.enum(['public', 'community', 'private', 'direct']),
    })
    .nullable(),
  message: z.string().nullable(),
  text: z.string(),
  parts: z.array(RunPart),
  history: z.array(HistoryItem),
  /** Prompts to try instead of those in force; then nothing with an effect is at hand. */
  prompts: z.partialRecord(PromptKind, z.string()).optional(),
  /** What the run may cost at most, in US dollars, where that is less than its agent's own limits. */
  maxUsd: z.number().min(0).max(1_000).optional(),
})
export type RunRequest = z.infer<typeof RunRequest>

/** What is asked: words, and files that the asker may read. */
const AskedPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string().max(32_000) }),
  z.object({ type: PartType, file: z.string().max(64) }),
])

/** `GET /api/agents/runs/:run/events` streams a run as server-sent events, from `?offset=` UTF-16 units of its text on, or from where `Last-Event-ID` left off: `step` (a `Step`, told anew when its state changes), `delta` {offset, text} (an offset of 0 begins anew), `done` {state, text, citations, engine, error}. An id is `attempt.offset.step`: of the text all before `offset` was told, of the steps all before `step`. */
export const agentsContract = {
  ...runOperations,
  ...registryOperations,
  ...approvalOperations,
  ...feedbackOperations,
  ...serverOperations,
  ...automationOperations,
  open: post('/api/agents/runs', {
    right: 'agents.run.ask',
    summary: 'Ask an agent; it goes on by itself. In a room it knows what the room knows',
    status: 202,
    input: z.object({
      agent: z.string().max(64),
      parts: z.array(AskedPart).min(1).max(10),
      room: z.string().max(64).optional(),
      /** For those who run the city: prompts to try instead of those in force. */
      prompts: z.partialRecord(PromptKind, z.string().max(40_000)).optional(),
    }),
    output: z.object({ run: z.string(), state: RunState }),
    errors: ['not_found', 'conflict', 'forbidden', 'unavailable'],
  }),
  start: post('/api/agents/runs/deliver', {
    right: 'agents.run.open',
    summary: 'Open a run for a call that was routed; it goes on by itself',
    access: 'service',
    status: 202,
    input: RunRequest,
    output: z.object({ run: z.string(), state: RunState }),
    errors: ['not_found', 'unavailable'],
  }),
}
export { Agent, PlanStep, Run, Step } from './runs.contract.ts'
