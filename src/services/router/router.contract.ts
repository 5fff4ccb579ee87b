import { z } from 'zod'
import { get, post, put } from '../../kernel/contract.ts'
import { RouteRequest, RouteResult, V1FormAnswer } from '../router-v2/router-v2.contract.ts'

const Answerer = z.enum(['v1', 'v2'])

export const Weight = z.object({
  /** How many of a hundred askers v2 answers; the same asker always gets the same router. */
  weight: z.number().int().min(0).max(100),
  /** How many of a hundred requests that v1 can take are asked of both, to compare; one of them answers. */
  shadow: z.number().int().min(0).max(100),
})
export const WeightShown = Weight.extend({
  changedBy: z.string().nullable(),
  changedAt: z.iso.datetime().nullable(),
  /** Whether Router v1 is here at all; where it is not, v2 answers whatever the weight. */
  v1: z.boolean(),
})
export type WeightShown = z.infer<typeof WeightShown>

/** How two answers to one request differ. People's words are told by their length and likeness alone. */
export const Difference = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  same: z.boolean(),
  /** Which of the two was given as the answer. */
  answered: Answerer,
  fields: z.array(z.object({ field: z.string(), v1: z.string(), v2: z.string() })),
  tookV1Ms: z.number().int().nullable(),
  tookV2Ms: z.number().int().nullable(),
})
export type Difference = z.infer<typeof Difference>

export const routerContract = {
  route: post('/api/route', {
    right: 'router.request.post',
    summary:
      'The front door of programs: one request, answered by the router that the weight picks; repeats under one Idempotency-Key have one effect',
    input: RouteRequest,
    output: z.union([
      V1FormAnswer.extend({ router: Answerer }),
      RouteResult.extend({ router: z.literal('v2') }),
    ]),
    errors: ['not_found', 'conflict', 'upstream', 'unavailable', 'timeout', 'too_large'],
  }),
  weight: get('/api/router/weight', {
    right: 'router.weight.read',
    summary: 'How requests are split between the routers',
    access: 'operator',
    input: z.object({}),
    output: WeightShown,
  }),
  setWeight: put('/api/router/weight', {
    right: 'router.weight.change',
    summary: 'Split requests anew; 0 brings everything back to Router v1 within a second',
    access: 'operator',
    input: Weight.partial(),
    output: WeightShown,
  }),
  differences: get('/api/router/differences', {
    right: 'router.difference.read',
    summary: 'How the answers of both routers differed where both were asked, the newest first',
    access: 'operator',
    input: z.object({
      limit: z.number().int().min(1).max(200).default(50),
      /** The id of the last one seen. */
      after: z.string().max(100).optional(),
      /** Only those that differ. */
      different: z.boolean().default(false),
    }),
    output: z.object({
      /** Of all that is kept. */
      compared: z.number().int(),
      same: z.number().int(),
      items: z.array(Difference),
      next: z.string().optional(),
    }),
  }),
}
