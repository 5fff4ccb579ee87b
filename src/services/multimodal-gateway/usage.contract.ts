import { z } from 'zod'
import { get, put } from '../../kernel/contract.ts'

export const UNITS = [
  'seconds',
  'characters',
  'images',
  'pages',
  'searches',
  'texts',
  'vectors',
  'tokens',
] as const
export const Unit = z.enum(UNITS)
export type Unit = z.infer<typeof Unit>

export const BUDGET_KINDS = ['key', 'principal', 'agent', 'community'] as const

/** So much of a unit in a calendar day or month (UTC). Work that would go over is refused, and so is work whose use cannot be read. */
export const Budget = z.object({
  kind: z.enum(BUDGET_KINDS),
  /** The id of the key, person, agent or community. */
  subject: z.string().min(1).max(100),
  unit: Unit,
  period: z.enum(['day', 'month']),
  amount: z.number().min(0).max(1e12),
})
export type Budget = z.infer<typeof Budget>

export const UsageLine = z.object({
  /** What the line is about, as `by` asked: a type, a principal, a key, an agent, a community, an engine. Empty for none. */
  group: z.string(),
  unit: Unit,
  /** What engines worked on; answers out of the cache are not in it. */
  amount: z.number(),
  requests: z.number().int(),
  cached: z.number().int(),
  bytes: z.number(),
  /** What providers told it cost, in their currency; 0 where none tells. */
  cost: z.number(),
})
export type UsageLine = z.infer<typeof UsageLine>

export const usageOperations = {
  usage: get('/api/multimodal/usage', {
    right: 'multimodal-gateway.usage.read',
    summary: 'What was used since a moment, by what is asked',
    access: 'operator',
    input: z.object({
      since: z.iso.datetime().optional(),
      by: z.enum(['type', 'principal', 'key', 'agent', 'community', 'engine']).default('type'),
    }),
    output: z.object({ since: z.string(), items: z.array(UsageLine) }),
  }),
  budgets: get('/api/multimodal/budgets', {
    right: 'multimodal-gateway.budget.read',
    summary: 'The budgets of keys, people, agents and communities, with what is used of them',
    access: 'operator',
    input: z.object({}),
    output: z.object({ items: z.array(Budget.extend({ used: z.number() })) }),
  }),
  setBudgets: put('/api/multimodal/budgets', {
    right: 'multimodal-gateway.budget.change',
    summary: 'Set all budgets: those that are not named are gone',
    access: 'operator',
    input: z.object({ items: z.array(Budget).max(1000) }),
    output: z.object({ items: z.array(Budget) }),
  }),
}
