import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { Secret } from '../../kernel/secret.ts'
import { kvConformance } from './kv.conformance.ts'
import { memoryKv } from './memory.ts'
import { redisKv } from './redis.ts'

kvConformance('memory', async () => {
  const clock = handClock()
  const kv = memoryKv(clock)
  return { kv, pass: (ms) => clock.advance(ms), [Symbol.asyncDispose]: () => kv[Symbol.asyncDispose]() }
})

const url = process.env.TEST_REDIS_URL
if (url)
  kvConformance('Redis', async () => {
    const kv = await redisKv(new Secret(url), `test:${randomBytes(6).toString('hex')}:`)
    return {
      kv,
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      [Symbol.asyncDispose]: () => kv[Symbol.asyncDispose](),
    }
  })
else describe.skip('Redis (TEST_REDIS_URL is not set)', () => undefined)

test('memory holds no more than it is allowed: what was set longest ago goes', async () => {
  const kv = memoryKv(handClock(), 3)
  for (const key of ['a', 'b', 'c', 'a', 'd']) await kv.set(key, key, 1000)
  expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => kv.get(key)))).toEqual(['a', null, 'c', 'd'])
  for (let i = 0; i < 10; i++) await kv.increment(`n${i}`, 1000)
  expect(await kv.get('a')).toBeNull()
})

test('a Redis that is not there is said at once', async () => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
  await expect(redisKv(new Secret(`redis://127.0.0.1:${port}`))).rejects.toMatchObject({
    code: 'kv.unreachable',
    retryable: true,
  })
})
