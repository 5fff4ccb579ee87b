import { describe, expect, test } from 'vitest'
import { MOMENTS } from './crash/moments.ts'
import { runChaos } from './crash/rounds.ts'
import { scratchPostgres } from './kit/postgres.ts'

const { FIXTURES_DIR, MODELS_DIR, TEST_DATABASE_URL } = process.env
const ROUNDS = 20

async function survives(name: string, env: Record<string, string>): Promise<void> {
  const seed = Date.now()
  const result = await runChaos({
    rounds: ROUNDS,
    seed,
    fixtures: FIXTURES_DIR ?? '',
    env: { MODELS_DIR: MODELS_DIR ?? '', ...env },
    report: () => {},
  })
  console.log(
    `${name}, seed ${seed}: ${ROUNDS} kills, in the middle of ${MOMENTS.map((m) => `${m} ${result.landed[m]}`).join(', ')}; ` +
      `${result.messages} messages; given up and said so: ${JSON.stringify(result.failed)}`,
  )
  expect(result).toMatchObject({
    lost: [],
    twice: [],
    unanswered: [],
    answeredTwice: [],
    stuck: [],
    gapless: true,
  })
  for (const moment of MOMENTS)
    expect(result.landed[moment], `kills in the middle of ${moment}`).toBeGreaterThan(0)
}

describe.skipIf(!FIXTURES_DIR || !MODELS_DIR)(
  'killed at random moments, nothing acknowledged is lost and nothing stands twice',
  () => {
    test('on PGlite', () => survives('PGlite', {}), 600_000)

    test.skipIf(!TEST_DATABASE_URL)(
      'on PostgreSQL',
      async () => {
        await using database = await scratchPostgres(TEST_DATABASE_URL ?? '')
        await survives('PostgreSQL', { DATABASE_URL: database.url.reveal() })
      },
      600_000,
    )
  },
)
