import { z } from 'zod'
import { del, get } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'
import { Citation, RunState } from '../city/messages.contract.ts'

export const Agent = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  /** Names it is called by, in both languages, lower case: what a mention is matched against, spoken ones too. */
  names: z.array(z.string()),
  about: z.object({ en: z.string(), uk: z.string() }),
  state: z.enum(['draft', 'active', 'paused', 'archived']),
  /** A file that shows it. */
  avatar: z.string().nullable().optional(),
  languages: z.array(z.enum(['uk', 'en'])).optional(),
  /** The names of what it can use. */
  tools: z.array(z.string()).optional(),
  /** What it was made from. */
  template: z.string().nullable().optional(),
})
export type Agent = z.infer<typeof Agent>

export const Step = z.object({
  index: z.number().int(),
  kind: z.enum(['parts', 'retrieve', 'memory', 'model', 'tool', 'approval', 'rules', 'delegate', 'summary']),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** What it looked at and what came of it, for the trace: counts, names, models, what a tool was asked and gave; never secrets. */
  detail: z.record(z.string(), z.unknown()),
  tokensIn: z.number().int(),
  tokensOut: z.number().int(),
  costUsd: z.number(),
})
export type Step = z.infer<typeof Step>

/** One step of what a run set out to do. */
export const PlanStep = z.object({
  /** From 1. */
  n: z.number().int(),
  title: z.string(),
  /** The agent it is given to, by slug; null where the planner does it itself. */
  agent: z.string().nullable(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  /** The run that works on it. */
  run: z.string().nullable(),
})
export type PlanStep = z.infer<typeof PlanStep>

export const Run = z.object({
  id: z.string(),
  agent: z.string(),
  asker: z.string(),
  room: z.string().nullable(),
  message: z.string().nullable(),
  state: RunState,
  /** What was asked, in the words of then: the question may be put otherwise since. */
  question: z.string().optional(),
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
  /** Which limit ended it before the model did: steps, tokens, cost, length. */
  stopped: z.string().nullable().optional(),
  /** The run that asked for this one. */
  parent: z.string().nullable().optional(),
  /** Runs it asked for; their tokens and cost are counted in its own. */
  children: z.array(z.object({ id: z.string(), agent: z.string(), state: RunState })).optional(),
  /** What it set out to do, as far as it came. */
  plan: z.array(PlanStep).nullable().optional(),
})
export type Run = z.infer<typeof Run>

const inRun = z.object({ run: z.string() })

/** What a room asks of the agents as soon as it opens. */
export const runOperations = {
  agents: get('/api/agents', {
    right: 'agents.agent.read',
    summary: 'The agents of the city that answer; all of them, in any state, for those who run the city',
    input: z.object({ all: z.boolean().default(false) }),
    output: z.object({ items: z.array(Agent) }),
  }),
  run: get('/api/agents/runs/:run', {
    right: 'agents.run.read',
    summary: 'A run with its steps, tokens, cost and time; for its asker and whoever may read its room',
    input: inRun,
    output: Run,
  }),
  cancel: del('/api/agents/runs/:run', {
    right: 'agents.run.cancel',
    summary: 'Stop a run, down to the provider; for its asker, and for operators who may see it',
    input: inRun,
    output: z.object({ run: z.string(), state: RunState }),
    errors: ['conflict', 'forbidden'],
  }),
}
