// `npm run chaos -- --rounds 200`: the long run, on PGlite, and on PostgreSQL where TEST_DATABASE_URL says where one is.
import { parseArgs } from 'node:util'
import { scratchPostgres } from '../kit/postgres.ts'
import { runChaos } from './rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now()) },
  },
})
const { FIXTURES_DIR, MODELS_DIR, TEST_DATABASE_URL } = process.env
if (!FIXTURES_DIR || !MODELS_DIR)
  throw new Error('FIXTURES_DIR and MODELS_DIR must say where recordings and models are')

const common = {
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  fixtures: FIXTURES_DIR,
  report: (line: string) => console.log(line),
}
let failed = false
async function run(name: string, env: Record<string, string>): Promise<void> {
  console.log(`${name}, seed ${values.seed}`)
  const result = await runChaos({ ...common, env: { MODELS_DIR: MODELS_DIR ?? '', ...env } })
  console.log(result)
  const { lost, twice, unanswered, answeredTwice, stuck, gapless } = result
  failed ||= [lost, twice, unanswered, answeredTwice, stuck].some((list) => list.length > 0) || !gapless
}
await run('PGlite', {})
if (TEST_DATABASE_URL) {
  await using database = await scratchPostgres(TEST_DATABASE_URL)
  await run('PostgreSQL', { DATABASE_URL: database.url.reveal() })
}
process.exitCode = failed ? 1 : 0
