import { z } from 'zod'
import { get, put } from '../../../kernel/contract.ts'

const Verdict = z.enum(['up', 'down'])

const Feedback = z.object({
  up: z.number().int(),
  down: z.number().int(),
  /** The caller's own. */
  mine: z.object({ verdict: Verdict, reason: z.string().nullable() }).nullable(),
})
export type Feedback = z.infer<typeof Feedback>

const inRun = z.object({ run: z.string() })

/** What people think of answers. */
export const feedbackOperations = {
  runFeedback: get('/api/agents/runs/:run/feedback', {
    right: 'agents.run.read',
    summary: 'What people think of an answer; for whoever may see its run',
    input: inRun,
    output: Feedback,
    errors: ['not_found'],
  }),
  rate: put('/api/agents/runs/:run/feedback', {
    right: 'agents.answer.rate',
    summary:
      'Say what one thinks of an answer, or take it back with a verdict of null; told to those who run the city',
    input: inRun.extend({ verdict: Verdict.nullable(), reason: z.string().trim().max(1_000).optional() }),
    output: Feedback,
    errors: ['not_found', 'conflict'],
  }),
  agentFeedback: get('/api/agents/:agent/feedback', {
    right: 'agents.prompt.read',
    summary: 'What people think of an agent’s answers, by the versions of the prompts it was told, and why',
    access: 'operator',
    input: z.object({ agent: z.string() }),
    output: z.object({
      versions: z.array(
        z.object({
          /** By the kind of prompt the number of its version. */
          versions: z.record(z.string(), z.number().int()),
          up: z.number().int(),
          down: z.number().int(),
        }),
      ),
      reasons: z.array(
        z.object({ run: z.string(), verdict: Verdict, reason: z.string(), at: z.iso.datetime() }),
      ),
    }),
    errors: ['not_found'],
  }),
}
