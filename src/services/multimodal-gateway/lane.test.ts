import { describe, expect, it } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { createLane } from './lane.ts'

const never = new AbortController().signal

function held() {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  return { gate: () => gate, release }
}

describe('lane', () => {
  it('lets so many work, so many wait, and tells the next when to come back', async () => {
    const lane = createLane({ slots: 1, waiting: 1 }, handClock())
    const [first, second] = [held(), held()]
    const order: string[] = []
    const a = lane.run(first.gate, { signal: never }).then(() => order.push('a'))
    const b = lane.run(second.gate, { signal: never }).then(() => order.push('b'))
    await expect(lane.run(async () => 'c', { signal: never })).rejects.toMatchObject({
      code: 'engine.busy',
      kind: 'rate_limited',
      retryAfterMs: expect.any(Number),
    })
    const patient = lane.run(async () => order.push('p'), { signal: never, patient: true })
    first.release()
    second.release()
    await Promise.all([a, b, patient])
    expect(order).toEqual(['a', 'b', 'p'])
    expect(lane.busy).toBe(0)
  })

  it('gives a place up when its owner is gone', async () => {
    const lane = createLane({ slots: 1, waiting: 1 }, handClock())
    const first = held()
    const a = lane.run(first.gate, { signal: never })
    const gone = new AbortController()
    const b = lane.run(async () => 'b', { signal: gone.signal })
    gone.abort(new Error('gone'))
    await expect(b).rejects.toThrow('gone')
    const c = lane.run(async () => 'c', { signal: never })
    first.release()
    await a
    expect(await c).toBe('c')
    expect(lane.busy).toBe(0)
  })

  it('goes round among those who wait, watched work before bulk, and nobody holds more than half', async () => {
    const lane = createLane({ slots: 1, waiting: 4 }, handClock())
    const first = held()
    const order: string[] = []
    const a = lane.run(first.gate, { signal: never, share: 'greedy' })
    const line = (name: string, share: string, bulk = false) =>
      lane.run(async () => void order.push(name), { signal: never, share, bulk, patient: bulk })
    const waiting = [line('bulk', 'job', true), line('g1', 'greedy'), line('g2', 'greedy')]
    await expect(line('g3', 'greedy')).rejects.toMatchObject({ code: 'engine.busy' })
    waiting.push(line('m1', 'modest'), line('m2', 'modest'))
    await expect(line('o', 'other')).rejects.toMatchObject({ code: 'engine.busy' })
    first.release()
    await Promise.all([a, ...waiting])
    expect(order).toEqual(['m1', 'g1', 'm2', 'g2', 'bulk'])
  })
})
