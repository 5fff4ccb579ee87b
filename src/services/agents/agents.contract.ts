import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'
import { Principal } from '../../kernel/principal.ts'
import { HistoryItem } from '../city/city.events.ts'
import { Citation, Part, RunState } from '../city/messages.contract.ts'

export const Agent = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  /** Names it is called by, in both languages, lower case: what a mention is matched against, spoken ones too. */
  names: z.array(z.string()),
  about: z.object({ en: z.string(), uk: z.string() }),
  state: z.enum(['draft', 'active', 'paused', 'archived']),
})
export type Agent = z.infer<typeof Agent>

export const Step = z.object({
  index: z.number().int(),
  kind: z.enum(['parts', 'retrieve', 'model']),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** What it looked at and what came of it, for the trace: counts, names, models; never secrets. */
  detail: z.record(z.string(), z.unknown()),
  tokensIn: z.number().int(),
  tokensOut: z.number().int(),
  costUsd: z.number(),
})
export type Step = z.infer<typeof Step>

export const Run = z.object({
  id: z.string(),
  agent: z.string(),
  asker: z.string(),
  room: z.string().nullable(),
  message: z.string().nullable(),
  state: RunState,
  /** What was said so far. */
  text: z.string(),
  citations: z.array(Citation),
  engine: z.string().nullable(),
  steps: z.array(Step),
  tokensIn: z.number().int(),
  tokensOut: z.number().int(),
  costUsd: z.number(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  durationMs: z.number().nullable(),
  error: Failure.nullable(),
})
export type Run = z.infer<typeof Run>

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
})
export type RunRequest = z.infer<typeof RunRequest>

const inRun = z.object({ run: z.string() })

/** `GET /api/agents/runs/:run/events` streams a run as server-sent events, from `?offset=` UTF-16 units of its text on, or from where `Last-Event-ID` left off: `step` {kind, state}, `delta` {offset, text} (an offset of 0 begins anew), `done` {state, text, citations, engine, error}. */
export const agentsContract = {
  agents: get('/api/agents', {
    right: 'agents.agent.read',
    summary: 'The agents of the city',
    input: z.object({}),
    output: z.object({ items: z.array(Agent) }),
  }),
  agent: get('/api/agents/:agent', {
    right: 'agents.agent.read',
    summary: 'An agent, by id or slug',
    input: z.object({ agent: z.string() }),
    output: Agent,
  }),
  start: post('/api/agents/runs', {
    right: 'agents.run.open',
    summary: 'Open a run; it goes on by itself',
    access: 'service',
    status: 202,
    input: RunRequest,
    output: z.object({ run: z.string(), state: RunState }),
    errors: ['not_found', 'unavailable'],
  }),
  run: get('/api/agents/runs/:run', {
    right: 'agents.run.read',
    summary: 'A run with its steps, tokens, cost and time; for its asker and whoever may read its room',
    input: inRun,
    output: Run,
  }),
  cancel: post('/api/agents/runs/:run/cancel', {
    right: 'agents.run.cancel',
    summary: 'Stop a run, down to the provider; for its asker',
    input: inRun,
    output: z.object({ run: z.string(), state: RunState }),
    errors: ['conflict', 'forbidden'],
  }),
}
