import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Entry, Journal, Outcome, Shape } from './journal.ts'
import { openJournal, remains } from './journal.ts'
import { chargesOf, createLedgerStore, amountOf as unitsUsed, type Want } from './ledger.store.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import type { Charge, LlmTables, Payer } from './llm-proxy.tables.ts'
import { amountOf, createMeters, freeOf, type Lease } from './meters.ts'
import type { LlmBudget, Per } from './usage.contract.ts'

export type { Payer } from './llm-proxy.tables.ts'

/** What is about to be used, at most. */
export interface Expense {
  readonly payer: Payer
  readonly kind: string
  readonly model: string
  readonly provider: string
  /** Billionths of a US dollar. */
  readonly nanoUsd: number
  readonly tokens: number
}

export interface Settlement {
  readonly nanoUsd: number
  readonly tokensIn: number
  readonly tokensOut: number
  /** Whether we counted the tokens ourselves, because the provider said nothing. */
  readonly counted: boolean
}

/** An expense that was let through. Exactly one of the two is called; both return at once. */
export interface Hold {
  settle(by: Settlement): void
  /** Nothing was used. */
  release(): void
}

/**
 * The one ledger of what the city spends on models. A process holds slices of budgets, so that an expense is let through without a question to
 * the database; what is over is booked in batches, once, whatever is killed: what a dead process had under way is charged as it was reserved.
 */
export interface Ledger {
  /** At once where a slice suffices and there is no journal; with one, within the turn of the event loop. Throws or rejects with `llm_proxy.budget_spent`, and with `llm_proxy.ledger_unavailable` where it cannot be counted. */
  reserve(expense: Expense): Hold | Promise<Hold>
  /** The same for another service, at once in the database: whoever asks may settle it at any process. */
  reserveFor(expense: Expense): Promise<string>
  settleFor(id: string, by: Settlement & { readonly units?: number }): Promise<void>
  releaseFor(id: string): Promise<void>
  setBudgets(budgets: readonly LlmBudget[]): void
  /** Books what is over; resolves when all of it is. */
  flush(): Promise<void>
  /** Books what dead processes left. */
  recover(): Promise<void>
  start(): Promise<void>
  /** Books everything and gives back every slice. */
  stop(): Promise<void>
}

export interface LedgerNeeds {
  readonly db: Kysely<LlmTables>
  readonly clock: Clock
  readonly ids: Ids
  /** Where journals lie; shared by the processes of one machine. Null: what a killed process had not booked yet is forgotten. */
  readonly folder: string | null
  readonly failed?: (failure: AppError) => void
}

const FLUSH_MS = 500
const MAX_UNBOOKED = 50_000
const BATCH = 2_000
const TURN_BYTES = 4 * 1024 * 1024
const REFUSED_FOR_MS = 250
const RETRY_MS = 2_000
/** A process holds what it would use in so long, as it went lately; a shorter time than the least tells nothing of how it goes. */
const AHEAD_MS = 2 * FLUSH_MS
const MIN_PACE_MS = 100

/** A shape with the leases behind its places, good until one of them ends. */
interface Way {
  readonly shape: Shape
  readonly leases: readonly Lease[]
  readonly from: number
  readonly until: number
  readonly version: number
}

interface Waiter {
  readonly expense: Expense
  readonly way: Way
  resolve(hold: Hold | Promise<Hold>): void
  reject(failure: unknown): void
}

export function createLedger({ db, clock, ids, folder, failed }: LedgerNeeds): Ledger {
  const store = createLedgerStore(db, clock)
  const meters = createMeters(clock)
  const process = ids.make('llm')
  const open = new Map<string, Entry>()
  const unbooked: Entry[] = []
  let waiters: Waiter[] = []
  let journal: Journal | null = null
  let flushing: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined
  let count = 0
  let reclaiming = false
  let shapes = 0
  let flushedAt = clock.now()
  const ways = new WeakMap<Payer, Map<string, Way>>()

  const soon = (ms = FLUSH_MS) => {
    if (timer || flushing) return
    timer = setTimeout(() => void flush().catch(() => undefined), ms)
    timer.unref()
  }
  const now = () => {
    clearTimeout(timer)
    timer = undefined
    if (!flushing) void flush().catch(() => undefined)
  }

  const wayOf = ({ payer, kind, model, provider }: Expense): Way => {
    const now = clock.now()
    const known = ways.get(payer) ?? new Map<string, Way>()
    const found = known.get(model)
    if (
      found?.version === meters.version &&
      found.from <= now &&
      now < found.until &&
      found.shape.kind === kind &&
      found.shape.provider === provider
    )
      return found
    const leases = meters.of(payer, model)
    const places = leases.map(({ budget, slot, per, ends }) => ({ budget, slot, per, ends }))
    shapes += 1
    const way: Way = {
      shape: { ...payer, n: shapes, kind, model, provider, places },
      leases,
      from: now,
      until: Math.min(...leases.map(({ endsAt }) => endsAt)),
      version: meters.version,
    }
    ways.set(payer, known.set(model, way))
    return way
  }

  const take = (expense: Expense, { shape, leases }: Way): Hold | Promise<Hold> => {
    for (const lease of leases) {
      const amount = needOf(lease.per, expense)
      lease.reserved += amount
      // Of what is under way, the most at one time is what will be wanted; all else adds up.
      if (lease.per !== 'concurrent') lease.consumed += amount
      else if (lease.reserved > lease.consumed) lease.consumed = lease.reserved
    }
    count += 1
    const began = clock.now()
    const entry = entryOf(`${process}_${count.toString(36)}`, expense, shape, began)
    open.set(entry.id, entry)
    const finish = (): boolean => {
      if (!open.delete(entry.id)) return false
      for (const lease of leases) lease.reserved -= needOf(lease.per, expense)
      return true
    }
    const hold: Hold = {
      settle(by) {
        if (!finish()) return
        const outcome = outcomeOf(by, Math.max(0, clock.now() - began))
        for (const lease of leases) {
          if (lease.per !== 'concurrent') lease.spent += actualOf(lease.per, by)
          lease.granted = Math.max(lease.granted, lease.reserved + lease.spent)
        }
        unbooked.push(settledOf(entry, outcome))
        journal?.settled(entry.id, outcome)
        soon()
      },
      release() {
        if (!finish()) return
        journal?.released(entry.id)
        soon()
      },
    }
    if (!journal) return hold
    return journal.reserved(entry).then(
      () => hold,
      (cause: unknown) => {
        finish()
        throw uncounted(cause)
      },
    )
  }

  const refuse = (expense: Expense, leases: readonly Lease[]): AppError | null => {
    const lacking = leases.find((lease) => freeOf(lease) < needOf(lease.per, expense))
    if (!lacking) return null
    lacking.refusedUntil = clock.now() + REFUSED_FOR_MS
    lacking.refusedNeed = needOf(lacking.per, expense)
    return spent(lacking, clock.now())
  }

  function reserve(expense: Expense): Hold | Promise<Hold> {
    if (unbooked.length > MAX_UNBOOKED) throw uncounted(null)
    const way = wayOf(expense)
    const { leases } = way
    let lacks = false
    for (const lease of leases) {
      const need = needOf(lease.per, expense)
      // What those who wait want is not free to who comes after them; the rest is.
      if (need === 0 || freeOf(lease) - lease.queued >= need) continue
      if (freeOf(lease) < need && need > lease.limit) throw spent(lease, clock.now())
      if (clock.now() < lease.refusedUntil && need >= lease.refusedNeed) throw spent(lease, clock.now())
      lacks = true
    }
    if (!lacks) return take(expense, way)
    return new Promise((resolve, reject) => {
      for (const lease of leases) {
        const need = needOf(lease.per, expense)
        lease.smallest = lease.waiting === 0 ? need : Math.min(lease.smallest, need)
        lease.waiting += need
        lease.queued += need
      }
      waiters.push({ expense, way, resolve, reject })
      now()
    })
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    flushing ??= flushAll().finally(() => {
      flushing = null
      if (unbooked.length > 0 || waiters.length > 0) soon(waiters.length > 0 ? 0 : FLUSH_MS)
    })
    await flushing
  }

  async function flushAll(): Promise<void> {
    do {
      const batch = unbooked.slice(0, BATCH)
      const served = waiters
      waiters = []
      const held = [...meters.all()]
      const booked = sumsOf(batch)
      if (reclaiming) for (const lease of held) lease.consumed = lease.pace = 0
      reclaiming = false
      const sinceMs = Math.max(MIN_PACE_MS, clock.now() - flushedAt)
      flushedAt = clock.now()
      const wants = held.map((lease) =>
        wantOf(lease, booked.get(`${lease.budget} ${lease.slot}`) ?? 0, sinceMs),
      )
      try {
        if (batch.length > 0 || held.length > 0) {
          const given = await store.flush(process, batch, wants)
          unbooked.splice(0, batch.length)
          held.forEach((lease, i) => {
            const by = booked.get(`${lease.budget} ${lease.slot}`) ?? 0
            lease.spent -= by
            lease.granted += (given[i]?.amount ?? 0) - (wants[i]?.least ?? 0) - by
            lease.elsewhere = given[i]?.elsewhere ?? 0
          })
        }
      } catch (cause) {
        failed?.(AppError.from(cause))
        for (const { expense, way, reject } of served) {
          for (const lease of way.leases) {
            lease.waiting = 0
            lease.queued -= needOf(lease.per, expense)
          }
          reject(uncounted(cause))
        }
        throw cause
      }
      for (const { expense, way, resolve, reject } of served) {
        const { leases } = way
        for (const lease of leases) lease.queued -= needOf(lease.per, expense)
        // The day or the minute ended while it waited: it belongs to the next one.
        const late = leases.some(({ endsAt }) => endsAt <= clock.now())
        const refusal = late ? null : refuse(expense, leases)
        if (late)
          Promise.resolve()
            .then(() => reserve(expense))
            .then(resolve, reject)
        else if (refusal) reject(refusal)
        else resolve(take(expense, way))
      }
      if (journal && journal.bytes > TURN_BYTES) journal.turn([...open.values(), ...unbooked])
    } while (unbooked.length >= BATCH || waiters.length > 0)
    if ([...meters.all()].some((lease) => freeOf(lease) > 0 || lease.consumed > 0)) soon()
  }

  return {
    reserve,

    async reserveFor(expense) {
      const leases = meters.of(expense.payer, expense.model).filter(({ per }) => per !== 'concurrent')
      const places = leases.map(({ per, budget, slot, ends }) => ({ budget, slot, per, ends }))
      const { payer, kind, model, provider } = expense
      const shape = { ...payer, n: 0, kind, model, provider, places }
      const entry = entryOf(ids.make('use'), expense, shape, clock.now())
      const limits = new Map(leases.map(({ budget, limit }) => [budget, limit]))
      const byBudget = new Map(leases.map((lease) => [lease.budget, lease]))
      const refusal = ({ budget }: Charge) => {
        const lease = byBudget.get(budget)
        return lease ? spent(lease, clock.now()) : uncounted(null)
      }
      await store.reserve(entry, limits, refusal).catch(async (cause: unknown) => {
        if (!(cause instanceof AppError) || cause.code !== 'llm_proxy.budget_spent') throw cause
        // What this process holds for what may come is given up first.
        reclaiming = true
        await flushing?.catch(() => undefined)
        await flush()
        await store.reserve(entry, limits, refusal)
      })
      return entry.id
    },
    async settleFor(id, by) {
      const { units, ...rest } = by
      const row = { ...outcomeOf(rest, 0), ...(units !== undefined && { units }) }
      if (!(await store.settle(id, ({ per }) => actualOf(per, by), row)))
        throw llmProxyError('llm_proxy.reservation_unknown')
    },
    async releaseFor(id) {
      if (!(await store.settle(id, null, {}))) throw llmProxyError('llm_proxy.reservation_unknown')
    },

    setBudgets: meters.set,
    async flush() {
      await flushing?.catch(() => undefined)
      await flush()
    },
    async recover() {
      if (!folder) return
      for (const { process: dead, entries, bury } of await remains(folder)) {
        await store.bury(dead, entries)
        await bury()
      }
    },
    async start() {
      if (!folder) return
      journal ??= await openJournal(folder, process)
    },
    async stop() {
      clearTimeout(timer)
      await flushing?.catch(() => undefined)
      // What cannot be booked now stays in the journal, and is booked by whoever comes next.
      const stored = await store.bury(process, unbooked.splice(0)).then(
        () => true,
        () => false,
      )
      clearTimeout(timer)
      if (stored && open.size === 0) await journal?.close()
      journal = null
    },
  }
}

/** How much a process asks to hold: what is open, what waits, and what will come until it asks again, if all goes on as it went lately. What lies idle goes back before the others are asked to do without it. */
function wantOf(lease: Lease, booked: number, sinceMs: number): Want {
  const lately = lease.per === 'concurrent' ? lease.consumed * 2 : (lease.consumed * AHEAD_MS) / sinceMs
  lease.pace = Math.max(lately, lease.pace >= 2 ? Math.floor(lease.pace / 2) : 0)
  const wanted = Math.ceil(Math.max(lease.waiting * 16, lease.pace))
  const idle = freeOf(lease) - Math.max(wanted, lease.waiting)
  if (idle > 0) lease.granted -= idle
  const least = Math.max(0, lease.granted - booked)
  const free = Math.max(0, freeOf(lease))
  const need = least + Math.max(0, lease.waiting - free)
  const first = lease.waiting > 0 ? least + Math.max(0, lease.smallest - free) : least
  lease.consumed = 0
  lease.waiting = 0
  const { budget, slot, ends, limit } = lease
  return { budget, slot, ends, limit, least, first, need, most: Math.max(need, least + wanted - free) }
}

function sumsOf(entries: readonly Entry[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { budget, slot, per, amount } of chargesOf(entries))
    if (per !== 'concurrent') sums.set(`${budget} ${slot}`, (sums.get(`${budget} ${slot}`) ?? 0) + amount)
  return sums
}

const needOf = (per: Per, { nanoUsd, tokens }: Expense): number =>
  unitsUsed(per, { count: 1, tokens, nanoUsd })

const actualOf = (per: Per, { nanoUsd, tokensIn, tokensOut }: Settlement): number =>
  unitsUsed(per, { count: 1, tokens: tokensIn + tokensOut, nanoUsd })

const outcomeOf = ({ nanoUsd, tokensIn, tokensOut, counted }: Settlement, ms: number): Outcome => ({
  tokens_in: tokensIn,
  tokens_out: tokensOut,
  nano_usd: nanoUsd,
  ms: Math.round(ms),
  counted,
})

/** As it is while it is under way: all of its tokens count as going in, which is what is charged if it is lost. */
const entryOf = (id: string, { nanoUsd, tokens }: Expense, shape: Shape, at: number): Entry => ({
  id,
  at,
  shape,
  tokens_in: tokens,
  tokens_out: 0,
  nano_usd: nanoUsd,
  ms: 0,
  counted: true,
  state: 'reserved',
})

const settledOf = ({ id, at, shape }: Entry, by: Outcome): Entry => ({
  id,
  at,
  shape,
  tokens_in: by.tokens_in,
  tokens_out: by.tokens_out,
  nano_usd: by.nano_usd,
  ms: by.ms,
  counted: by.counted,
  state: 'settled',
})

function spent({ per, kind, limit, elsewhere, endsAt }: Lease, now: number): AppError {
  const amount = amountOf(per, limit)
  const wait = elsewhere > 0 || per === 'concurrent' ? 1_000 : Math.max(1_000, endsAt - now)
  return llmProxyError(
    'llm_proxy.budget_spent',
    { limit: per, kind, amount },
    { retryAfterMs: wait, retryable: false },
  )
}

const uncounted = (cause: unknown): AppError =>
  llmProxyError(
    'llm_proxy.ledger_unavailable',
    { seconds: RETRY_MS / 1000 },
    { cause, retryAfterMs: RETRY_MS },
  )
