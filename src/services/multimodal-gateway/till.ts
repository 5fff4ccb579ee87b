import type { Used } from '../../engines/usage.ts'
import type { Client } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError } from '../../kernel/errors.ts'
import type { llmProxyContract } from '../llm-proxy/llm-proxy.contract.ts'
import type { WorkType } from './doors.contract.ts'
import type { EngineName } from './engine-set.ts'
import type { Payer } from './multimodal-gateway.tables.ts'

/** The city's one ledger of what it spends. */
export type Purse = Pick<Client<typeof llmProxyContract>, 'reserve' | 'settle' | 'release'>

/** US dollars for 1,000 of the unit that whoever is paid counts: `search.brave`, `stt.openai`, … */
export type Prices = Readonly<Record<string, number>>

/** What asking a driver will take at most, as far as it can be told beforehand. */
export type Expected = Pick<Used, 'unit' | 'amount'>

/** A picture as models that see count it, and what they may say of it. */
export const OF_A_PICTURE: Expected = { unit: 'tokens', amount: 4_000 }

interface Asked {
  readonly name: string
  readonly paid?: readonly string[]
}

/** One driver that may be asked, and is paid. Exactly one of `settle` and `fail` is called. */
export interface Bill {
  used(used: Used): void
  /** Pays what was told, or what was expected where nothing was. */
  settle(): Promise<void>
  /** Pays what was told; where nobody knows whether it was worked on, what was expected; else nothing. */
  fail(cause: unknown): Promise<void>
}

/** The money of one piece of work. */
export interface Till {
  /** Holds what a driver may cost before it is asked, tokens and money; rejects as `reserve` of either ledger does, or where that cannot be reached: what cannot be counted is not bought. */
  hold(engine: EngineName, driver: Asked, expected: Expected): Promise<Bill>
  /** What was paid so far, in US dollars and in tokens. */
  total(): { readonly usd: number; readonly tokens: number }
}

export interface TillNeeds {
  /** Undefined where nobody keeps that ledger: the gateway has its own budgets. */
  readonly purse: Purse | undefined
  readonly prices: Prices
  readonly payer: Payer
  readonly type: WorkType
  readonly signal: AbortSignal
  /** Holds tokens against the gateway's own budgets; nobody counts them where it is not given. */
  holdTokens?(amount: number): Promise<TokenHold>
}

/** Tokens that were let through. Exactly one of the two is called. */
export interface TokenHold {
  settle(engine: string, amount: number): Promise<void>
  release(): Promise<void>
}

const SETTLE_MS = 15_000
/** The provider may have worked on what was no longer waited for. */
const UNTOLD: ReadonlySet<string> = new Set(['call.cancelled', 'call.timeout'])

export function createTill({ holdTokens, payer, prices, purse, signal, type }: TillNeeds): Till {
  let usd = 0
  let tokens = 0
  return {
    total: () => ({ usd, tokens }),
    async hold(engine, { name, paid = [] }, expected) {
      const priceOf = (by: string) => (prices[`${engine}.${by}`] ?? 0) / 1000
      const worst = paid.map((by): Used => ({ by, ...expected }))
      const told: Used[] = []
      const tokensAtWorst = Math.ceil(tokensOf(worst))
      const counted = tokensAtWorst > 0 ? await holdTokens?.(tokensAtWorst) : undefined
      const reservation = {
        for: payer,
        kind: type,
        model: `${engine}/${name}`,
        provider: paid.join(' '),
        usd: sum(worst, priceOf),
        tokens: tokensAtWorst,
      }
      const reserved = await purse?.reserve(reservation, { signal }).catch(async (cause: unknown) => {
        await counted?.release()
        throw cause
      })
      const pay = async (what: readonly Used[]) => {
        usd += sum(what, priceOf)
        const used = tokensOf(what)
        tokens += used
        await (used > 0 ? counted?.settle(name, used) : counted?.release())
        if (!purse || !reserved) return
        const { reservation } = reserved
        const how = { signal: deadline(SETTLE_MS) }
        // Where it does not get through the reservation stands: charged as it was held.
        if (what.length === 0) await purse.release({ reservation }, how).catch(() => undefined)
        else {
          const units = what.reduce((all, { amount }) => all + amount, 0)
          const cost = { usd: sum(what, priceOf), tokensIn: Math.ceil(used), units }
          await purse.settle({ reservation, ...cost }, how).catch(() => undefined)
        }
      }
      return {
        used: (one) => void told.push(one),
        settle: () => pay(told.length > 0 ? told : worst),
        fail: (cause) => pay(told.length > 0 || !UNTOLD.has(AppError.from(cause).code) ? told : worst),
      }
    },
  }
}

const sum = (what: readonly Used[], priceOf: (by: string) => number): number =>
  what.reduce((all, { amount, by }) => all + amount * priceOf(by), 0)
const tokensOf = (what: readonly Used[]): number =>
  what.reduce((all, { amount, unit }) => all + (unit === 'tokens' ? amount : 0), 0)
