import { describe, expect, test } from 'vitest'
import { MOMENTS } from './crash/moments.ts'
import type { Shape } from './crash/place.ts'
import { type ChaosResult, runChaos } from './crash/rounds.ts'
import { telling } from './crash/telling.ts'
import { canRunServers } from './kit/servers.ts'

const { FIXTURES_DIR, MODELS_DIR } = process.env

async function survives(
  shape: Shape,
  rounds: number,
  moments: Parameters<typeof runChaos>[0]['moments'],
): Promise<ChaosResult> {
  const seed = Date.now()
  const result = await runChaos({
    shape,
    rounds,
    seed,
    moments,
    fixtures: FIXTURES_DIR ?? '',
    env: { MODELS_DIR: MODELS_DIR ?? '' },
    report: () => {},
  })
  console.log(`${shape}, seed ${seed}, ${rounds} kills: ${telling(result)}`)
  expect(result).toMatchObject({
    lost: [],
    twice: [],
    unanswered: [],
    answeredTwice: [],
    stuck: [],
    gapless: true,
    differences: [],
  })
  return result
}

describe.skipIf(!FIXTURES_DIR || !MODELS_DIR)(
  'killed at random moments, nothing acknowledged is lost, nothing stands twice, and all clients agree',
  () => {
    test('on PGlite', async () => {
      const { landed } = await survives('pglite', 10, MOMENTS)
      for (const moment of MOMENTS)
        expect(landed[moment], `kills in the middle of ${moment}`).toBeGreaterThan(0)
    }, 900_000)

    test.skipIf(!canRunServers)(
      'on PostgreSQL, which is killed as well',
      () => survives('postgres', 8, ['acts', 'commit', 'acts', 'stream']),
      900_000,
    )

    test.skipIf(!canRunServers)(
      'in several processes; PostgreSQL, NATS and Redis are killed as well',
      () => survives('apart', 7, ['acts', 'commit', 'acts', 'stream']),
      900_000,
    )
  },
)
