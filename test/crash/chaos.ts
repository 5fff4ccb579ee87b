// `npm run chaos -- --rounds 200 [--shape pglite|postgres|apart|scattered]… [--apart] [--seed N]`: the long run, on servers of its own; `--apart` is each service by itself. Without a shape: PGlite, PostgreSQL, and all apart.
import { parseArgs } from 'node:util'
import { canRunServers } from '../kit/servers.ts'
import { MOMENTS } from './moments.ts'
import { SHAPES } from './place.ts'
import { runChaos } from './rounds.ts'
import { isSound, telling } from './telling.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now()) },
    shape: { type: 'string', multiple: true, default: [] },
    apart: { type: 'boolean', default: false },
  },
})
const { FIXTURES_DIR, MODELS_DIR } = process.env
if (!FIXTURES_DIR || !MODELS_DIR)
  throw new Error('FIXTURES_DIR and MODELS_DIR must say where recordings and models are')
const asked = SHAPES.filter(
  (shape) => values.shape.includes(shape) || (values.apart && shape === 'scattered'),
)
const shapes = asked.length > 0 ? asked : (['pglite', 'postgres', 'scattered'] as const)

for (const shape of shapes) {
  if (shape !== 'pglite' && !canRunServers)
    throw new Error('TEST_PG_BIN, TEST_NATS_SERVER and TEST_REDIS_SERVER must say where the servers are')
  console.log(`${shape}, seed ${values.seed}`)
  const result = await runChaos({
    shape,
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    fixtures: FIXTURES_DIR,
    env: { MODELS_DIR },
    aims: MOMENTS.flatMap((moment) => [[moment], []]),
    report: (line) => console.log(line),
  })
  console.log(telling(result))
  if (!isSound(result)) {
    console.log(result)
    process.exitCode = 1
  }
}
