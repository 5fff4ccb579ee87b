import { z } from 'zod'
import { get, post, put } from '../../kernel/contract.ts'

export const BudgetKind = z.enum(['key', 'principal', 'agent', 'community', 'model', 'city'])
export type BudgetKind = z.infer<typeof BudgetKind>

/** Days, months and minutes are those of UTC's calendar. */
export const Per = z.enum(['usd_day', 'usd_month', 'tokens_minute', 'requests_minute', 'concurrent'])
export type Per = z.infer<typeof Per>

/** At most so much. What would go over is refused, and so is what cannot be counted. */
export const LlmBudget = z.object({
  kind: BudgetKind,
  /** The id of the key, principal, agent, community or model; `*` for each that has no budget of its own; `city` for all together. */
  subject: z.string().min(1).max(200),
  per: Per,
  /** US dollars, tokens, requests, or answers under way. */
  amount: z.number().min(0).max(1e9),
})
export type LlmBudget = z.infer<typeof LlmBudget>

const Setting = z.object({ community: z.string().min(1).max(100), mayLeave: z.boolean() })

export const UsageBy = z.enum([
  'day',
  'model',
  'provider',
  'kind',
  'principal',
  'key',
  'agent',
  'community',
  'room',
])

export const LlmUsageLine = z.object({
  /** What the line is about, as `by` asked; empty for none. */
  group: z.string(),
  requests: z.number().int(),
  /** Of them, those whose process died: charged as they were reserved. */
  lost: z.number().int(),
  tokensIn: z.number(),
  tokensOut: z.number(),
  /** US dollars as an exact decimal. */
  usd: z.string(),
})
export type LlmUsageLine = z.infer<typeof LlmUsageLine>

const id = z.string().min(1).max(200)

export const usageOperations = {
  usage: get('/api/llm/usage', {
    right: 'llm-proxy.usage.read',
    summary: 'What was used, by what is asked; as CSV with `format=csv`',
    access: 'operator',
    input: z.object({
      /** The beginning of this month where nothing is said. */
      from: z.iso.datetime().optional(),
      to: z.iso.datetime().optional(),
      by: UsageBy.default('model'),
      format: z.enum(['json', 'csv']).default('json'),
    }),
    output: z.object({ from: z.string(), to: z.string(), items: z.array(LlmUsageLine) }),
  }),
  budgets: get('/api/llm/budgets', {
    right: 'llm-proxy.budget.read',
    summary: 'The budgets with what is used of them now, and what may not leave this node',
    access: 'operator',
    input: z.object({}),
    output: z.object({
      items: z.array(LlmBudget.extend({ used: z.number() })),
      communities: z.array(Setting),
    }),
  }),
  setBudgets: put('/api/llm/budgets', {
    right: 'llm-proxy.budget.change',
    summary: 'Set all budgets: those that are not named are gone. Communities are set where they are named',
    access: 'operator',
    input: z.object({
      items: z.array(LlmBudget).max(5_000),
      communities: z.array(Setting).max(5_000).optional(),
    }),
    output: z.object({ items: z.array(LlmBudget) }),
  }),
  reserve: post('/api/llm/reservations', {
    right: 'llm-proxy.reservation.make',
    summary: 'Hold what a piece of work may cost at most, before it is done',
    access: 'service',
    input: z.object({
      for: z.object({
        principal: id.nullable(),
        key: id.nullish(),
        agent: id.nullish(),
        community: id.nullish(),
        room: id.nullish(),
        run: id.nullish(),
      }),
      kind: z.string().min(1).max(60),
      model: z.string().min(1).max(200),
      provider: z.string().max(200).optional(),
      usd: z.number().min(0).max(1e6),
      tokens: z.number().int().min(0).optional(),
    }),
    output: z.object({ reservation: z.string() }),
    errors: ['rate_limited', 'unavailable'],
  }),
  settle: post('/api/llm/reservations/:reservation/settle', {
    right: 'llm-proxy.reservation.settle',
    summary: 'Say what it did cost; the reservation is over',
    access: 'service',
    input: z.object({
      reservation: id,
      usd: z.number().min(0).max(1e6),
      tokensIn: z.number().int().min(0).optional(),
      tokensOut: z.number().int().min(0).optional(),
      units: z.number().min(0).optional(),
    }),
    output: z.object({}),
    errors: ['not_found'],
  }),
  release: post('/api/llm/reservations/:reservation/release', {
    right: 'llm-proxy.reservation.settle',
    summary: 'Nothing was used; the reservation is over',
    access: 'service',
    input: z.object({ reservation: id }),
    output: z.object({}),
    errors: ['not_found'],
  }),
}
