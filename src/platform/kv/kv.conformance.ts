import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import type { Kv } from './kv.ts'

export interface KvWorld extends AsyncDisposable {
  readonly kv: Kv
  /** Lets `ms` go by, for the store. */
  pass(ms: number): Promise<void>
}

/** What every store of short-lived values promises. */
export function kvConformance(name: string, makeWorld: () => Promise<KvWorld>): void {
  describe(name, () => {
    let world: KvWorld
    let kv: Kv
    beforeAll(async () => {
      world = await makeWorld()
      kv = world.kv
    })
    afterAll(() => world[Symbol.asyncDispose]())

    test('keeps a value, replaces it, forgets it', async () => {
      expect(await kv.get('a')).toBeNull()
      await kv.set('a', 'перше', 60_000)
      expect(await kv.get('a')).toBe('перше')
      await kv.set('a', '', 60_000)
      expect(await kv.get('a')).toBe('')
      await kv.delete('a')
      await kv.delete('a')
      expect(await kv.get('a')).toBeNull()
    })
    test('a value is gone when its time is over', async () => {
      await kv.set('short', 'x', 200)
      await kv.set('long', 'x', 60_000)
      await world.pass(250)
      await eventually(async () => expect(await kv.get('short')).toBeNull(), 2000)
      expect(await kv.get('long')).toBe('x')
    })
    test('counts without losing any, in a window that begins with the first', async () => {
      const counts = await Promise.all(Array.from({ length: 20 }, () => kv.increment('n', 60_000)))
      expect(counts.map(({ count }) => count).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, i) => i + 1),
      )
      for (const { resetMs } of counts) {
        expect(resetMs).toBeGreaterThan(55_000)
        expect(resetMs).toBeLessThanOrEqual(60_000)
      }
      await world.pass(100)
      // A longer window asked for later does not move the end.
      expect((await kv.increment('n', 600_000)).resetMs).toBeLessThan(60_000)
    })
    test('a count begins anew in the next window', async () => {
      await kv.increment('w', 150)
      expect((await kv.increment('w', 150)).count).toBe(2)
      await world.pass(200)
      await eventually(async () => expect((await kv.increment('w', 60_000)).count).toBe(1), 2000)
    })
    test('answers', async () => {
      await expect(kv.ping()).resolves.toBeUndefined()
    })
  })
}
