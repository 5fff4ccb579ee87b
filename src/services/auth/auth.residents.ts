import type { Kysely, Selectable } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Call } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { CityRole, Principal } from '../../kernel/principal.ts'
import type { Audit } from './auth.audit.ts'
import { authError } from './auth.errors.ts'
import { may } from './auth.rights.ts'
import { type AuthTransaction, principalOf } from './auth.store.ts'
import type { AuthTables, PrincipalRow } from './auth.tables.ts'
import type { Person } from './residents.contract.ts'

export interface ResidentNeeds {
  readonly db: Kysely<AuthTables>
  readonly clock: Clock
  readonly audit: Audit
  /** Tells every service and socket: `all` of somebody's credentials are gone, or their `role` is another. */
  readonly revoked: (principal: string, what: 'all' | 'role') => void
}

interface Question {
  readonly limit: number
  readonly after?: string | undefined
  readonly q?: string | undefined
  readonly role?: CityRole | undefined
  readonly disabled?: boolean | undefined
}

interface Wish {
  readonly principal: string
  readonly role?: Exclude<CityRole, 'owner'> | undefined
  readonly disabled?: boolean | undefined
  readonly reason?: string | undefined
}

/** The people of the city as those see them who run it: roles, disabling, handing the city over. */
export function createResidents({ db, clock, audit, revoked }: ResidentNeeds) {
  const people = () =>
    db
      .selectFrom('auth.principal as p')
      .leftJoin('auth.user as u', 'u.id', 'p.id')
      .selectAll('p')
      .select('u.email')
      .where('p.kind', '=', 'person')
      .where('p.erased_at', 'is', null)

  const one = async (id: string): Promise<Person> =>
    outward(await people().where('p.id', '=', id).executeTakeFirstOrThrow())

  /** Nobody else changes them until the transaction ends. */
  const hold = async (tx: AuthTransaction, id: string) => {
    const row = await tx
      .selectFrom('auth.principal')
      .selectAll()
      .where('id', '=', id)
      .where('kind', '=', 'person')
      .where('erased_at', 'is', null)
      .forUpdate()
      .executeTakeFirst()
    if (!row) throw authError('auth.resident_unknown')
    return row
  }

  const setRole = async (tx: AuthTransaction, id: string, role: CityRole): Promise<void> => {
    await tx.updateTable('auth.principal').set({ role }).where('id', '=', id).execute()
  }

  async function disable(tx: AuthTransaction, id: string, reason: string | null): Promise<void> {
    const disabled_at = new Date(clock.now())
    await tx
      .updateTable('auth.principal')
      .set({ disabled_at, disabled_reason: reason })
      .where('id', '=', id)
      .execute()
    await tx.deleteFrom('auth.session').where('user_id', '=', id).execute()
  }

  return {
    /** In the order they came, also those who are disabled. */
    async list({ limit, after, q, role, disabled }: Question): Promise<{ items: Person[]; next?: string }> {
      const piece = `%${(q ?? '').replace(/[\\%_]/g, '\\$&')}%`
      const rows = await people()
        .where('p.id', '>', after ?? '')
        .$if(Boolean(q), (query) =>
          query.where((eb) => eb.or([eb('p.name', 'ilike', piece), eb('u.email', 'ilike', piece)])),
        )
        .$if(role !== undefined, (query) => query.where('p.role', '=', role ?? 'resident'))
        .$if(disabled !== undefined, (query) =>
          query.where('p.disabled_at', disabled ? 'is not' : 'is', null),
        )
        .orderBy('p.id')
        .limit(limit + 1)
        .execute()
      const items = rows.slice(0, limit).map(outward)
      const next = rows.length > limit ? items.at(-1)?.id : undefined
      return { items, ...(next !== undefined && { next }) }
    },

    /** What was done is done for every service at once. Disabling ends the sessions; keys stop, and work again where the person is let in again. */
    async change({ principal: id, role, disabled, reason }: Wish, call: Call): Promise<Person> {
      const actor = operatorOf(call)
      const outcome = await db.transaction().execute(async (tx) => {
        const row = await hold(tx, id)
        refuse(actor, row)
        const entry = { actor: actor.id, subject: id, requestId: call.requestId }
        const moved = role !== undefined && role !== row.role
        if (moved) {
          await setRole(tx, id, role)
          await audit(tx, { ...entry, action: 'role.changed', detail: { from: row.role, to: role } })
        }
        const ended = disabled === true && row.disabled_at === null
        if (ended) {
          await disable(tx, id, reason ?? null)
          await audit(tx, { ...entry, action: 'resident.disabled', detail: { reason: reason ?? null } })
        }
        if (disabled === false && row.disabled_at !== null) {
          const back = { disabled_at: null, disabled_reason: null }
          await tx.updateTable('auth.principal').set(back).where('id', '=', id).execute()
          await audit(tx, { ...entry, action: 'resident.enabled' })
        }
        return ended ? 'all' : moved ? 'role' : null
      })
      if (outcome) revoked(id, outcome)
      return one(id)
    },

    /** There is one owner at every moment: the old one becomes an admin in the transaction that makes the new one. */
    async handOver(heir: string, call: Call): Promise<Person> {
      const actor = operatorOf(call)
      const before = await db.transaction().execute(async (tx) => {
        const owner = await tx
          .selectFrom('auth.principal')
          .selectAll()
          .where('role', '=', 'owner')
          .where('kind', '=', 'person')
          .forUpdate()
          .executeTakeFirst()
        const mine = owner && (actor.kind === 'service' || owner.id === actor.id)
        if (!mine || !may(actor, 'city.hand_over', { type: 'city' }).permit)
          throw authError('auth.owner_only')
        const row = await hold(tx, heir)
        if (row.id === owner.id) throw authError('auth.not_yourself')
        if (row.disabled_at) throw authError('auth.heir_disabled')
        await setRole(tx, owner.id, 'admin')
        await setRole(tx, heir, 'owner')
        const detail = { from: owner.id, to: heir }
        const { requestId } = call
        await audit(tx, { actor: actor.id, action: 'city.handed_over', subject: heir, detail, requestId })
        return owner.id
      })
      for (const id of [before, heir]) revoked(id, 'role')
      return one(heir)
    },
  }
}

/** `invoke` admitted nobody else. */
function operatorOf({ principal }: Call): Principal {
  if (!principal) throw kernelError('auth.required')
  return principal
}

function refuse(actor: Principal, row: Selectable<PrincipalRow>): void {
  if (row.id === actor.id) throw authError('auth.not_yourself')
  if (row.role === 'owner') throw authError('auth.owner_stays')
  const { role } = principalOf(row)
  if (!may(actor, 'resident.change', { type: 'resident', role }).permit) throw authError('auth.owner_only')
}

const outward = (row: Selectable<PrincipalRow> & { email: string | null }): Person => ({
  ...principalOf(row),
  email: row.email,
  joinedAt: isoTime(row.created_at.getTime()),
  seenAt: row.seen_at && isoTime(row.seen_at.getTime()),
  disabled: row.disabled_at && { at: isoTime(row.disabled_at.getTime()), reason: row.disabled_reason },
})
