import * as fc from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { testDatabase } from '../../../test/kit/database.ts'
import { killSpenders } from '../../../test/kit/killed-spenders.ts'
import { createIds } from '../../kernel/ids.ts'
import { NANO } from './facts.ts'
import { createLedger, type Payer } from './ledger.ts'
import type { LlmTables } from './llm-proxy.tables.ts'
import type { LlmBudget } from './usage.contract.ts'

const NOBODY: Payer = { principal: null, key: null, agent: null, community: null, room: null, run: null }
const by = (payer: Partial<Payer>, nanoUsd = NANO, tokens = 100) => ({
  payer: { ...NOBODY, ...payer },
  kind: 'chat',
  model: 'm',
  provider: 'p',
  nanoUsd,
  tokens,
})
const paid = (nanoUsd: number) => ({ nanoUsd, tokensIn: 3, tokensOut: 2, counted: false })

async function books() {
  const database = await testDatabase()
  const db = database.kysely.withTables<LlmTables>()
  const clock = handClock()
  const ids = createIds(clock)
  return {
    db,
    clock,
    make: (budgets: readonly LlmBudget[] = []) => {
      const ledger = createLedger({ db, clock, ids, folder: null })
      ledger.setBudgets(budgets)
      return ledger
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

const total = async (db: Kysely<LlmTables>) =>
  await db
    .selectFrom('llm.usage')
    .select([
      sql<number>`count(*)::int`.as('rows'),
      sql<number>`coalesce(sum(nano_usd), 0)::bigint`.as('nano'),
      sql<number>`coalesce(sum(nano_usd) filter (where state = 'lost'), 0)::bigint`.as('lost'),
    ])
    .executeTakeFirstOrThrow()

test('a day’s money is never overrun by two processes, however their expenses fall, and the books agree', async () => {
  await using set = await books()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 })), {
        minLength: 5,
        maxLength: 40,
      }),
      async (expenses) => {
        await sql`truncate llm.usage, llm.counter, llm.lease, llm.process`.execute(set.db)
        const budget: LlmBudget = { kind: 'key', subject: 'key_a', per: 'usd_day', amount: 20 }
        const both = [set.make([budget]), set.make([budget])] as const
        let spent = 0
        for (const [first, most, least] of expenses) {
          const hold = await Promise.resolve(
            both[first ? 0 : 1].reserve(by({ key: 'key_a' }, most * NANO)),
          ).catch(() => null)
          const price = Math.min(most, least)
          hold?.settle(paid(price * NANO))
          if (hold) spent += price
          await set.clock.advance(300)
        }
        for (const ledger of both) await ledger.stop()
        expect(spent).toBeLessThanOrEqual(20)
        expect(Number((await total(set.db)).nano)).toBe(spent * NANO)
        const counter = await set.db.selectFrom('llm.counter').selectAll().executeTakeFirst()
        expect(Number(counter?.used ?? 0)).toBe(spent * NANO)
        expect(await set.db.selectFrom('llm.lease').selectAll().execute()).toEqual([])
      },
    ),
    { numRuns: 5 },
  )
})

test('each kind of limit holds: requests, tokens, answers under way; minutes pass; `*` is each one’s own', async () => {
  await using set = await books()
  const limit = (
    per: LlmBudget['per'],
    amount: number,
    kind: LlmBudget['kind'] = 'principal',
  ): LlmBudget => ({
    kind,
    subject: kind === 'model' ? 'm' : '*',
    per,
    amount,
  })
  const refused = { code: 'llm_proxy.budget_spent' }
  const requests = set.make([limit('requests_minute', 2)])
  const one = async (who: string) => (await requests.reserve(by({ principal: who }))).settle(paid(0))
  await one('a')
  await one('a')
  await expect(one('a')).rejects.toMatchObject({ ...refused, params: { limit: 'requests_minute' } })
  await one('b')
  await set.clock.advance(60_000)
  await one('a')
  await requests.stop()

  const tokens = set.make([limit('tokens_minute', 250, 'model')])
  const held = await Promise.all([tokens.reserve(by({})), tokens.reserve(by({}))])
  await expect(Promise.resolve(tokens.reserve(by({})))).rejects.toMatchObject(refused)
  // What was held beyond what was used comes free at once.
  for (const hold of held) hold.settle(paid(0))
  await set.clock.advance(500)
  ;(await tokens.reserve(by({}))).release()
  await tokens.stop()

  const under = set.make([limit('concurrent', 2)])
  const both = [await under.reserve(by({ principal: 'c' })), await under.reserve(by({ principal: 'c' }))]
  await expect(Promise.resolve(under.reserve(by({ principal: 'c' })))).rejects.toMatchObject(refused)
  both[0]?.release()
  await set.clock.advance(500)
  ;(await under.reserve(by({ principal: 'c' }))).settle(paid(1))
  both[1]?.settle(paid(1))
  await under.stop()
})

test('who waits while a minute ends is counted in the next one', async () => {
  await using set = await books()
  const ledger = set.make([{ kind: 'principal', subject: '*', per: 'requests_minute', amount: 5 }])
  const first = ledger.reserve(by({ principal: 'a' }))
  const second = ledger.reserve(by({ principal: 'b' }))
  await set.clock.advance(60_000)
  for (const hold of await Promise.all([first, second])) hold.settle(paid(0))
  await ledger.stop()
  expect(await total(set.db)).toMatchObject({ rows: 2 })
})

test('a service’s reservation is settled at any process, once, and counts until it is', async () => {
  await using set = await books()
  const budget: LlmBudget = { kind: 'community', subject: 'dao_a', per: 'usd_month', amount: 3 }
  const [one, other] = [set.make([budget]), set.make([budget])]
  const expense = by({ community: 'dao_a' }, 2 * NANO)
  const id = await one.reserveFor(expense)
  await expect(other.reserveFor(expense)).rejects.toMatchObject({ code: 'llm_proxy.budget_spent' })
  await expect(async () => await other.reserve(expense)).rejects.toMatchObject({
    code: 'llm_proxy.budget_spent',
  })
  await other.settleFor(id, { ...paid(NANO / 2), units: 7 })
  await expect(one.settleFor(id, paid(0))).rejects.toMatchObject({ code: 'llm_proxy.reservation_unknown' })
  const next = await other.reserveFor(expense)
  await one.releaseFor(next)
  expect(await total(set.db)).toMatchObject({ rows: 1 })
  expect(Number((await set.db.selectFrom('llm.counter').select('used').executeTakeFirst())?.used)).toBe(
    NANO / 2,
  )
  await Promise.all([one.stop(), other.stop()])
})

test('what cannot be counted is not done', async () => {
  const set = await books()
  const ledger = set.make([{ kind: 'city', subject: 'city', per: 'usd_day', amount: 5 }])
  await set[Symbol.asyncDispose]()
  await expect(Promise.resolve(ledger.reserve(by({})))).rejects.toMatchObject({
    code: 'llm_proxy.ledger_unavailable',
  })
})

const { TEST_DATABASE_URL } = process.env

describe.skipIf(!TEST_DATABASE_URL)('with kills', () => {
  // The same with 2,000 under way in each and 10,000 requests is `npm run spenders`.
  test('processes are killed again and again: nothing is forgotten, nothing counts twice, the sums agree', async () => {
    const databaseUrl = TEST_DATABASE_URL ?? ''
    const verdict = await killSpenders({ databaseUrl, inFlight: 40, requests: 400 })
    expect(verdict.faults).toEqual([])
    expect(verdict.begun).toBeGreaterThan(900)
    expect(verdict.ended).toBeGreaterThan(600)
    expect(verdict.rows).toBeGreaterThanOrEqual(verdict.begun)
    // What was let through, but died before it could say so, is there too: never more than was under way.
    expect(verdict.lost).toBeGreaterThan(0)
    expect(verdict.lost).toBeLessThanOrEqual(verdict.mostLost)
    expect(verdict.counted).toBe(verdict.sum)
    expect(verdict.left).toBe(0)
  }, 180_000)
})
