import { describe, expect, test } from 'vitest'
import { type Aim, MOMENTS } from './crash/moments.ts'
import type { Shape } from './crash/place.ts'
import { runChaos } from './crash/rounds.ts'
import { telling } from './crash/telling.ts'
import { canRunServers } from './kit/servers.ts'

const { FIXTURES_DIR, MODELS_DIR } = process.env

/** What takes long is begun at once, so that one kill lands in all of it. */
const AIMS: readonly Aim[] = [
  ['transcription', 'ocr', 'ingest', 'stream'],
  ['commit'],
  [],
  ['stream'],
  ['commit'],
  [],
]
/** On a slow machine a kind of work may be over before its kill comes. */
const MORE = 6

async function survives(shape: Shape, rounds: number, aims = AIMS): Promise<void> {
  const seed = Date.now()
  const result = await runChaos({
    shape,
    rounds,
    seed,
    aims,
    more: aims === AIMS ? MORE : 0,
    fixtures: FIXTURES_DIR ?? '',
    env: { MODELS_DIR: MODELS_DIR ?? '' },
    report: () => {},
  })
  console.log(`${shape}, seed ${seed}: ${telling(result)}`)
  expect(result).toMatchObject({
    lost: [],
    twice: [],
    unanswered: [],
    answeredTwice: [],
    stuck: [],
    gapless: true,
    differences: [],
  })
  for (const moment of aims === AIMS ? MOMENTS : [])
    expect(result.landed[moment], `kills in the middle of ${moment}`).toBeGreaterThan(0)
}

describe.skipIf(!FIXTURES_DIR || !MODELS_DIR)(
  'killed at random moments, nothing acknowledged is lost, nothing stands twice, and all clients agree',
  () => {
    test('on PGlite', () => survives('pglite', 10), 900_000)

    test.skipIf(!canRunServers)(
      'on PostgreSQL, which is killed as well',
      () => survives('postgres', 10),
      900_000,
    )

    test.skipIf(!canRunServers)(
      'in several processes; PostgreSQL, NATS and Redis are killed as well',
      () => survives('apart', 7, [[], ['commit'], [], ['stream']]),
      900_000,
    )
  },
)
