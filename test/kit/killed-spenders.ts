import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/kernel/clock.ts'
import { createIds } from '../../src/kernel/ids.ts'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { openPostgres } from '../../src/platform/database/postgres.ts'
import { createLedger } from '../../src/services/llm-proxy/ledger.ts'
import type { LlmTables } from '../../src/services/llm-proxy/llm-proxy.tables.ts'
import type { LlmBudget } from '../../src/services/llm-proxy/usage.contract.ts'
import type { Spender } from './ledger.child.ts'
import { scratchPostgres } from './postgres.ts'

export interface Killings {
  /** A PostgreSQL where a database may be made. */
  readonly databaseUrl: string
  /** How many each process has under way at once. */
  readonly inFlight: number
  /** Requests that were let through before all is added up, at least. */
  readonly requests: number
}

/** What stands in the books after it all, beside what the spenders wrote down themselves. Sums are billionths of a dollar. */
export interface Verdict {
  /** Let through, as the spenders say. */
  readonly begun: number
  /** Came to their end, as the spenders say. */
  readonly ended: number
  readonly killed: number
  readonly rows: number
  readonly lost: number
  /** The most that the dead can have had under way. */
  readonly mostLost: number
  /** What a spender knows of and the books do not, and what the books charge otherwise than 600 for what ended and 1,000 for what was lost. */
  readonly faults: readonly string[]
  readonly sum: number
  /** What the budget's counter says. */
  readonly counted: number
  /** Slices and journals that nobody gave back. */
  readonly left: number
}

const CHILD = fileURLToPath(new URL('./ledger.child.ts', import.meta.url))
const AT_ONCE = 3
const MOST_ROUNDS = 20
const MOST_MS = 120_000

/** Three processes at a time spend from one budget and are killed in the middle of it, until so much was spent; one more lives, and all is added up. */
export async function killSpenders({ databaseUrl, inFlight, requests }: Killings): Promise<Verdict> {
  await using scratch = await scratchPostgres(databaseUrl)
  await using database = await openPostgres({ url: scratch.url, waitMs: 20_000 })
  await migrateUp(database)
  const db = database.kysely.withTables<LlmTables>()
  const folder = await mkdtemp(join(tmpdir(), 'ledger-'))
  const journals = join(folder, 'journals')
  const budgets: LlmBudget[] = [
    { kind: 'key', subject: 'key_a', per: 'usd_day', amount: 1 },
    { kind: 'principal', subject: '*', per: 'concurrent', amount: inFlight * AT_ONCE * 40 },
  ]
  const truth = (name: string) => join(folder, `${name}.truth`)
  const run = (name: string, count: number): ChildProcess => {
    const database = scratch.url.reveal()
    const spender: Spender = {
      database,
      folder: journals,
      truth: truth(name),
      name,
      count,
      inFlight,
      budgets,
    }
    return spawn(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify(spender)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  const lines = (name: string) =>
    existsSync(truth(name)) ? readFileSync(truth(name), 'utf8').split('\n').filter(Boolean) : []
  const begun = (name: string) => lines(name).filter((line) => line.startsWith('B')).length
  const names: string[] = []
  const doomed = async (name: string, least: number) => {
    names.push(name)
    // It would not end by itself before it is killed.
    const child = run(name, 1_000_000)
    const gone = once(child, 'exit')
    for (const until = Date.now() + MOST_MS; begun(name) < least && Date.now() < until; )
      await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGKILL')
    await gone
  }
  const all = () => names.reduce((sum, name) => sum + begun(name), 0)
  const underWay = (name: string) => begun(name) * 2 > lines(name).length
  // One may die while it waits for its next slice, with nothing under way: then others follow.
  for (let round = 0; round < MOST_ROUNDS && (all() < requests || !names.some(underWay)); round++)
    await Promise.all(['a', 'b', 'c'].map((name) => doomed(`${name}${round}`, 100 + inFlight)))
  const killed = names.length
  // Nobody has booked yet what the dead had under way; one that lives goes on beside them.
  names.push('last')
  const done = once(run('last', 500), 'exit')
  const ids = createIds(systemClock)
  const ledger = createLedger({ db, clock: systemClock, ids, folder: journals })
  await ledger.recover()
  await done
  await ledger.recover()

  const rows = await db.selectFrom('llm.usage').select(['run', 'nano_usd', 'state']).execute()
  const byRun = new Map(rows.map((row) => [row.run, row]))
  const faults = names.flatMap((name) =>
    lines(name).filter((line) => {
      const row = byRun.get(line.slice(2))
      return Number(row?.nano_usd) !== (row?.state === 'settled' ? 600 : 1_000)
    }),
  )
  if (byRun.size !== rows.length) faults.push('one stands twice in the books')
  const counters = await db
    .selectFrom('llm.counter')
    .selectAll()
    .where('budget', '=', 'key:key_a:usd_day')
    .execute()
  const leases = await db.selectFrom('llm.lease').selectAll().execute()
  const left = leases.length + readdirSync(journals).length
  const begunAll = all()
  const ended = names.reduce((sum, name) => sum + lines(name).length - begun(name), 0)
  await rm(folder, { recursive: true })
  return {
    begun: begunAll,
    ended,
    killed,
    rows: rows.length,
    lost: rows.filter(({ state }) => state === 'lost').length,
    mostLost: killed * inFlight,
    faults,
    sum: rows.reduce((sum, row) => sum + Number(row.nano_usd), 0),
    counted: counters.reduce((sum, { used }) => sum + Number(used), 0),
    left,
  }
}
