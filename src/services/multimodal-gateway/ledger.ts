import { type Kysely, sql, type Transaction } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { WorkType } from './doors.contract.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import type { BudgetRow, GatewayTables, Payer, VectorWork } from './multimodal-gateway.tables.ts'
import type { Budget, Unit, UsageLine } from './usage.contract.ts'

/** What is about to be used. */
export interface Expense {
  readonly payer: Payer
  readonly type: WorkType | VectorWork
  readonly unit: Unit
  /** As far as it can be told beforehand. */
  readonly amount: number
  readonly bytes: number
}

export interface Settlement {
  readonly engine: string | null
  readonly amount: number
  readonly cost?: number | undefined
  readonly ms: number
}

/** An expense that was let through. Exactly one of the two is called. */
export interface Hold {
  settle(by: Settlement): Promise<void>
  /** Nothing was used. */
  release(): Promise<void>
}

/** Who used what, and how much of it they may. */
export interface Ledger {
  /** Holds the amount against every budget of the payer; rejects with `gateway.budget_spent` where one would be overrun, and with whatever the database fails with: what cannot be counted is not done. */
  reserve(expense: Expense): Promise<Hold>
  /** An answer that cost no engine anything. */
  cached(expense: Expense, settlement: Settlement): Promise<void>
  usage(
    since: number,
    by: 'type' | 'principal' | 'key' | 'agent' | 'community' | 'engine',
  ): Promise<UsageLine[]>
  budgets(): Promise<(Budget & { used: number })[]>
  setBudgets(budgets: readonly Budget[]): Promise<void>
  /** Forgets a person: their rows count on, as nobody's. */
  forget(tx: Transaction<GatewayTables>, principal: string): Promise<void>
}

/** A hold whose process died counts no longer. */
const LONGEST_HOLD_MS = 2 * 3_600_000

export function createLedger(db: Kysely<GatewayTables>, clock: Clock, ids: Ids): Ledger {
  const row = ({ payer, type, unit, amount, bytes }: Expense) => ({
    id: ids.make('use'),
    at: isoTime(clock.now()),
    ...payer,
    type,
    unit,
    amount,
    bytes,
    cost: null,
    ms: 0,
  })
  const used = async (tx: Kysely<GatewayTables>, budget: BudgetRow): Promise<number> => {
    const { subject_kind: column, subject, unit, period } = budget
    const { total } = await tx
      .selectFrom('gateway.usage')
      .select(sql<number>`coalesce(sum(amount), 0)::float8`.as('total'))
      .where(column, '=', subject)
      .where('unit', '=', unit)
      .where('cached', '=', false)
      .where('at', '>=', new Date(startOf(period, clock.now())))
      .where((one) =>
        one.or([one('state', '=', 'settled'), one('at', '>', new Date(clock.now() - LONGEST_HOLD_MS))]),
      )
      .executeTakeFirstOrThrow()
    return Number(total)
  }
  const budgetsOf = async (payer: Payer, unit: Unit): Promise<BudgetRow[]> => {
    const subjects = (['key', 'principal', 'agent', 'community'] as const).flatMap((kind) => {
      const subject = payer[kind]
      return subject === null ? [] : [{ kind, subject }]
    })
    if (subjects.length === 0) return []
    return await db
      .selectFrom('gateway.budget')
      .selectAll()
      .where('unit', '=', unit)
      .where((one) =>
        one.or(
          subjects.map(({ kind, subject }) =>
            one.and([one('subject_kind', '=', kind), one('subject', '=', subject)]),
          ),
        ),
      )
      .orderBy('subject_kind')
      .orderBy('subject')
      .orderBy('period')
      .execute()
  }

  return {
    async reserve(expense) {
      const budgets = await budgetsOf(expense.payer, expense.unit)
      if (budgets.length === 0)
        return {
          settle: async ({ amount, cost = null, engine, ms }) =>
            void (await db
              .insertInto('gateway.usage')
              .values({ ...row(expense), engine, amount, cost, ms, state: 'settled', cached: false })
              .execute()),
          release: async () => {},
        }
      const held = { ...row(expense), engine: null, state: 'reserved' as const, cached: false }
      await db.transaction().execute(async (tx) => {
        for (const budget of budgets) {
          const { subject_kind: kind, subject, unit, period, amount } = budget
          await sql`select pg_advisory_xact_lock(hashtextextended(${`gateway.budget ${kind} ${subject}`}, 0))`.execute(
            tx,
          )
          const before = await used(tx, budget)
          if (before < amount && before + expense.amount <= amount) continue
          throw gatewayError(
            'gateway.budget_spent',
            { unit, amount, used: Math.round(before * 100) / 100, period, kind },
            { retryAfterMs: endOf(period, clock.now()) - clock.now(), retryable: false },
          )
        }
        await tx.insertInto('gateway.usage').values(held).execute()
      })
      return {
        settle: async ({ amount, cost = null, engine, ms }) =>
          void (await db
            .updateTable('gateway.usage')
            .set({ state: 'settled', amount, cost, engine, ms })
            .where('id', '=', held.id)
            .execute()),
        release: async () => void (await db.deleteFrom('gateway.usage').where('id', '=', held.id).execute()),
      }
    },

    async cached(expense, { engine, amount, ms }) {
      await db
        .insertInto('gateway.usage')
        .values({ ...row(expense), engine, amount, ms, state: 'settled', cached: true })
        .execute()
    },

    async usage(since, by) {
      const rows = await db
        .selectFrom('gateway.usage')
        .select([
          sql<string>`coalesce(${sql.ref(by)}, '')`.as('group'),
          'unit',
          sql<number>`coalesce(sum(amount) filter (where not cached), 0)::float8`.as('amount'),
          sql<number>`count(*)::int`.as('requests'),
          sql<number>`(count(*) filter (where cached))::int`.as('cached'),
          sql<number>`sum(bytes)::float8`.as('bytes'),
          sql<number>`coalesce(sum(cost), 0)::float8`.as('cost'),
        ])
        .where('state', '=', 'settled')
        .where('at', '>=', new Date(since))
        .groupBy([sql`1`, 'unit'])
        .orderBy(sql`3 desc`)
        .limit(1000)
        .execute()
      return rows
    },

    async budgets() {
      const rows = await db
        .selectFrom('gateway.budget')
        .selectAll()
        .orderBy('subject_kind')
        .orderBy('subject')
        .execute()
      const items: (Budget & { used: number })[] = []
      for (const budget of rows) {
        const { subject_kind: kind, subject, unit, period, amount } = budget
        items.push({ kind, subject, unit, period, amount, used: await used(db, budget) })
      }
      return items
    },

    async setBudgets(budgets) {
      const rows = new Map(
        budgets.map(({ kind, ...budget }) => [
          `${kind} ${budget.subject} ${budget.unit} ${budget.period}`,
          { subject_kind: kind, ...budget },
        ]),
      )
      await db.transaction().execute(async (tx) => {
        await tx.deleteFrom('gateway.budget').execute()
        if (rows.size > 0)
          await tx
            .insertInto('gateway.budget')
            .values([...rows.values()])
            .execute()
      })
    },

    async forget(tx, principal) {
      await tx
        .updateTable('gateway.usage')
        .set({ principal: null, key: null })
        .where('principal', '=', principal)
        .execute()
    },
  }
}

/** The beginning of the day or month that a moment is in, UTC. */
function startOf(period: Budget['period'], at: number): number {
  const day = new Date(at)
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), period === 'day' ? day.getUTCDate() : 1)
}

function endOf(period: Budget['period'], at: number): number {
  const day = new Date(at)
  return period === 'day'
    ? startOf('day', at) + 86_400_000
    : Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1)
}
