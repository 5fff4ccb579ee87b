import { z } from 'zod'
import { get } from '../../kernel/contract.ts'

/** A change of rights, as the log keeps it for ever. */
export const AuditEntry = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  /** Who did it; null for the city itself. */
  actor: z.string().nullable(),
  actorName: z.string().nullable(),
  /** What was done, such as `key.made`. */
  action: z.string(),
  /** To whom or what: a principal, a key, an invitation, a room. */
  subject: z.string(),
  subjectName: z.string().nullable(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
})
export type AuditEntry = z.infer<typeof AuditEntry>

export const auditOperations = {
  audit: get('/api/auth/audit', {
    right: 'auth.audit.read',
    summary: 'Every change of rights, newest first; for the city’s owner and admins',
    access: 'operator',
    input: z.object({
      limit: z.number().int().min(1).max(200).default(50),
      /** The id of the last entry seen. */
      after: z.string().max(100).optional(),
      actor: z.string().max(100).optional(),
      subject: z.string().max(100).optional(),
      action: z.string().max(80).optional(),
    }),
    output: z.object({ items: z.array(AuditEntry), next: z.string().optional() }),
  }),
}
