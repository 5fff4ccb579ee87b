import { Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'
import { createTimings } from './timings.ts'

const BOUNDS = [0.005, 0.5, 1, 60]

test.each([[[]], [['service']], [['service', 'kind']]] as const)(
  'times are told as prom-client tells them, by %o',
  async (names) => {
    const registry = new Registry()
    const peer = new Histogram({
      name: 'a_seconds',
      help: 'Time',
      labelNames: [...names],
      buckets: BOUNDS,
      registers: [registry],
    })
    const ours = createTimings('a_seconds', 'Time', BOUNDS)
    for (const word of ['city', 'a "b"\\\n'])
      for (const value of [0, 0.005, 0.0051, 0.5, 0.75, 60, 61, 0.125]) {
        const labels = Object.fromEntries(names.map((name) => [name, word]))
        peer.observe(labels, value)
        ours.of(labels).observe(value)
      }
    expect(`${ours.render()}\n`).toBe(await registry.metrics())
  },
)

test('all metrics are one text, in which a name stands once', async () => {
  const metrics = createMetrics()
  for (let i = 0; i < 2; i++)
    metrics.histogram('a_seconds', 'Time', ['service']).observe({ service: 'city' }, 0.3)
  metrics.counter('a_total', 'Counted', []).inc()
  const { body } = await metrics.render()
  expect(body).toContain('a_seconds_count{service="city"} 2')
  expect(body.match(/^# TYPE a_\w+ \w+$/gm)?.sort()).toEqual([
    '# TYPE a_seconds histogram',
    '# TYPE a_total counter',
  ])
  expect(body.endsWith('\n')).toBe(true)
})
