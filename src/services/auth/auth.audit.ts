import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { AuthTransaction } from './auth.store.ts'

/** A change of rights as the audit log keeps it. `actor` is null for the city itself. */
export interface AuditEntry {
  readonly actor: string | null
  readonly action:
    | 'owner.made'
    | 'resident.made'
    | 'agent.enrolled'
    | 'invitation.made'
    | 'invitation.revoked'
    | 'key.made'
    | 'key.revoked'
  readonly subject: string
  readonly detail?: Readonly<Record<string, string | number | null>>
  readonly requestId: string | null
}

export type Audit = (tx: AuthTransaction, entry: AuditEntry) => Promise<void>

/** Writes into the append-only log, in the transaction of the change itself. */
export const createAudit =
  (clock: Clock, ids: Ids): Audit =>
  async (tx, { actor, action, subject, detail = {}, requestId }) => {
    await tx
      .insertInto('auth.audit')
      .values({
        id: ids.make('audit'),
        at: new Date(clock.now()),
        actor,
        action,
        subject,
        detail: JSON.stringify(detail),
        request_id: requestId,
      })
      .execute()
  }
