import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'

/** Something an agent wants to do, before it is done. */
export const Approval = z.object({
  id: z.string(),
  run: z.string(),
  agent: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
  /** Who is asked: the one who asked the agent. */
  asker: z.string(),
  room: z.string().nullable(),
  tool: z.string(),
  /** Exactly what it would be done with. */
  input: z.record(z.string(), z.unknown()),
  state: z.enum(['waiting', 'approved', 'refused', 'expired', 'cancelled']),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().nullable(),
  /** Whether the reader may decide, and whether once for all in this room. */
  mine: z.boolean(),
  always: z.boolean(),
})
export type Approval = z.infer<typeof Approval>

/** What agents want to do and wait for a person's word on. */
export const approvalOperations = {
  approvals: get('/api/agents/approvals', {
    right: 'agents.approval.read',
    summary: 'What agents wait for my word on; of one run, for whoever may see it',
    input: z.object({ run: z.string().max(64).optional() }),
    output: z.object({ items: z.array(Approval) }),
    errors: ['not_found'],
  }),
  decide: post('/api/agents/approvals/:approval', {
    right: 'agents.approval.decide',
    summary:
      'Approve what an agent wants to do, refuse it, or approve it once for all in this room; for the one who asked the agent',
    input: z.object({ approval: z.string(), decision: z.enum(['approve', 'refuse', 'always']) }),
    output: Approval,
    errors: ['conflict', 'forbidden', 'not_found'],
  }),
}
