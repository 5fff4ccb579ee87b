import { z } from 'zod'
import { del, get } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'

export const JOB_TYPES = ['transcript', 'translation', 'speech', 'ocr', 'describe', 'parse', 'read'] as const
export const JobType = z.enum(JOB_TYPES)
export type JobType = z.infer<typeof JobType>

export const JobState = z.enum(['queued', 'running', 'done', 'failed', 'cancelled'])
export type JobState = z.infer<typeof JobState>

/** Long work. Only whoever asked for it sees it. */
export const Job = z.object({
  id: z.string(),
  type: JobType,
  state: JobState,
  /** How much is done, 0…1, as far as the engine tells. */
  progress: z.number(),
  /** Goes up with every change; the id of its events. */
  version: z.number().int(),
  /** The file's name or the address. */
  about: z.string(),
  engine: z.string().optional(),
  error: Failure.optional(),
  /** Where the result is, once it is done: what the door itself would have answered. */
  result: z.string().optional(),
  createdAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  /** When job and result are forgotten. */
  expiresAt: z.string().optional(),
})
export type Job = z.infer<typeof Job>

const input = z.object({ job: z.string().max(100) })

export const jobOperations = {
  jobs: get('/api/multimodal/jobs', {
    right: 'multimodal-gateway.job.read',
    summary: 'One’s own jobs, newest first',
    input: z.object({
      before: z.string().max(100).optional(),
      limit: z.number().int().min(1).max(100).default(30),
    }),
    /** `next` goes on before that job. */
    output: z.object({ items: z.array(Job), next: z.string().optional() }),
  }),
  job: get('/api/multimodal/jobs/:job', {
    right: 'multimodal-gateway.job.read',
    summary: 'How a job of one’s own is',
    input,
    output: Job,
  }),
  cancelJob: del('/api/multimodal/jobs/:job', {
    right: 'multimodal-gateway.job.cancel',
    summary: 'Stop a job, or forget one that is over, with its result',
    input,
    output: Job,
  }),
  webhookSecret: get('/api/multimodal/webhook-secret', {
    right: 'multimodal-gateway.secret.read',
    summary: 'What the webhooks of one’s own jobs are signed with (Standard Webhooks)',
    input: z.object({}),
    output: z.object({ secret: z.string() }),
  }),
}
