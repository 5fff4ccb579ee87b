// A process that spends from the ledger until it is killed or has spent what it should. Its argument is JSON of `Spender`. It writes `B n` to its own file when an expense was let through, and `E n` when its price is known, each before the ledger hears of it.
import { appendFileSync } from 'node:fs'
import { systemClock } from '../../src/kernel/clock.ts'
import { createIds } from '../../src/kernel/ids.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { openPostgres } from '../../src/platform/database/postgres.ts'
import { createLedger } from '../../src/services/llm-proxy/ledger.ts'
import type { LlmTables } from '../../src/services/llm-proxy/llm-proxy.tables.ts'
import type { LlmBudget } from '../../src/services/llm-proxy/usage.contract.ts'

export interface Spender {
  readonly database: string
  readonly folder: string
  readonly truth: string
  readonly name: string
  readonly count: number
  readonly inFlight: number
  readonly budgets: readonly LlmBudget[]
}

const spender = JSON.parse(process.argv[2] ?? '') as Spender
const database = await openPostgres({ url: new Secret(spender.database), waitMs: 20_000 })
const ledger = createLedger({
  db: database.kysely.withTables<LlmTables>(),
  clock: systemClock,
  ids: createIds(systemClock),
  folder: spender.folder,
})
await ledger.start()
ledger.setBudgets(spender.budgets)
const breath = () => new Promise<void>((resolve) => setTimeout(resolve, Math.random() * 8))

let n = 0
let refused = 0
async function spend(): Promise<void> {
  while (n < spender.count) {
    n += 1
    const run = `${spender.name}-${n}`
    const payer = { principal: 'usr_a', key: 'key_a', agent: null, community: null, room: null, run }
    try {
      const hold = await ledger.reserve({
        payer,
        kind: 'chat',
        model: 'm',
        provider: 'p',
        nanoUsd: 1_000,
        tokens: 10,
      })
      appendFileSync(spender.truth, `B ${run}\n`)
      await breath()
      appendFileSync(spender.truth, `E ${run}\n`)
      hold.settle({ nanoUsd: 600, tokensIn: 4, tokensOut: 2, counted: false })
    } catch {
      refused += 1
      await breath()
    }
  }
}
await Promise.all(Array.from({ length: spender.inFlight }, spend))
await ledger.stop()
await database[Symbol.asyncDispose]()
process.stdout.write(`done ${refused}\n`)
process.exit()
