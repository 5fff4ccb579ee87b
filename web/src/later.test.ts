import { expect, test } from 'vitest'
import { z } from 'zod'
import { get } from '../../src/kernel/contract.ts'
import { AppError } from '../../src/kernel/errors.ts'
import { later } from './later.ts'

const spec = {
  right: 'test.thing.read',
  summary: '-',
  access: 'public',
  input: z.object({}),
  output: z.string(),
} as const
const contract = { near: get('/near', spec), far: get('/far', spec) }

test('what is at hand needs no fetch, the rest one, and a fetch that failed is tried again', async () => {
  let fetches = 0
  const client = later<typeof contract>({ near: async () => 'near' }, async () => {
    fetches += 1
    if (fetches === 1) throw new TypeError('no line')
    return { near: async () => 'late', far: async () => 'far' }
  })
  expect(await client.near({})).toBe('near')
  expect(fetches).toBe(0)
  const [first, second] = await Promise.allSettled([client.far({}), client.far({})])
  for (const refused of [first, second])
    expect(refused.status === 'rejected' && AppError.from(refused.reason).code).toBe('peer.unreachable')
  expect(await client.far({})).toBe('far')
  expect(await client.far({})).toBe('far')
  expect(fetches).toBe(2)
  expect(await client).toBe(client)
})
