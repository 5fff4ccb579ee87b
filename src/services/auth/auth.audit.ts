import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Events } from '../../platform/events/events.ts'
import type { AuditEntry } from './audit.contract.ts'
import { rightsChanged } from './auth.events.ts'
import type { AuthTransaction } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'

/** A change of rights as it is written. `actor` is null for the city itself. */
export interface NewAuditEntry {
  readonly actor: string | null
  /** What was done to what, such as `key.made`; words for each stand in the web app. */
  readonly action: string
  readonly subject: string
  readonly detail?: AuditEntry['detail']
  readonly requestId: string | null
}

export type Audit = (tx: AuthTransaction, entry: NewAuditEntry) => Promise<void>

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

/** Takes in what other services say of the rights they changed: each once, from the transaction that changed them. */
export function consumeRightsChanged(needs: { db: Kysely<AuthTables>; events: Events; audit: Audit }): void {
  const { db, events, audit } = needs
  events.consume<AuthTables, typeof rightsChanged>({
    name: 'auth.audit',
    db,
    types: [rightsChanged],
    handle: ({ data, requestId = null }, job) => job.commit((tx) => audit(tx, { ...data, requestId })),
  })
}

export interface AuditQuestion {
  readonly limit: number
  readonly after?: string | undefined
  readonly actor?: string | undefined
  readonly subject?: string | undefined
  readonly action?: string | undefined
}

/** The log, newest first. */
export async function readAudit(
  db: Kysely<AuthTables>,
  { limit, after, actor, subject, action }: AuditQuestion,
): Promise<{ items: AuditEntry[]; next?: string }> {
  const rows = await db
    .selectFrom('auth.audit as e')
    .leftJoin('auth.principal as a', 'a.id', 'e.actor')
    .leftJoin('auth.principal as s', 's.id', 'e.subject')
    .select(['e.id', 'e.at', 'e.actor', 'e.action', 'e.subject', 'e.detail'])
    .select(['a.name as actorName', 's.name as subjectName'])
    .$if(after !== undefined, (query) => query.where('e.id', '<', after ?? ''))
    .$if(actor !== undefined, (query) => query.where('e.actor', '=', actor ?? ''))
    .$if(subject !== undefined, (query) => query.where('e.subject', '=', subject ?? ''))
    .$if(action !== undefined, (query) => query.where('e.action', '=', action ?? ''))
    .orderBy('e.id', 'desc')
    .limit(limit + 1)
    .execute()
  const items = rows.slice(0, limit).map((row) => ({ ...row, at: isoTime(row.at.getTime()) }))
  const next = rows.length > limit ? items.at(-1)?.id : undefined
  return { items, ...(next !== undefined && { next }) }
}
