import { type Clock, isoTime } from '../../kernel/clock.ts'
import { NANO } from './facts.ts'
import type { Payer } from './llm-proxy.tables.ts'
import type { BudgetKind, LlmBudget, Per } from './usage.contract.ts'

/** What this process may use of one budget in one slot without asking the database. `granted` covers what is reserved, what is spent and not yet booked, and what is free. */
export interface Lease {
  readonly budget: string
  readonly kind: BudgetKind
  readonly per: Per
  readonly slot: string
  readonly ends: string
  readonly endsAt: number
  limit: number
  granted: number
  reserved: number
  spent: number
  /** Since the last flush; of answers under way, the most at one time. */
  consumed: number
  /** What it may use until it asks again, as it went lately. */
  pace: number
  /** What waits for it, and the least of that. */
  waiting: number
  /** What those want who wait until the books have answered: nobody takes it before them. */
  queued: number
  smallest: number
  /** Refused a moment ago, and this much was not there. */
  refusedUntil: number
  refusedNeed: number
  elsewhere: number
}

export const freeOf = ({ granted, reserved, spent }: Lease): number => granted - reserved - spent

interface Limit {
  readonly budget: string
  readonly kind: BudgetKind
  readonly per: Per
  readonly limit: number
}

/** The budgets in force, and the leases under them. */
export interface Meters {
  set(budgets: readonly LlmBudget[]): void
  /** The leases that an expense falls under, now. */
  of(payer: Payer, model: string): readonly Lease[]
  /** All that are held, those of times that are over as long as something of them is open. */
  all(): Iterable<Lease>
  /** Another number where what `of` answers may be another. */
  readonly version: number
}

const MOST_KNOWN = 20_000
const NONE: readonly Limit[] = []

export function createMeters(clock: Clock): Meters {
  let byKind = new Map<BudgetKind, Map<string, LlmBudget[]>>()
  const known = new Map<string, readonly Limit[]>()
  const leases = new Map<string, Lease>()
  const slots = createSlots(clock)
  let version = 0

  const limitsOf = (kind: BudgetKind, subject: string | null): readonly Limit[] => {
    const subjects = byKind.get(kind)
    if (!subjects || subject === null) return NONE
    const key = `${kind}:${subject}`
    const cached = known.get(key)
    if (cached) return cached
    const own = subjects.get(subject) ?? []
    const every = (subjects.get('*') ?? []).filter(({ per }) => !own.some((one) => one.per === per))
    const limits = [...own, ...every].map(({ per, amount }) => ({
      budget: `${key}:${per}`,
      kind,
      per,
      limit: unitsOf(per, amount),
    }))
    if (known.size > MOST_KNOWN) known.clear()
    known.set(key, limits)
    return limits
  }
  const leaseOf = ({ budget, kind, per, limit }: Limit): Lease => {
    const { slot, endsAt } = slots(per)
    const at = `${budget} ${slot}`
    const held = leases.get(at)
    if (held) {
      held.limit = limit
      return held
    }
    const lease: Lease = {
      budget,
      kind,
      per,
      slot,
      ends: isoTime(endsAt),
      endsAt,
      limit,
      granted: 0,
      reserved: 0,
      spent: 0,
      consumed: 0,
      pace: 0,
      waiting: 0,
      queued: 0,
      smallest: 0,
      refusedUntil: 0,
      refusedNeed: 0,
      elsewhere: 0,
    }
    leases.set(at, lease)
    return lease
  }

  return {
    set(budgets) {
      version += 1
      known.clear()
      byKind = new Map()
      for (const budget of budgets) {
        const subjects = byKind.get(budget.kind) ?? new Map<string, LlmBudget[]>()
        byKind.set(budget.kind, subjects)
        subjects.set(budget.subject, [...(subjects.get(budget.subject) ?? []), budget])
      }
    },
    of(payer, model) {
      if (byKind.size === 0) return []
      const found: Lease[] = []
      const take = (limits: readonly Limit[]) => {
        for (const limit of limits) found.push(leaseOf(limit))
      }
      take(limitsOf('city', 'city'))
      take(limitsOf('key', payer.key))
      take(limitsOf('principal', payer.principal))
      take(limitsOf('agent', payer.agent))
      take(limitsOf('community', payer.community))
      take(limitsOf('model', model))
      return found
    },
    *all() {
      for (const [at, lease] of leases)
        if (lease.endsAt < clock.now() && lease.reserved + lease.spent + lease.waiting === 0) {
          version += 1
          leases.delete(at)
        } else yield lease
    },
    get version() {
      return version
    },
  }
}

/** Budgets count whole numbers: billionths of a dollar, tokens, requests. */
export const unitsOf = (per: Per, amount: number): number =>
  per.startsWith('usd') ? Math.round(amount * NANO) : Math.floor(amount)

export const amountOf = (per: Per, units: number): number => (per.startsWith('usd') ? units / NANO : units)

const NEVER = Date.UTC(9999, 0)

/** The slot that each kind of budget is in; worked out anew once a minute. */
export function createSlots(clock: Clock): (per: Per) => { readonly slot: string; readonly endsAt: number } {
  let until = 0
  let slots: Readonly<Record<Per, { slot: string; endsAt: number }>> | undefined
  return (per) => {
    const now = clock.now()
    if (!slots || now >= until || now < until - 60_000) {
      const at = new Date(now)
      const day = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate())
      until = Math.floor(now / 60_000) * 60_000 + 60_000
      const minute = { slot: isoTime(until - 60_000).slice(0, 16), endsAt: until }
      slots = {
        usd_day: { slot: isoTime(now).slice(0, 10), endsAt: day + 86_400_000 },
        usd_month: {
          slot: isoTime(now).slice(0, 7),
          endsAt: Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1),
        },
        tokens_minute: minute,
        requests_minute: minute,
        concurrent: { slot: 'now', endsAt: NEVER },
      }
    }
    return slots[per]
  }
}
