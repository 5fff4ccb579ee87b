import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { Principal } from '../../kernel/principal.ts'
import { agentCalled } from '../city/city.events.ts'

const Word = z.string().max(200)

/** A request as v1's clients send it. What is not known is passed over, as it always was. */
export const V1Request = z.looseObject({
  mode: Word.optional(),
  agent: Word.optional(),
  message: z.string().trim().min(1).max(32_000),
  dao_id: Word.optional(),
  session_id: Word.optional(),
  user_id: Word.optional(),
  payload: z
    .looseObject({
      context: z
        .looseObject({
          /** Of services and those who run the city alone. */
          system_prompt: z.string().max(16_000).optional(),
        })
        .optional(),
    })
    .optional(),
})
export type V1Request = z.infer<typeof V1Request>

export const V1Usage = z.object({
  prompt_tokens: z.number().int(),
  completion_tokens: z.number().int(),
  total_tokens: z.number().int(),
})

/** v1's envelope. */
export const V1Answer = z.object({
  ok: z.literal(true),
  provider: z.string(),
  data: z.object({ text: z.string(), model: z.string(), usage: V1Usage.nullable() }),
  metadata: z.object({
    /** The rule that matched; null where the defaults hold. */
    rule: z.string().nullable(),
    agent: z.string().nullable(),
    mode: z.string().nullable(),
    dao_id: z.string().nullable(),
    session_id: z.string().nullable(),
    user_id: z.string().nullable(),
  }),
})
export type V1Answer = z.infer<typeof V1Answer>

/** Where a request goes and what with. */
export const RouteTarget = z.object({
  agent: z.string().nullable(),
  model: z.string().nullable(),
  provider: z.string().nullable(),
  capabilities: z.array(z.string()),
  temperature: z.number().nullable(),
  maxTokens: z.number().nullable(),
  maxUsd: z.number().nullable(),
})

/** A decision with its reasons; nothing was asked of anybody. */
export const Explanation = z.object({
  rule: z.string().nullable(),
  target: RouteTarget,
  /** Every rule in the order they are tried. */
  considered: z.array(
    z.object({
      rule: z.string(),
      priority: z.number().int(),
      /** All its conditions hold. */
      matches: z.boolean(),
      /** It is the one: the first that matches. */
      used: z.boolean(),
      conditions: z.array(
        z.object({
          name: z.string(),
          wanted: z.string(),
          /** The same one by one, to be said in any language. */
          wants: z
            .object({ items: z.array(z.string()).readonly(), join: z.enum(['or', 'and', 'nor']) })
            .optional(),
          got: z.string(),
          holds: z.boolean(),
        }),
      ),
    }),
  ),
})
export type Explanation = z.infer<typeof Explanation>

/** The rules in force. */
export const RulesShown = z.object({
  /** The file they are read from. */
  file: z.string(),
  /** Why the file as it lies now is not what is in force; null where it is. */
  problem: z.object({ line: z.number().int().nullable(), message: z.string() }).nullable(),
  timezone: z.string(),
  agents: z.array(
    z.object({ name: z.string(), model: z.string().nullable(), provider: z.string().nullable() }),
  ),
  /** In the order they are tried. */
  rules: z.array(
    z.object({
      name: z.string(),
      about: z.string().nullable(),
      priority: z.number().int(),
      when: z.record(z.string(), z.unknown()),
      use: z.record(z.string(), z.unknown()),
    }),
  ),
  defaults: z.record(z.string(), z.unknown()),
})
export type RulesShown = z.infer<typeof RulesShown>

/** An answer that failed is `{ok: false, error: {kind, code, message}}`. */
export const routerV1Contract = {
  route: post('/api/router/v1/route', {
    right: 'router-v1.request.post',
    summary: 'A request of words is answered by the model that the rules pick; anything but text is refused',
    input: V1Request,
    output: V1Answer,
    errors: ['unsupported', 'upstream', 'unavailable', 'timeout', 'too_large'],
  }),
  rules: get('/api/router/v1/rules', {
    right: 'router-v1.rule.read',
    summary: 'The rules in force, in the order they are tried',
    access: 'operator',
    input: z.object({}),
    output: RulesShown,
  }),
  explain: post('/api/router/v1/explain', {
    right: 'router-v1.rule.read',
    summary: 'Which rule a request would match, and why each other would not; nothing is asked of a model',
    access: 'operator',
    input: V1Request,
    output: Explanation,
    errors: ['unsupported'],
  }),
  deliver: post('/api/router/v1/deliver', {
    right: 'router-v1.call.post',
    summary: 'Bring a call of a room that is words alone to its agent; the run goes on by itself',
    access: 'service',
    status: 202,
    input: agentCalled.data.extend({ principal: Principal }),
    output: z.object({ run: z.string() }),
    errors: ['unsupported', 'unavailable', 'not_found'],
  }),
}
