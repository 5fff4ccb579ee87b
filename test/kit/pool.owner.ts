import { createPool } from '../../src/engines/workers/pool.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { TroublesomeChild } from './troublesome.child.ts'

// A process with a pool whose only child is stuck; it says the child's pid and waits to be killed.
const pool = createPool<TroublesomeChild>({
  name: 'orphans',
  entry: new URL('./troublesome.child.ts', import.meta.url),
  size: 1,
  memoryLimitBytes: 400 << 20,
  maxQueue: 1,
  clock: systemClock,
})
const pid = await pool.run('pid', undefined, { deadlineMs: 30_000 })
void pool.run('hang', undefined, { deadlineMs: 60_000 }).catch(() => {})
setTimeout(() => process.stdout.write(`${pid}\n`), 200)
