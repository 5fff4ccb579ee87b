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
})
