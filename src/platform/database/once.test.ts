import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../test/kit/database.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Database } from './database.ts'
import { onceError } from './once.errors.ts'
import { createOnce } from './once.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const ids = createIds(systemClock)
let shift = 0
const clock = { now: () => systemClock.now() + shift, sleep: systemClock.sleep }
const process = () => createOnce({ db: database.kysely, table: 'router.once', clock, ids })
const of = (key: string, request: unknown = { a: 1, b: [2] }, principal = 'usr_1') => ({
  principal,
  key,
  request,
  signal: new AbortController().signal,
})

test('fifty at once, in two processes, are one piece of work and one answer; another body is a conflict', async () => {
  const two = [process(), process()]
  let worked = 0
  const work = async (token: string) => {
    worked++
    await systemClock.sleep(30)
    return { token }
  }
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      two[i % 2]?.(of('k1', i % 2 ? { a: 1, b: [2] } : { b: [2], a: 1 }), work),
    ),
  )
  expect(worked).toBe(1)
  expect(new Set(answers.map((answer) => answer?.token)).size).toBe(1)
  await expect(process()(of('k1', { a: 2 }), work)).rejects.toMatchObject({ code: 'once.other_request' })
  await process()(of('k1', undefined, 'usr_2'), work)
  expect(worked).toBe(2)
})

test('a refusal is the same again; what failed in passing is tried anew', async () => {
  const once = process()
  let tried = 0
  const refused = async () => {
    tried++
    throw onceError('once.bad_key')
  }
  for (const _ of [1, 2])
    await expect(once(of('k2'), refused)).rejects.toMatchObject({ code: 'once.bad_key' })
  expect(tried).toBe(1)
  const broken = async () => Promise.reject(new Error('a bug'))
  await expect(once(of('k3'), broken)).rejects.toThrow('a bug')
  expect(await once(of('k3'), async () => 'now')).toBe('now')
})

test('what a dead process was at is taken over with the same token once its lease is over; a day later the key is free', async () => {
  const dead = process()
  let token = ''
  void dead(of('k4'), async (own) => {
    token = own
    return await new Promise(() => undefined)
  }).catch(() => undefined)
  await expect.poll(() => token, { timeout: 30_000 }).not.toBe('')
  shift += 31_000
  expect(await process()(of('k4'), async (own) => own)).toBe(token)
  shift += 24 * 3_600_000
  expect(await process()(of('k4', 'another'), async (own) => own)).not.toBe(token)
})
