import { type Kysely, sql, type Transaction } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Entry, Outcome, Shape } from './journal.ts'
import type { Charge, Place as Charged, LlmTables } from './llm-proxy.tables.ts'
import type { Per } from './usage.contract.ts'

type Db = Kysely<LlmTables>
type Tx = Transaction<LlmTables>

type Place = Omit<Charged, 'per'>

/** What a process holds of a place, and what it wants to. */
export interface Want extends Place {
  /** What the budget allows. */
  readonly limit: number
  /** It cannot hold less: so much is under way. */
  readonly least: number
  /** With the smallest of what waits: less is of no use to anybody. */
  readonly first: number
  /** With all that waits. */
  readonly need: number
  /** With what will soon come. Of that, no more than a quarter of what is left. */
  readonly most: number
}

export interface Given {
  readonly amount: number
  /** What other processes hold of it: it may come back. */
  readonly elsewhere: number
  readonly used: number
}

/** A process not heard of for so long holds no places among the answers under way. */
const SILENT_S = 60
const ROWS = 500

/** The books in the database. Each call is one transaction; what is stored twice counts once. */
export function createLedgerStore(db: Db, clock: Clock) {
  const now = () => isoTime(clock.now())

  return {
    /** Stores what is over, adds it to the counters, and takes what is wanted of each place as far as it is there. */
    flush: (process: string, entries: readonly Entry[], wants: readonly Want[]): Promise<Given[]> =>
      db.transaction().execute(async (tx) => {
        const fresh = await insert(tx, entries)
        const used = await add(tx, [
          ...wants.map(({ budget, slot, ends }) => ({ budget, slot, ends, amount: 0 })),
          ...fresh,
        ])
        const elsewhere = await others(tx, process, wants)
        const given = wants.map((want) => {
          const known = used.get(keyOf(want)) ?? 0
          const leased = elsewhere.get(keyOf(want)) ?? 0
          const left = Math.max(0, want.limit - known - leased)
          const spare = Math.min(want.most - want.need, Math.max(0, Math.floor((left - want.need) / 4)))
          const amount =
            left < want.first ? want.least : Math.max(want.least, Math.min(want.need, left) + spare)
          return { amount, elsewhere: leased, used: known }
        })
        await lease(
          tx,
          process,
          wants.map((want, i) => ({ ...want, amount: given[i]?.amount ?? 0 })),
        )
        await sql`insert into llm.process (id, seen_at) values (${process}, ${now()})
          on conflict (id) do update set seen_at = excluded.seen_at`.execute(tx)
        return given
      }),

    /** A process is over: what it left is stored, what it held goes back. */
    bury: (process: string, entries: readonly Entry[]): Promise<void> =>
      db.transaction().execute(async (tx) => {
        await add(tx, await insert(tx, entries))
        await tx.deleteFrom('llm.lease').where('process', '=', process).execute()
        await tx.deleteFrom('llm.process').where('id', '=', process).execute()
      }),

    /** Books one entry at once. `refuse` throws where it would not fit. */
    reserve: (
      entry: Entry,
      limits: ReadonlyMap<string, number>,
      refuse: (charge: Charge) => Error,
    ): Promise<void> =>
      db.transaction().execute(async (tx) => {
        const charges = chargesOf([entry])
        await insert(tx, [entry])
        await tx
          .updateTable('llm.usage')
          .set({ charges: JSON.stringify(charges) })
          .where('id', '=', entry.id)
          .execute()
        const used = await add(tx, charges)
        const elsewhere = await others(tx, '', charges)
        for (const charge of charges) {
          const total = (used.get(keyOf(charge)) ?? 0) + (elsewhere.get(keyOf(charge)) ?? 0)
          if (total > (limits.get(charge.budget) ?? Number.POSITIVE_INFINITY)) throw refuse(charge)
        }
      }),

    /** Ends one; answers whether it was there and open. */
    settle: (
      id: string,
      actual: ((charge: Charge) => number) | null,
      row: Partial<Outcome> & { readonly units?: number },
    ): Promise<boolean> =>
      db.transaction().execute(async (tx) => {
        const open = await tx
          .selectFrom('llm.usage')
          .select('charges')
          .where('id', '=', id)
          .where('state', '=', 'reserved')
          .forUpdate()
          .executeTakeFirst()
        if (!open) return false
        await add(
          tx,
          (open.charges ?? []).map((charge) => ({
            ...charge,
            amount: (actual ? actual(charge) : 0) - charge.amount,
          })),
        )
        if (!actual) await tx.deleteFrom('llm.usage').where('id', '=', id).execute()
        else {
          await tx
            .updateTable('llm.usage')
            .set({ ...row, state: 'settled', charges: null })
            .where('id', '=', id)
            .execute()
        }
        return true
      }),

    /** Forgets counters of times that are over, and processes nobody has heard of since. */
    async sweep(): Promise<void> {
      await db
        .deleteFrom('llm.lease')
        .where('ends_at', '<', new Date(clock.now() - 3_600_000))
        .execute()
      await db
        .deleteFrom('llm.counter')
        .where('ends_at', '<', new Date(clock.now() - 40 * 86_400_000))
        .execute()
      await sql`delete from llm.counter where ends_at < ${new Date(clock.now() - 3_600_000)} and length(slot) > 10`.execute(
        db,
      )
    },
  }

  /** Answers what those that were new add to each place. */
  async function insert(tx: Tx, entries: readonly Entry[]): Promise<Charge[]> {
    const charges: Charge[] = []
    for (let from = 0; from < entries.length; from += ROWS) {
      const some = entries.slice(from, from + ROWS)
      const shapes = [...new Set(some.map(({ shape }) => shape))]
      const { rows } = await sql<{ ids: string[] | null }>`
        with fresh as (
          insert into llm.usage (id, at, principal, key, agent, community, room, run, kind, model, provider,
            tokens_in, tokens_out, nano_usd, ms, counted, state)
          select r.id, to_timestamp(r.at / 1000.0), s.principal, s.key, s.agent, s.community, s.room, s.run,
            s.kind, s.model, s.provider, r.a, r.b, r.usd, r.ms, r.c, r.st
          from jsonb_to_recordset(${rowsOf(some, shapes)}::jsonb) as r
            (id text, at numeric, s int, a bigint, b bigint, usd bigint, ms int, c boolean, st text)
          join jsonb_to_recordset(${JSON.stringify(shapes.map((shape, i) => ({ ...shape, i })))}::jsonb) as s
            (i int, principal text, key text, agent text, community text, room text, run text, kind text,
              model text, provider text) on s.i = r.s
          on conflict (id) do nothing
          returning id
        )
        select case when count(*) < ${some.length} then coalesce(array_agg(id), '{}') end as ids
        from fresh`.execute(tx)
      const ids = rows[0]?.ids
      const known = ids && new Set(ids)
      charges.push(...chargesOf(known ? some.filter(({ id }) => known.has(id)) : some))
    }
    return charges.filter(isCounted)
  }

  /** Adds to the counters, which are locked from then on, always in the same order; answers what stands there. */
  async function add(tx: Tx, amounts: readonly (Place & { amount: number })[]): Promise<Map<string, number>> {
    const sums = new Map<string, Place & { amount: number }>()
    for (const one of amounts) {
      const sum = sums.get(keyOf(one))
      sums.set(keyOf(one), { ...one, amount: (sum?.amount ?? 0) + one.amount })
    }
    if (sums.size === 0) return new Map()
    const { rows } = await sql<{ budget: string; slot: string; used: number }>`
      insert into llm.counter as c (budget, slot, used, ends_at)
      select budget, slot, amount, ends
      from jsonb_to_recordset(${JSON.stringify([...sums.values()])}::jsonb)
        as t (budget text, slot text, amount bigint, ends timestamptz)
      order by budget, slot
      on conflict (budget, slot) do update set used = c.used + excluded.used
      returning budget, slot, used`.execute(tx)
    return new Map(rows.map((row) => [keyOf(row), Number(row.used)]))
  }

  async function others(
    tx: Tx,
    process: string,
    places: readonly Pick<Place, 'budget' | 'slot'>[],
  ): Promise<Map<string, number>> {
    if (places.length === 0) return new Map()
    const { rows } = await sql<{ budget: string; slot: string; amount: number }>`
      select l.budget, l.slot, sum(l.amount)::bigint as amount
      from llm.lease l
      join (
        select distinct budget, slot
        from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as t (budget text, slot text)
      ) p on p.budget = l.budget and p.slot = l.slot
      left join llm.process o on o.id = l.process
      where l.process <> ${process}
        and (l.slot <> 'now' or o.seen_at > ${new Date(clock.now() - SILENT_S * 1000)})
      group by l.budget, l.slot`.execute(tx)
    return new Map(rows.map((row) => [keyOf(row), Number(row.amount)]))
  }

  async function lease(tx: Tx, process: string, wants: readonly (Place & { amount: number })[]) {
    if (wants.length === 0) return
    await sql`
      insert into llm.lease (process, budget, slot, amount, ends_at)
      select ${process}, budget, slot, amount, ends
      from jsonb_to_recordset(${JSON.stringify(wants)}::jsonb)
        as t (budget text, slot text, amount bigint, ends timestamptz)
      on conflict (process, budget, slot) do update set amount = excluded.amount`.execute(tx)
  }
}

/** As JSON, put together by hand: ids are ours, the rest are numbers. */
function rowsOf(entries: readonly Entry[], shapes: readonly Shape[]): string {
  const places = new Map(shapes.map((shape, i) => [shape, i]))
  let text = ''
  for (const { id, at, shape, tokens_in, tokens_out, nano_usd, ms, counted, state } of entries)
    text += `${text === '' ? '' : ','}{"id":"${id}","at":${at},"s":${places.get(shape)},"a":${tokens_in},"b":${tokens_out},"usd":${nano_usd},"ms":${ms},"c":${counted},"st":"${state}"}`
  return `[${text}]`
}

/** What entries are charged; those of one shape together. */
export function chargesOf(entries: readonly Entry[]): Charge[] {
  const sums = new Map<Shape, { count: number; tokens: number; nanoUsd: number }>()
  for (const { shape, tokens_in, tokens_out, nano_usd } of entries) {
    const sum = sums.get(shape) ?? { count: 0, tokens: 0, nanoUsd: 0 }
    if (sum.count === 0) sums.set(shape, sum)
    sum.count += 1
    sum.tokens += tokens_in + tokens_out
    sum.nanoUsd += nano_usd
  }
  return [...sums].flatMap(([{ places }, sum]) =>
    places.map((place) => ({ ...place, amount: amountOf(place.per, sum) })),
  )
}

/** What so many answers of so many tokens at such a price are to a budget. */
export function amountOf(
  per: Per,
  used: { readonly count: number; readonly tokens: number; readonly nanoUsd: number },
): number {
  if (per === 'usd_day' || per === 'usd_month') return used.nanoUsd
  return per === 'tokens_minute' ? used.tokens : used.count
}

/** Answers under way are no expense that adds up. */
const isCounted = ({ per }: Charge): boolean => per !== 'concurrent'

const keyOf = ({ budget, slot }: Pick<Place, 'budget' | 'slot'>): string => `${budget} ${slot}`
