import { Redis } from 'ioredis'
import type { Secret } from '../../kernel/secret.ts'
import { kvError } from './kv.errors.ts'
import type { Kv } from './kv.ts'

const COMMAND_MS = 1000
const CONNECT_MS = 5000
const RECONNECT_MS = 2000
const CLOSE_MS = 1000

/** The count and its window begin together, in one step of the server's. */
const INCREMENT = `
local count = redis.call('incr', KEYS[1])
if count == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
return {count, redis.call('pttl', KEYS[1])}`

/** Opens Redis; every key gets the prefix. It reconnects for ever; while the line is down, calls reject with `kv.unreachable` within a second. Rejects so too when it cannot be reached at first. */
export async function redisKv(url: Secret, prefix = 'daarion:'): Promise<Kv> {
  const redis = new Redis(url.reveal(), {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 50, RECONNECT_MS),
    keyPrefix: prefix,
  })
  // Each failed call says so itself.
  redis.on('error', () => undefined)
  await spoken(redis.connect()).catch((failure: unknown) => {
    redis.disconnect()
    throw failure
  })

  return {
    driver: 'redis',
    get: (key) => spoken(redis.get(key)),
    async set(key, value, ttlMs) {
      await spoken(redis.set(key, value, 'PX', Math.max(1, Math.ceil(ttlMs))))
    },
    async delete(key) {
      await spoken(redis.del(key))
    },
    async increment(key, ttlMs) {
      const [count, resetMs] = numbers(
        await spoken(redis.eval(INCREMENT, 1, key, Math.max(1, Math.ceil(ttlMs)))),
      )
      return { count: count ?? 1, resetMs: resetMs ?? ttlMs }
    },
    async ping() {
      await spoken(redis.ping())
    },
    async [Symbol.asyncDispose]() {
      const late = setTimeout(() => redis.disconnect(), CLOSE_MS)
      await redis.quit().catch(() => redis.disconnect())
      clearTimeout(late)
    },
  }
}

async function spoken<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (cause) {
    throw kvError('kv.unreachable', {}, { cause })
  }
}

const numbers = (reply: unknown): number[] => (Array.isArray(reply) ? reply.map(Number) : [])
