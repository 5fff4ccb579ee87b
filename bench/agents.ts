import { openAiCompatible } from '../src/engines/llm/openai-compatible.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { Secret } from '../src/kernel/secret.ts'
import type { Database } from '../src/platform/database/database.ts'
import { migrateUp } from '../src/platform/database/migrate.ts'
import { openPostgres } from '../src/platform/database/postgres.ts'
import { mayor, olia, openHouse } from '../src/services/agents/agents.fixture.ts'
import type { LlmAccess } from '../src/services/llm-proxy/llm-proxy.contract.ts'
import { createLlmProxy } from '../src/services/llm-proxy/llm-proxy.ts'
import { testDatabase } from '../test/kit/database.ts'
import { openAiServer } from '../test/kit/openai-server.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { median, type Row } from './measure.ts'

/** How often a long run and a short one ask the model; what lies between them is steps and nothing else. */
const LONG = 25
const SHORT = 5
const ROUNDS = 9
const GOAL_MS = 3
const WAIT_MS = 60_000
const ASK = 'Add up'

/** What a step of an agent (the model asked, a tool used, both kept) takes beyond the bare call of the model: the same bodies sent through the same door, by turns. A scripted provider answers both; all of it runs in this process, so that the processor time is of all. On PGlite, and on PostgreSQL where `TEST_DATABASE_URL` says so. */
export async function agents(): Promise<readonly Row[]> {
  const rows: Row[] = []
  {
    await using database = await testDatabase()
    rows.push(await measure('PGlite', database))
  }
  const server = process.env.TEST_DATABASE_URL
  if (server === undefined) {
    console.log('left out: agents on PostgreSQL, because TEST_DATABASE_URL is not set')
    return rows
  }
  await using scratch = await scratchPostgres(server)
  await using database = await openPostgres({ url: scratch.url })
  await migrateUp(database)
  rows.push(await measure('PostgreSQL', database))
  return rows
}

interface Took {
  readonly ms: number
  readonly cpuMs: number
}

type Sent = Parameters<typeof globalThis.fetch>

async function measure(name: string, database: Database): Promise<Row> {
  await using provider = await openAiServer()
  provider.by((body) => {
    const asked = JSON.stringify(body.messages)
    const most = asked.includes(`${ASK} ${LONG}`) ? LONG : SHORT
    const done = asked.split('"role":"tool"').length - 1
    if (done >= most - 1) return { tokens: ['Done.'] }
    return { calls: [{ name: 'calculate', input: { expression: `${done}+1` } }] }
  })
  const config = { url: provider.url, key: new Secret('sk-bench'), model: 'scripted-1', retryForMs: 0 }
  const door = createLlmProxy({
    engines: [openAiCompatible(config, { clock: systemClock, random: Math.random })],
  })
  const sent: Sent[] = []
  const llm: LlmAccess = {
    ...door,
    fetchAs: (caller) => (input, init) => {
      sent.push([input, init ?? {}])
      return door.fetchAs(caller)(input, init)
    },
  }
  await using house = await openHouse({ shared: database, db: database, more: { llm } })
  const limits = { steps: 30, tokens: 2_000_000, seconds: 600, answerTokens: 2_048, usd: 1 }
  const settings = { tools: ['calculate'], limits }
  await house.client.changeAgent({ agent: 'daarwizz', settings }, { principal: mayor })

  const run = async (steps: number): Promise<Took> => {
    sent.length = 0
    const asked = house.ask({ room: null, message: null, text: `${ASK} ${steps}` })
    const cpu = process.cpuUsage()
    await house.client.start(asked)
    const until = performance.now() + WAIT_MS
    while (!house.finished.some((end) => end.run === asked.run)) {
      if (performance.now() > until) throw new Error('a run did not end')
      await systemClock.sleep(20)
    }
    const used = process.cpuUsage(cpu)
    const { state, startedAt, finishedAt } = await house.client.run({ run: asked.run }, { principal: olia })
    if (state !== 'done' || sent.length !== steps)
      throw new Error(`a run ${state} after ${sent.length} calls`)
    const ms = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')
    return { ms, cpuMs: (used.user + used.system) / 1000 }
  }
  const bare = async (calls: readonly Sent[]): Promise<Took> => {
    const fetch = door.fetchAs({ principal: olia, service: 'agents' })
    const cpu = process.cpuUsage()
    const began = performance.now()
    for (const [input, init] of calls) {
      const { signal: _over, ...rest } = init ?? {}
      await (await fetch(input, rest)).text()
    }
    const used = process.cpuUsage(cpu)
    return { ms: performance.now() - began, cpuMs: (used.user + used.system) / 1000 }
  }
  /** What each step between the short and the long one took. */
  const each = (long: Took, short: Took): Took => ({
    ms: (long.ms - short.ms) / (LONG - SHORT),
    cpuMs: (long.cpuMs - short.cpuMs) / (LONG - SHORT),
  })

  const rounds: { ours: Took; peer: Took }[] = []
  for (let n = 0; n <= ROUNDS; n++) {
    const short = await run(SHORT)
    const few = [...sent]
    const long = await run(LONG)
    const many = [...sent]
    const peer = each(await bare(many), await bare(few))
    // The first one warms up.
    if (n > 0) rounds.push({ ours: each(long, short), peer })
  }
  const over = median(rounds.map(({ ours, peer }) => ours.ms - peer.ms))
  const of = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick))
  return {
    what: `a step of an agent beyond the bare call of the model, ${name}: ${over.toFixed(2)} ms`,
    ours: `${of(({ ours }) => ours.ms).toFixed(2)} ms, ${of(({ ours }) => ours.cpuMs).toFixed(2)} ms CPU`,
    peer: `the call: ${of(({ peer }) => peer.ms).toFixed(2)} ms, ${of(({ peer }) => peer.cpuMs).toFixed(2)} ms CPU`,
    ratio: of(({ ours, peer }) => ours.ms / peer.ms),
    goal: `≤ ${GOAL_MS} ms beyond it`,
    met: over <= GOAL_MS,
  }
}
