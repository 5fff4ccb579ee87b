import { type Kysely, sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { LlmTables } from './llm-proxy.tables.ts'
import { amountOf, createSlots, unitsOf } from './meters.ts'
import type { LlmBudget, LlmUsageLine } from './usage.contract.ts'

type By = 'day' | 'model' | 'provider' | 'kind' | 'principal' | 'key' | 'agent' | 'community' | 'room'

/** What the ledger holds, for people: usage, budgets, and which communities stay on this node. */
export function createBooks(db: Kysely<LlmTables>, clock: Clock) {
  const slots = createSlots(clock)
  return {
    async usage(from: string, to: string, by: By): Promise<LlmUsageLine[]> {
      const group =
        by === 'day'
          ? sql<string>`to_char(at at time zone 'UTC', 'YYYY-MM-DD')`
          : sql<string>`coalesce(${sql.ref(by)}, '')`
      const rows = await db
        .selectFrom('llm.usage')
        .select([
          group.as('group'),
          sql<number>`count(*)::int`.as('requests'),
          sql<number>`(count(*) filter (where state = 'lost'))::int`.as('lost'),
          sql<number>`coalesce(sum(tokens_in), 0)::float8`.as('tokensIn'),
          sql<number>`coalesce(sum(tokens_out), 0)::float8`.as('tokensOut'),
          sql<string>`(coalesce(sum(nano_usd), 0) / 1000000000.0)::numeric(30, 9)::text`.as('usd'),
        ])
        .where('at', '>=', new Date(from))
        .where('at', '<', new Date(to))
        .groupBy(sql`1`)
        .orderBy(sql`1`)
        .limit(10_000)
        .execute()
      return rows.map((row) => ({ ...row, usd: shortened(row.usd) }))
    },

    async budgets(): Promise<(LlmBudget & { used: number })[]> {
      const budgets = await db
        .selectFrom('llm.budget')
        .selectAll()
        .orderBy('kind')
        .orderBy('subject')
        .orderBy('per')
        .execute()
      const counters = await db.selectFrom('llm.counter').select(['budget', 'slot', 'used']).execute()
      const used = new Map(counters.map((row) => [`${row.budget} ${row.slot}`, Number(row.used)]))
      return budgets.map(({ kind, subject, per, amount }) => ({
        kind,
        subject,
        per,
        amount: amountOf(per, Number(amount)),
        used: amountOf(per, used.get(`${kind}:${subject}:${per} ${slots(per).slot}`) ?? 0),
      }))
    },

    async setBudgets(
      items: readonly LlmBudget[],
      communities: readonly { readonly community: string; readonly mayLeave: boolean }[],
    ): Promise<void> {
      const rows = new Map(items.map((item) => [`${item.kind}:${item.subject}:${item.per}`, item]))
      await db.transaction().execute(async (tx) => {
        await tx.deleteFrom('llm.budget').execute()
        if (rows.size > 0)
          await tx
            .insertInto('llm.budget')
            .values([...rows.values()].map((item) => ({ ...item, amount: unitsOf(item.per, item.amount) })))
            .execute()
        for (const { community, mayLeave } of communities)
          await tx
            .insertInto('llm.community')
            .values({ community, may_leave: mayLeave })
            .onConflict((one) => one.column('community').doUpdateSet({ may_leave: mayLeave }))
            .execute()
      })
    },

    async communities(): Promise<{ community: string; mayLeave: boolean }[]> {
      const rows = await db.selectFrom('llm.community').selectAll().orderBy('community').execute()
      return rows.map(({ community, may_leave: mayLeave }) => ({ community, mayLeave }))
    },
  }
}

/** At least cents, and as many digits more as there are. */
const shortened = (decimal: string): string => decimal.replace(/^(-?\d+\.\d\d)(\d*?)0+$/, '$1$2')

/** Usage as RFC 4180 has it. */
export function usageCsv(by: string, items: readonly LlmUsageLine[]): string {
  // A cell that begins like a formula is one to a spreadsheet.
  const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
  const rows = items.map((line) =>
    [cell(line.group), line.requests, line.lost, line.tokensIn, line.tokensOut, line.usd].join(','),
  )
  return [`${by},requests,lost,tokens_in,tokens_out,usd`, ...rows, ''].join('\r\n')
}
