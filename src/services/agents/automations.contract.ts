import { z } from 'zod'
import { del, get, patch, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'
import { RunState } from '../city/messages.contract.ts'

/** What makes an agent run by itself. */
export const Trigger = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('schedule'),
    /** Five fields: minute, hour, day of the month, month, day of the week. */
    cron: z.string().trim().min(9).max(100),
    /** Such as Europe/Kyiv. */
    zone: z.string().min(1).max(60),
  }),
  z.object({
    kind: z.literal('document'),
    /** A collection; null for documents that are posted in the room. */
    collection: z.string().min(1).max(64).nullable().default(null),
  }),
  z.object({ kind: z.literal('member') }),
  z.object({
    kind: z.literal('keyword'),
    /** Any of them, as a whole word or phrase, in any case of letters. */
    words: z.array(z.string().trim().min(2).max(60)).min(1).max(20),
  }),
])
export type Trigger = z.infer<typeof Trigger>

export const Automation = z.object({
  id: z.string(),
  owner: z.string(),
  agent: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
  room: z.string(),
  name: z.string(),
  trigger: Trigger,
  task: z.string(),
  perHour: z.number().int(),
  state: z.enum(['active', 'paused']),
  /** Why it paused by itself, or did not run the last time. */
  problem: Failure.nullable(),
  nextAt: z.iso.datetime().nullable(),
  /** The newest first. */
  runs: z.array(z.object({ run: z.string(), at: z.iso.datetime(), state: RunState })),
})
export type Automation = z.infer<typeof Automation>

const onAutomation = z.object({ automation: z.string().max(64) })
const Name = z.string().trim().min(1).max(80)
const Task = z.string().trim().min(1).max(4_000)
const PerHour = z.int().min(1).max(60)

/** Agents that run by themselves. Whoever makes one lends it their rights; it is theirs alone to change. */
export const automationOperations = {
  automations: get('/api/agents/automations', {
    right: 'agents.automation.read',
    summary:
      'What agents do by themselves on my behalf; with `all`, for those who run the city, on anybody’s',
    input: z.object({ all: z.boolean().default(false) }),
    output: z.object({ items: z.array(Automation) }),
  }),
  makeAutomation: post('/api/agents/automations', {
    right: 'agents.automation.make',
    summary: 'Let an agent run by itself in a room where I may speak: at times, or when something happens',
    status: 201,
    input: z.object({
      agent: z.string().max(64),
      room: z.string().max(64),
      name: Name,
      task: Task,
      trigger: Trigger,
      perHour: PerHour.default(6),
    }),
    output: Automation,
    errors: ['not_found', 'conflict', 'forbidden', 'unavailable'],
  }),
  changeAutomation: patch('/api/agents/automations/:automation', {
    right: 'agents.automation.change',
    summary: 'Pause it, let it go on, or change what it does and when',
    input: onAutomation.extend({
      name: Name.optional(),
      task: Task.optional(),
      trigger: Trigger.optional(),
      perHour: PerHour.optional(),
      state: Automation.shape.state.optional(),
    }),
    output: Automation,
    errors: ['conflict', 'unavailable'],
  }),
  removeAutomation: del('/api/agents/automations/:automation', {
    right: 'agents.automation.remove',
    summary: 'Take it away',
    input: onAutomation,
    output: z.object({ done: z.literal(true) }),
  }),
}
